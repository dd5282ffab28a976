"""Writes fragments: one `moof` and its `mdat` (ISO/IEC 14496-12, 8.8) around a few samples of one track.

libav's muxer could do it, but holds every frame back until the next one has come, and frames with sound for
up to its interleaving delay: as long as a whole goal of this module.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from vedette.recording.boxes import box, full_box

_KEYFRAME, _OTHER = 0x0200_0000, 0x0101_0000
_DEFAULT_BASE_IS_MOOF = 0x02_0000
_TRUN_FLAGS = 0x0001 | 0x0100 | 0x0200 | 0x0400 | 0x0800
"""Data offset; per sample: duration, size, flags, composition offset."""
_TRUN_HEAD = struct.Struct(">II")
_SAMPLE = struct.Struct(">IIIi")


@dataclass(slots=True)
class Sample:
    """One coded frame on the track's time line, in ticks; `utc_s` is when it was taken."""

    dts: int
    offset: int
    duration: int
    keyframe: bool
    utc_s: float
    data: bytes


def write_fragment(number: int, sequence: int, samples: Sequence[Sample]) -> bytes:
    """A fragment of the track with this number."""
    size = 8 + _trun_bytes(samples)
    traf_rest = full_box(b"tfhd", 0, _DEFAULT_BASE_IS_MOOF, struct.pack(">I", number)) + full_box(
        b"tfdt", 1, 0, struct.pack(">Q", samples[0].dts)
    )
    header = full_box(b"mfhd", 0, 0, struct.pack(">I", sequence & 0xFFFF_FFFF))
    moof_bytes = 8 + len(header) + 8 + len(traf_rest) + size
    run = full_box(b"trun", 1, _TRUN_FLAGS, _run(samples, moof_bytes + 8))
    data = [sample.data for sample in samples]
    return box(b"moof", header, box(b"traf", traf_rest, run)) + box(b"mdat", *data)


def _trun_bytes(samples: Sequence[Sample]) -> int:
    return 4 + _TRUN_HEAD.size + _SAMPLE.size * len(samples)


def _run(samples: Sequence[Sample], data_offset: int) -> bytes:
    rows = (
        _SAMPLE.pack(s.duration, len(s.data), _KEYFRAME if s.keyframe else _OTHER, s.offset) for s in samples
    )
    return _TRUN_HEAD.pack(len(samples), data_offset) + b"".join(rows)
