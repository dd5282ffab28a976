"""What decoders must know, inside sample entries (ISO/IEC 14496-15: `avcC`, `hvcC`; 14496-1: `esds`).

Chromium stops at a second sample description in a track, and decoders do not reload the first one after a
seek backwards. So where the parameters of a camera changed, its clip carries them in front of every
keyframe instead, where every decoder looks.
"""

import re
from collections.abc import Iterator

from vedette.recording.boxes import DamagedSegmentError, Reader, children

_VISUAL_ENTRY_BYTES = 8 + 78
_LENGTH_BYTES = 4


def in_band_sets(description: bytes) -> bytes:
    """The parameter sets of a sample entry as they stand in a sample; empty for codecs without any.

    Raises:
        DamagedSegmentError: the entry is destroyed, or its samples do not count lengths in four bytes.
    """
    read = {b"avc1": _avc_sets, b"hvc1": _hevc_sets, b"hev1": _hevc_sets}.get(description[4:8])
    if read is None:
        return b""
    return b"".join(len(unit).to_bytes(_LENGTH_BYTES, "big") + unit for unit in read(description))


def extradata(description: bytes) -> bytes:
    """What a decoder is told of the stream beforehand; empty for codecs that need nothing.

    Raises:
        DamagedSegmentError: the entry is destroyed.
    """
    tag = description[4:8]
    if tag == b"mp4v":
        return _decoder_specific(_configuration(description, b"esds"))
    kind = {b"avc1": b"avcC", b"hvc1": b"hvcC", b"hev1": b"hvcC", b"av01": b"av1C"}.get(tag)
    return _configuration(description, kind) if kind else b""


def _decoder_specific(esds: bytes) -> bytes:
    """The DecoderSpecificInfo (tag 5), whose length stands in groups of seven bits."""
    found = re.search(rb"\x05([\x80-\xff]{0,3})([\x00-\x7f])", esds[20:])
    if found is None:
        return b""
    length = 0
    for byte in found[1] + found[2]:
        length = length << 7 | byte & 0x7F
    return esds[20 + found.end() :][:length]


def _avc_sets(description: bytes) -> Iterator[bytes]:
    record = Reader(_configuration(description, b"avcC"))
    record.take(4)
    _check_length_size(record.number(1))
    for mask in (0x1F, 0xFF):
        for _ in range(record.number(1) & mask):
            yield record.take(record.number(2))


def _hevc_sets(description: bytes) -> Iterator[bytes]:
    record = Reader(_configuration(description, b"hvcC"))
    record.take(21)
    _check_length_size(record.number(1))
    for _ in range(record.number(1)):
        record.take(1)
        for _ in range(record.number(2)):
            yield record.take(record.number(2))


def _configuration(description: bytes, kind: bytes) -> bytes:
    for found, payload in children(description, _VISUAL_ENTRY_BYTES):
        if found == kind:
            return payload
    raise DamagedSegmentError(f"no {kind.decode()} box")


def _check_length_size(field: int) -> None:
    if field & 3 != _LENGTH_BYTES - 1:
        raise DamagedSegmentError("samples that count their lengths in fewer than four bytes")
