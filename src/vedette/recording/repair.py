"""Finishes segments that were cut short: by a crash, a power cut, a full disk.

A damaged segment is truncated to its last complete fragment and gets its end mark. What has no complete
fragment is garbage.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from vedette.domain.errors import StorageError
from vedette.domain.messages import SegmentMessage
from vedette.recording.boxes import DamagedSegmentError, UnfinishedHeadError
from vedette.recording.disk import in_use
from vedette.recording.fmp4 import EndMark, Segment, parse_segment
from vedette.recording.naming import parse_name

GARBAGE_SUFFIX = ".garbage"
_LOOKED_BACK = 3
"""Finished segments before which `recover` looks no further back."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RepairedSegment:
    """A segment after repair.

    Attributes:
        garbage: nothing playable is in it; the file was not changed and the other values are empty.
        cut_bytes: removed from the end.
    """

    start_utc_s: float = 0.0
    end_utc_s: float = 0.0
    size_bytes: int = 0
    codec: str = ""
    width: int = 0
    height: int = 0
    audio_codec: str = ""
    has_motion: bool = False
    has_event: bool = False
    activity: bytes = b""
    cut_bytes: int = 0
    garbage: bool = False


def repair_segment(
    path: Path, start_utc_s: float | None = None, trusted_bytes: int | None = None
) -> RepairedSegment:
    """Make a segment complete and durable; one that is complete already is only read.

    Args:
        path: the file.
        start_utc_s: when it began; the time in its name when None.
        trusted_bytes: what is behind may be wrong although it looks right (an fsync has failed).

    Raises:
        StorageError: the file cannot be read or written, or a recorder is writing it.
    """
    if start_utc_s is None:
        name = parse_name("/".join(path.parts[-4:]))
        start_utc_s = name.start_utc_s if name else 0.0
    if in_use(path):
        raise StorageError(f"The segment {path.name} is being written.")
    try:
        segment = parse_segment(path)
        if trusted_bytes is not None and trusted_bytes < segment.size_bytes:
            _truncate(path, trusted_bytes)
            segment = parse_segment(path)
    except DamagedSegmentError:
        return RepairedSegment(garbage=True)
    if segment.track("vide") is None:
        return RepairedSegment(garbage=True)
    return _complete(path, segment, start_utc_s)


def repaired_message(root: Path, message: SegmentMessage, trusted_bytes: int | None = None) -> SegmentMessage:
    """Repair the file of a segment; the message says what has become of it.

    Raises:
        StorageError: the file cannot be read or written.
    """
    path = root / message.path
    if not path.exists():
        return msgspec.structs.replace(message, state="deleted", size_bytes=0)
    found = repair_segment(path, message.start_utc_s, trusted_bytes)
    if found.garbage:
        discard(path)
        return msgspec.structs.replace(message, state="deleted", size_bytes=0)
    return msgspec.structs.replace(
        message,
        state="closed",
        end_utc_s=found.end_utc_s,
        size_bytes=found.size_bytes,
        codec=found.codec,
        width=found.width,
        height=found.height,
        audio_codec=found.audio_codec,
        has_motion=message.has_motion or found.has_motion,
        has_event=message.has_event or found.has_event,
        activity=message.activity or found.activity,
    )


def discard(path: Path) -> None:
    """Get a garbage segment out of the way: one without any media is deleted, any other set aside.

    Raises:
        StorageError: the disk refuses.
    """
    try:
        if _holds_media(path):
            path.rename(path.with_name(path.name + GARBAGE_SUFFIX))
            log.warning("damaged segment set aside", path=str(path))
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"Cannot remove the damaged segment {path}: {error.strerror}.") from error


def recover(root: Path, camera: str) -> list[SegmentMessage]:
    """Finish what a killed worker left of a camera; to be announced before recording begins.

    Looks at the newest segments, back to the third that was finished (their announcement may have been
    lost with the worker), and says for all of them what is on the disk now. Oldest first.

    Raises:
        StorageError: the disk cannot be read or written.
    """
    messages: list[SegmentMessage] = []
    finished = 0
    for path in _newest_first(Path(root) / camera):
        message = _message_for(Path(root), path)
        if message is None or in_use(path):
            continue
        finished += _is_finished(path)
        messages.append(repaired_message(Path(root), message))
        if finished >= _LOOKED_BACK:
            break
    return messages[::-1]


def orphan_message(path: str) -> SegmentMessage | None:
    """The message for a file found on the disk, from its name alone; None for a file that is not ours."""
    name = parse_name(path)
    if name is None:
        return None
    return SegmentMessage(
        id=name.id,
        camera=name.camera,
        path=path,
        state="open",
        start_utc_s=name.start_utc_s,
        end_utc_s=name.start_utc_s,
    )


def _message_for(root: Path, path: Path) -> SegmentMessage | None:
    return orphan_message(path.relative_to(root).as_posix())


def _is_finished(path: Path) -> bool:
    try:
        return parse_segment(path).complete
    except StorageError:
        return False


def _complete(path: Path, segment: Segment, start_utc_s: float) -> RepairedSegment:
    end = segment.end or EndMark(end_utc_s=start_utc_s + segment.duration_s, repaired=True)
    if not segment.complete:
        _rewrite_tail(path, segment, end)
    picture, sound = segment.track("vide"), segment.track("soun")
    assert picture is not None
    return RepairedSegment(
        start_utc_s=start_utc_s,
        end_utc_s=end.end_utc_s,
        size_bytes=path.stat().st_size,
        codec=picture.codec,
        width=picture.width,
        height=picture.height,
        audio_codec=sound.codec if sound else "",
        has_motion=end.has_motion,
        has_event=end.has_event,
        activity=end.activity,
        cut_bytes=segment.size_bytes - segment.valid_bytes,
    )


def _rewrite_tail(path: Path, segment: Segment, end: EndMark) -> None:
    try:
        with path.open("r+b") as file:
            file.truncate(segment.valid_bytes)
            file.seek(segment.valid_bytes)
            if segment.end is None:
                file.write(end.box())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StorageError(f"Cannot repair the segment {path}: {error.strerror}.") from error


def _truncate(path: Path, size_bytes: int) -> None:
    try:
        os.truncate(path, size_bytes)
    except OSError as error:
        raise StorageError(f"Cannot repair the segment {path}: {error.strerror}.") from error


def _holds_media(path: Path) -> bool:
    """Whether there may be video in a file that is garbage as a segment."""
    try:
        segment = parse_segment(path)
    except UnfinishedHeadError:
        return False
    except DamagedSegmentError:
        return True
    return segment.track("vide") is not None


def _newest_first(folder: Path) -> Iterator[Path]:
    """The files of a camera by day, hour and name, newest first; read folder by folder."""
    for day in _sorted_entries(folder):
        for hour in _sorted_entries(day):
            yield from _sorted_entries(hour)


def _sorted_entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    try:
        return sorted(folder.iterdir(), reverse=True)
    except OSError as error:
        raise StorageError(f"Cannot read the folder {folder}: {error.strerror}.") from error
