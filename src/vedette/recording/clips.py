"""A clip for any time span of a camera: an MP4 that exists only while it is read.

Nothing is transcoded and nothing is stored: the head is computed from the indices of the segments, the
media data are byte ranges of the segment files. Players get a plain progressive MP4 (`moov` first, byte
ranges, exact duration), which every browser can seek.

Times that were not recorded are closed up: a clip of one hour with five minutes of recording lasts five
minutes, it does not freeze for the rest. `ClipFile.timeline` says which moment stands where. The clip begins
with the picture that is shown at its start; an edit list hides the pictures from the keyframe up to it.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import structlog

from vedette.domain.errors import StorageError
from vedette.recording.clip_tracks import AudioTable, Places, Selection, VideoTable, select
from vedette.recording.fmp4 import Segment, parse_segment
from vedette.recording.movie import MOVIE_TIMESCALE, movie_head
from vedette.recording.sample_entries import in_band_sets

BLOCK_BYTES = 256 * 1024
_CACHED_SEGMENTS = 512
"""About ten kilobytes each."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ClipPart:
    """A segment file and the time of its first picture."""

    path: Path
    start_utc_s: float


@dataclass(frozen=True, slots=True)
class ClipSpan:
    """A stretch of a clip without a hole: `clip_s` seconds into the clip it is `utc_s`."""

    clip_s: float
    utc_s: float
    duration_s: float


_Choice = tuple[ClipPart, Selection]


class ClipFile:
    """A virtual MP4 of a time span; also of a segment that is still being written.

    What is in the file is decided when this is made: a segment that grows later changes nothing (and gives
    another `etag`, as a new clip does).

    Args:
        segments: those that touch the span, in any order. Unreadable ones, and ones of another codec than
            the first, are left out and named in `omitted`.
        start_utc_s: first moment shown.
        end_utc_s: first moment not shown.
        keyframes_only: leave out all other pictures, and the sound: for watching at many times the speed.

    Attributes:
        size_bytes: of the whole file.
        duration_s: of what is shown.
        etag: changes with every byte of the content; without quotes.
        timeline: which recorded moment stands where.
        omitted: segments that are not in the clip, with the reason.

    Raises:
        StorageError: nothing was recorded in this span, or nothing can be read.
    """

    media_type = "video/mp4"

    def __init__(
        self,
        segments: Sequence[ClipPart],
        start_utc_s: float,
        end_utc_s: float,
        *,
        keyframes_only: bool = False,
    ) -> None:
        self.omitted: list[tuple[Path, str]] = []
        self._keyframes_only = keyframes_only
        chosen = self._choose(segments, start_utc_s, end_utc_s)
        if not chosen:
            raise StorageError("There is no recording in this time span.")
        video, audio = VideoTable(), AudioTable()
        self._pieces = _Pieces()
        for part, selection in chosen:
            places = self._pieces.add(part.path, selection)
            offset = video.add(selection, places)
            audio.add(selection, places, offset)
        tracks = [video.track(), *audio.tracks(video)]
        self._head = movie_head(tracks, self._pieces.size_bytes)
        self.size_bytes = len(self._head) + self._pieces.size_bytes
        self.duration_s = video.shown_ticks / MOVIE_TIMESCALE
        self.timeline = tuple(ClipSpan(*span) for span in video.spans)
        self.etag = self._hash()

    def read(self, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes of a range, in blocks of at most `BLOCK_BYTES`.

        Raises:
            StorageError: a segment was deleted or shortened in the meantime.
        """
        offset = max(0, offset)
        end = self.size_bytes if length is None else min(self.size_bytes, offset + max(0, length))
        head = len(self._head)
        for start in range(offset, min(end, head), BLOCK_BYTES):
            yield self._head[start : min(start + BLOCK_BYTES, end)]
        if end > head:
            yield from self._pieces.read(max(offset, head) - head, end - head)

    def _choose(self, segments: Sequence[ClipPart], start_utc_s: float, end_utc_s: float) -> list[_Choice]:
        chosen: list[_Choice] = []
        for part in sorted(segments, key=lambda part: part.start_utc_s):
            try:
                segment = read_index(part.path)
            except StorageError as error:
                self._omit(part, str(error))
                continue
            selection = select(
                segment, part.start_utc_s, start_utc_s, end_utc_s, keyframes_only=self._keyframes_only
            )
            if selection is None:
                continue
            if chosen and selection.codec_tag != chosen[0][1].codec_tag:
                self._omit(part, "another codec than the beginning of the clip")
                continue
            chosen.append((part, selection))
        return self._with_one_description(chosen)

    def _with_one_description(self, chosen: list[_Choice]) -> list[_Choice]:
        """Where the parameters changed, they go in front of the keyframes."""
        if len({selection.video.track.description for _, selection in chosen}) < 2:
            return chosen
        changed: list[_Choice] = []
        for part, selection in chosen:
            try:
                changed.append((part, selection.prefixed(in_band_sets(selection.video.track.description))))
            except StorageError as error:
                self._omit(part, str(error))
        return changed

    def _omit(self, part: ClipPart, reason: str) -> None:
        self.omitted.append((part.path, reason))
        log.warning("segment left out of a clip", path=str(part.path), reason=reason)

    def _hash(self) -> str:
        digest = hashlib.blake2b(self._head, digest_size=16)
        for path in self._pieces.paths:
            digest.update(path.name.encode())
        return digest.hexdigest()


class _Pieces:
    """The media data of a clip: byte ranges of files, one after the other."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self.paths: list[Path] = []
        self._places: list[Places] = []

    def add(self, path: Path, selection: Selection) -> Places:
        """Append the byte ranges of a segment."""
        places, self.size_bytes = selection.places(self.size_bytes)
        self.paths.append(path)
        self._places.append(places)
        return places

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` to `stop` of the data."""
        begins = [int(places.clip_offsets[0]) for places in self._places]
        for path, places, end in zip(self.paths, self._places, [*begins[1:], self.size_bytes], strict=True):
            if places.clip_offsets[0] < stop and end > start:
                yield from _read_file(path, places, end, start, stop)


def _read_file(path: Path, places: Places, end: int, start: int, stop: int) -> Iterator[bytes]:
    """What of the data's bytes from `start` to `stop` is in this file, whose own data end at `end`."""
    try:
        with path.open("rb", buffering=0) as file:
            for at, until, prefix, offset in places.ranges(end):
                low, high = max(start, at), min(stop, until)
                body = min(high, at + prefix)
                if low < body:
                    yield places.prefix[low - at : body - at]
                if max(low, body) < high:
                    low = max(low, body)
                    yield from _blocks(file.fileno(), offset + low - at - prefix, high - low)
    except OSError as error:
        raise StorageError(f"A part of the clip cannot be read: {path.name}: {error.strerror}.") from error


def _blocks(fd: int, offset: int, length: int) -> Iterator[bytes]:
    while length > 0:
        block = os.pread(fd, min(length, BLOCK_BYTES), offset)
        if not block:
            raise StorageError("A part of the clip was cut off while it was read.")
        yield block
        offset, length = offset + len(block), length - len(block)


def read_index(path: Path) -> Segment:
    """The index of a segment; those of files that have not changed are remembered.

    Raises:
        StorageError: it is gone, or damaged from the beginning.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise StorageError(f"The segment {path.name} is gone.") from error
    return _remembered(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=_CACHED_SEGMENTS)
def _remembered(path: Path, _size_bytes: int, _modified_ns: int) -> Segment:
    return parse_segment(path)
