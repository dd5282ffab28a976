"""Snapshots of events: the best picture as a clean JPEG, and the object alone."""

import os
from collections.abc import Iterable, Sequence, Set
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from vedette.domain.geometry import Box
from vedette.domain.messages import EventMessage
from vedette.media.jpeg import encode_jpeg
from vedette.media.planes import Picture

log = structlog.get_logger(__name__)

CROP_MARGIN = 0.15


class SnapshotFolder:
    """Durable JPEG files under one folder; keys are paths relative to it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, data: bytes) -> None:
        """Write a file so that it is whole or absent after a crash.

        Raises:
            OSError: the disk is full or cannot be written.
        """
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())
        part.replace(path)


class Evidence:
    """Keeps the best picture of every open event and attaches snapshots to the messages about it.

    The pictures are kept as decoded planes (a reference, not a copy) and encoded only when a message
    goes out, so that a best moment that is soon beaten costs nothing.
    """

    def __init__(self, folder: SnapshotFolder) -> None:
        self._folder = folder
        self._pictures: dict[str, tuple[float, Picture, Box]] = {}
        self._written: dict[str, float] = {}
        self._cropped: set[str] = set()

    def observe(self, events: Iterable[EventMessage], utc_s: float, picture: Picture) -> None:
        """Remember the picture for each event, also one that may yet become one, whose best moment it is."""
        for event in events:
            if event.best_utc_s == utc_s:
                self._pictures[event.id] = (utc_s, picture, event.box)

    def keep_only(self, events: Set[str]) -> None:
        """Let go of the pictures of all other events."""
        for gone in self._pictures.keys() - events:
            del self._pictures[gone]
            self._written.pop(gone, None)
            self._cropped.discard(gone)

    def attach(self, messages: Sequence[EventMessage]) -> list[EventMessage]:
        """The messages with their snapshot keys; files that changed are durable on return."""
        return [self._with_snapshot(message) for message in messages]

    def _with_snapshot(self, message: EventMessage) -> EventMessage:
        self._write(message)
        if message.id in self._written:
            snapshot, crop = _keys(message)
            crop = crop if message.id in self._cropped else ""
            message = msgspec.structs.replace(message, snapshot=snapshot, crop=crop)
        return message

    def _write(self, message: EventMessage) -> None:
        kept = self._pictures.get(message.id)
        if kept is None or self._written.get(message.id) == kept[0]:
            return
        utc_s, picture, box = kept
        region = box.grown(CROP_MARGIN).clipped(picture.width, picture.height)
        snapshot, crop = _keys(message)
        try:
            self._folder.put(snapshot, encode_jpeg(picture))
            if region.area >= 1:
                self._folder.put(crop, encode_jpeg(picture, region=region))
                self._cropped.add(message.id)
        except OSError as error:
            log.warning("snapshot not written", event_id=message.id, camera=message.camera, error=str(error))
            return
        self._written[message.id] = utc_s


def _keys(message: EventMessage) -> tuple[str, str]:
    day = datetime.fromtimestamp(message.start_utc_s, UTC).strftime("%Y-%m-%d")
    stem = f"{message.camera}/{day}/{message.id}"
    return f"{stem}.jpg", f"{stem}.crop.jpg"
