"""The head of a progressive MP4 (ISO/IEC 14496-12): `ftyp` and `moov` with sample tables.

Everything is vectorised: an hour of video is 90 000 samples.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vedette.recording.boxes import box, full_box

MOVIE_TIMESCALE = 90_000
FTYP = box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isom", b"iso6", b"mp41")
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_DATA_HERE = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))

Ints = NDArray[np.int64]


@dataclass(slots=True)
class MovieTrack:
    """The sample tables of one track, in ticks of its timescale.

    Attributes:
        kind: `vide` or `soun`.
        descriptions: sample entries; `chunk_descriptions` are indices into them.
        chunk_offsets: from the beginning of the media data.
        edit_start: media time at which the presentation begins.
        edit_ticks: how long it lasts.
        delay_ticks: how much later than the movie it begins.
    """

    kind: str
    timescale: int
    descriptions: list[bytes]
    width: int
    height: int
    durations: Ints
    cts: Ints
    sizes: Ints
    keyframes: NDArray[np.bool_]
    chunk_offsets: Ints
    chunk_samples: Ints
    chunk_descriptions: Ints
    edit_start: int = 0
    edit_ticks: int = 0
    delay_ticks: int = 0

    def in_movie(self, ticks: int) -> int:
        """Ticks of this track as ticks of the movie."""
        return ticks * MOVIE_TIMESCALE // self.timescale


def movie_head(tracks: list[MovieTrack], data_bytes: int) -> bytes:
    """Everything before the media data: `ftyp`, `moov` and the header of `mdat`."""
    data_header = _data_header(data_bytes)
    size = len(FTYP) + len(_moov(tracks, 0)) + len(data_header)
    return FTYP + _moov(tracks, size) + data_header


def _data_header(data_bytes: int) -> bytes:
    if data_bytes + 8 < 2**32:
        return struct.pack(">I4s", data_bytes + 8, b"mdat")
    return struct.pack(">I4sQ", 1, b"mdat", data_bytes + 16)


def _moov(tracks: list[MovieTrack], data_start: int) -> bytes:
    duration = max(t.in_movie(t.edit_ticks + t.delay_ticks) for t in tracks)
    times = struct.pack(">QQIQ", 0, 0, MOVIE_TIMESCALE, duration)
    rest = struct.pack(">IHHII", 0x10000, 0x0100, 0, 0, 0) + _MATRIX + bytes(24)
    header = full_box(b"mvhd", 1, 0, times, rest, struct.pack(">I", len(tracks) + 1))
    return box(b"moov", header, *(_trak(i, t, data_start) for i, t in enumerate(tracks, 1)))


def _trak(number: int, track: MovieTrack, data_start: int) -> bytes:
    duration = track.in_movie(track.edit_ticks + track.delay_ticks)
    volume = 0x0100 if track.kind == "soun" else 0
    header = full_box(
        b"tkhd",
        1,
        3,
        struct.pack(">QQIIQ8xHHHH", 0, 0, number, 0, duration, 0, 0, volume, 0),
        _MATRIX,
        struct.pack(">II", track.width << 16, track.height << 16),
    )
    return box(b"trak", header, _edits(track), _mdia(track, data_start))


def _edits(track: MovieTrack) -> bytes:
    entries = [struct.pack(">QqI", track.in_movie(track.edit_ticks), track.edit_start, 0x10000)]
    if track.delay_ticks > 0:
        entries.insert(0, struct.pack(">QqI", track.in_movie(track.delay_ticks), -1, 0x10000))
    return box(b"edts", full_box(b"elst", 1, 0, struct.pack(">I", len(entries)), *entries))


def _mdia(track: MovieTrack, data_start: int) -> bytes:
    duration = int(track.durations.sum())
    header = full_box(b"mdhd", 1, 0, struct.pack(">QQIQHH", 0, 0, track.timescale, duration, 0x55C4, 0))
    handler = full_box(b"hdlr", 0, 0, bytes(4), track.kind.encode(), bytes(12), b"Vedette\0")
    media_header = (
        full_box(b"smhd", 0, 0, bytes(4)) if track.kind == "soun" else full_box(b"vmhd", 0, 1, bytes(8))
    )
    return box(b"mdia", header, handler, box(b"minf", media_header, _DATA_HERE, _stbl(track, data_start)))


def _stbl(track: MovieTrack, data_start: int) -> bytes:
    descriptions = struct.pack(">I", len(track.descriptions)), *track.descriptions
    tables = [
        full_box(b"stsd", 0, 0, *descriptions),
        full_box(b"stts", 0, 0, _runs(track.durations, ">u4")),
    ]
    if track.cts.any():
        version = 1 if (track.cts < 0).any() else 0
        tables.append(full_box(b"ctts", version, 0, _runs(track.cts, ">i4" if version else ">u4")))
    if not track.keyframes.all():
        tables.append(full_box(b"stss", 0, 0, _counted(np.flatnonzero(track.keyframes) + 1, ">u4")))
    tables += [
        full_box(b"stsc", 0, 0, _chunk_map(track)),
        full_box(b"stsz", 0, 0, bytes(4), _counted(track.sizes, ">u4")),
        full_box(b"co64", 0, 0, _counted(track.chunk_offsets + data_start, ">u8")),
    ]
    return box(b"stbl", *tables)


def _counted(values: Ints, form: str) -> bytes:
    return struct.pack(">I", len(values)) + values.astype(form).tobytes()


def _runs(values: Ints, form: str) -> bytes:
    """Run lengths: pairs of how many and which value."""
    starts = np.flatnonzero(np.diff(values, prepend=values[:1] - 1))
    lengths = np.diff(starts, append=len(values))
    pairs = np.empty(len(starts), np.dtype([("count", ">u4"), ("value", form)]))
    pairs["count"], pairs["value"] = lengths, values[starts]
    return struct.pack(">I", len(pairs)) + pairs.tobytes()


def _chunk_map(track: MovieTrack) -> bytes:
    """Where the number of samples per chunk or their description changes."""
    pairs = np.stack([track.chunk_samples, track.chunk_descriptions + 1], axis=1)
    changed = np.ones(len(pairs), bool)
    changed[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    rows = np.column_stack([np.flatnonzero(changed) + 1, pairs[changed]])
    return struct.pack(">I", len(rows)) + rows.astype(">u4").tobytes()
