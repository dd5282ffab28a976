"""Events that have begun and not ended, on disk: after a crash the next worker ends them."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import structlog

from vedette.domain.messages import EventMessage, UnknownVersionError, decode, encode

log = structlog.get_logger(__name__)

_SUFFIX = ".event"


class OpenEvents:
    """The newest message of every open event of a worker, a small file each.

    A message about an event that goes on is noted before it is announced, one about its end after that: so
    whatever was announced and not ended is here after a crash. Ending an event twice does no harm, its
    revision tells the readers.

    Args:
        folder: made when needed; belongs to one worker.
        counters: takes `events_ended_late` and `open_events_unreadable`.
    """

    def __init__(self, folder: Path, counters: Counter[str]) -> None:
        self._folder = folder
        self._counters = counters

    def note(self, message: EventMessage) -> None:
        """Keep the state of an event that goes on, or forget one that has ended.

        Raises:
            OSError: the disk is full or cannot be written.
        """
        path = self._folder / f"{message.id}{_SUFFIX}"
        if message.phase == "end":
            path.unlink(missing_ok=True)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(encode(message))
            file.flush()
            if message.phase == "start":  # that there is an event must survive a power cut, its age need not
                os.fdatasync(file.fileno())
        part.replace(path)

    def left(self) -> Iterator[EventMessage]:
        """The ends of the events that a worker before this one has left open."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                message = decode(path.read_bytes())
            except (OSError, msgspec.DecodeError, UnknownVersionError) as error:
                self._counters["open_events_unreadable"] += 1
                log.warning("open event cannot be read", path=path.name, error=str(error))
                path.unlink(missing_ok=True)
                continue
            if isinstance(message, EventMessage):
                self._counters["events_ended_late"] += 1
                yield msgspec.structs.replace(message, phase="end", revision=message.revision + 1)
