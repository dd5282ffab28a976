"""Reads our own segments: fragmented MP4 (ISO/IEC 14496-12), one `moov`, then pairs of `moof` and `mdat`.

The reader trusts nothing: bytes come from a disk that may have failed. Whatever is wrong, it answers with
what stands before, or with `DamagedSegmentError`; its time and memory are bounded by the size of the file.
"""

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from vedette.domain.errors import StorageError
from vedette.domain.messages import SegmentMessage
from vedette.recording.boxes import DamagedSegmentError, Reader, UnfinishedHeadError, box, children, descend
from vedette.recording.fragments import Defaults, Parts, Samples, append_fragment, fragment, track_defaults

_HEAD_BYTES_MAX = 4 * 2**20
"""Bound of one `moov` or `moof`; ours have a few kilobytes."""
_END_MAGIC = b"vedette1"
_CODECS = {
    b"avc1": "h264",
    b"hvc1": "hevc",
    b"hev1": "hevc",
    b"av01": "av1",
    b"vp09": "vp9",
    b"Opus": "opus",
}
_OBJECT_TYPE = re.compile(rb"esds.{4}\x03.+?\x04[\x80-\xff]*[\x00-\x7f](.)", re.DOTALL)
_OBJECT_TYPES = {0x20: "mpeg4", 0x6C: "mjpeg", 0x40: "aac", 0x69: "mp3", 0x6B: "mp3"}
"""objectTypeIndication of ISO/IEC 14496-1."""


class EndMark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last box of a finished segment: a `free` box, which players skip, with what the index knows."""

    end_utc_s: float
    has_motion: bool = False
    has_event: bool = False
    repaired: bool = False
    activity: bytes = b""

    @classmethod
    def of(cls, message: SegmentMessage, *, repaired: bool = False) -> "EndMark":
        """The mark of a segment with this index row."""
        return cls(
            end_utc_s=message.end_utc_s,
            has_motion=message.has_motion,
            has_event=message.has_event,
            repaired=repaired,
            activity=message.activity,
        )

    def box(self) -> bytes:
        """As bytes for the end of the file."""
        return box(b"free", _END_MAGIC, msgspec.json.encode(self))


@dataclass(frozen=True, slots=True)
class Track:
    """One track of a segment.

    Attributes:
        kind: `vide` or `soun`.
        timescale: ticks per second.
        description: the sample entry of the codec as it stands in `stsd`.
    """

    id: int
    kind: str
    timescale: int
    description: bytes
    width: int = 0
    height: int = 0

    @property
    def codec(self) -> str:
        """Name of the codec as libav has it; the four characters of the sample entry when it is another."""
        tag = self.description[4:8]
        if tag in {b"mp4v", b"mp4a"}:
            object_type = _OBJECT_TYPE.search(self.description)
            return _OBJECT_TYPES.get(object_type[1][0] if object_type else 0, tag.decode())
        return _CODECS.get(tag, tag.decode("latin-1"))


@dataclass(frozen=True, slots=True)
class Segment:
    """What a segment file holds.

    Attributes:
        samples: by track id; tracks without samples are absent.
        valid_bytes: up to the end of the last complete fragment (with the end mark, when it is there).
        size_bytes: of the file when it was read.
        end: the end mark of a finished segment.
    """

    tracks: tuple[Track, ...]
    samples: dict[int, Samples]
    valid_bytes: int
    size_bytes: int
    end: EndMark | None = None

    @property
    def complete(self) -> bool:
        """Whether the segment was finished and nothing is behind it."""
        return self.end is not None and self.valid_bytes == self.size_bytes

    def track(self, kind: str) -> Track | None:
        """The track of this kind that has samples."""
        return next((t for t in self.tracks if t.kind == kind and t.id in self.samples), None)

    @property
    def duration_s(self) -> float:
        """How long the video lasts; 0.0 without any."""
        track = self.track("vide")
        if track is None:
            return 0.0
        samples = self.samples[track.id]
        return float(samples.dts[-1] + samples.durations[-1] - samples.dts[0]) / track.timescale


def parse_segment(path: Path) -> Segment:
    """Read the index of a segment, also while it is being written or after a crash.

    Raises:
        DamagedSegmentError: no usable head.
        StorageError: the file cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            return _parse(file.fileno(), os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise StorageError(f"Cannot read the segment {path}: {error.strerror}.") from error


def _parse(fd: int, size_bytes: int) -> Segment:
    boxes = _top_level(fd, size_bytes)
    tracks, defaults, head_stop = _head(fd, boxes)
    body = _Body(defaults, head_stop)
    try:
        for kind, start, stop in boxes:
            if not body.take(fd, kind, start, stop):
                break
    except DamagedSegmentError:
        pass  # what stands before is good
    samples = {number: parts.joined() for number, parts in body.parts.items()}
    return Segment(tracks, samples, body.valid_bytes, size_bytes, body.end)


class _Body:
    """What follows the head: fragments, then the end mark."""

    def __init__(self, defaults: "dict[int, Defaults]", head_stop: int) -> None:
        self.parts: dict[int, Parts] = {}
        self.valid_bytes = head_stop
        self.end: EndMark | None = None
        self._defaults = defaults
        self._pending: dict[int, Parts] | None = None

    def take(self, fd: int, kind: bytes, start: int, stop: int) -> bool:
        """Take the next box; False when nothing of ours can follow."""
        if kind == b"moof" and self._pending is None:
            self._pending = fragment(_payload(fd, start, stop), start, self._defaults)
            return True
        if kind == b"mdat" and self._pending is not None:
            append_fragment(self.parts, self._pending, start + 8, stop)
            self._pending, self.valid_bytes = None, stop
            return True
        if kind == b"free" and self._pending is None:
            self.end = _end_mark(_payload(fd, start, stop))
            self.valid_bytes = stop if self.end is not None else self.valid_bytes
        return False


def _top_level(fd: int, size_bytes: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the boxes that are complete, in order."""
    position = 0
    while position + 8 <= size_bytes:
        header = os.pread(fd, 16, position)
        if len(header) < 8:
            return
        length, kind = struct.unpack_from(">I4s", header)
        if length == 1 and len(header) == 16:
            length = struct.unpack_from(">Q", header, 8)[0]
        if length < 8 or position + length > size_bytes:
            return
        yield kind, position, position + length
        position += length


def _payload(fd: int, start: int, stop: int) -> bytes:
    if stop - start > _HEAD_BYTES_MAX:
        raise DamagedSegmentError("a box is larger than any of ours")
    data = os.pread(fd, stop - start, start)
    if len(data) != stop - start:
        raise DamagedSegmentError("the file became shorter while it was read")
    return data[8:]


def _head(
    fd: int, boxes: Iterator[tuple[bytes, int, int]]
) -> "tuple[tuple[Track, ...], dict[int, Defaults], int]":
    """Tracks, their defaults in fragments, and the end of the `moov` box."""
    _, begin = _head_box(fd, boxes, b"ftyp", 0)
    start, stop = _head_box(fd, boxes, b"moov", begin)
    moov = _payload(fd, start, stop)
    tracks = tuple(_track(payload) for kind, payload in children(moov) if kind == b"trak")
    extends = children(descend(moov, b"mvex"))
    defaults = dict(track_defaults(payload) for kind, payload in extends if kind == b"trex")
    return tracks, defaults, stop


def _head_box(
    fd: int, boxes: Iterator[tuple[bytes, int, int]], wanted: bytes, position: int
) -> tuple[int, int]:
    """Start and end of the next box, which must be of this kind."""
    kind, start, stop = next(boxes, (b"", 0, 0))
    if kind == wanted:
        return start, stop
    there = os.pread(fd, 8, position)
    if not kind and (len(there) < 8 or there[4:] == wanted or not there.strip(b"\0")):
        raise UnfinishedHeadError("The file ends within the head of the segment.")
    raise DamagedSegmentError("The file does not begin like a segment.")


def _track(trak: bytes) -> Track:
    header = Reader(descend(trak, b"tkhd"))
    version, _ = header.version_and_flags()
    header.take(16 if version == 1 else 8)
    number = header.number(4)
    width, height = struct.unpack(">II", Reader(header.data[-8:]).take(8))
    media = Reader(descend(trak, b"mdia", b"mdhd"))
    version, _ = media.version_and_flags()
    media.take(16 if version == 1 else 8)
    timescale = media.number(4)
    handler = Reader(descend(trak, b"mdia", b"hdlr"))
    handler.take(8)
    kind = handler.take(4).decode("latin-1")
    if not 0 < timescale < 2**31:
        raise DamagedSegmentError("a track without a timescale")
    return Track(number, kind, timescale, _sample_entry(trak), width >> 16, height >> 16)


def _sample_entry(trak: bytes) -> bytes:
    table = descend(trak, b"mdia", b"minf", b"stbl", b"stsd")
    entry = next(children(table, 8), None)
    if entry is None:
        raise DamagedSegmentError("a track without a codec")
    return box(*entry)


def _end_mark(payload: bytes) -> EndMark | None:
    if not payload.startswith(_END_MAGIC):
        return None
    try:
        return msgspec.json.decode(payload[len(_END_MAGIC) :], type=EndMark)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
