"""The `codecs` parameter of a track (RFC 6381), read from its sample entry, for a browser to judge."""

import re

from vedette.recording.boxes import DamagedSegmentError, Reader, children

_VISUAL_ENTRY_BYTES = 8 + 78
_OBJECT_TYPE = re.compile(rb"esds.{4}\x03.+?\x04[\x80-\xff]*[\x00-\x7f](.)", re.DOTALL)
_DECODER_CONFIG = re.compile(rb"\x05[\x80-\xff]*[\x00-\x7f](.)", re.DOTALL)
_AAC = 0x40


def codecs_of(entry: bytes) -> str:
    """The name of what a sample entry (a whole box of `stsd`) describes.

    Raises:
        DamagedSegmentError: the entry is incomplete, or of a codec that no browser has.
    """
    tag = entry[4:8]
    if tag == b"Opus":
        return "opus"
    if tag == b"mp4a":
        return _aac(entry)
    name = {b"avc1": _avc, b"hvc1": _hevc, b"hev1": _hevc, b"av01": _av1, b"vp09": _vp9}.get(tag)
    if name is None:
        raise DamagedSegmentError(f"no browser plays {tag.decode('latin-1')}")
    return name(entry)


def _configuration(entry: bytes, kind: bytes) -> bytes:
    for found, payload in children(entry, _VISUAL_ENTRY_BYTES):
        if found == kind:
            return payload
    raise DamagedSegmentError(f"no {kind.decode()} box")


def _avc(entry: bytes) -> str:
    """ISO/IEC 14496-15, 5.3.3: profile, compatibility, level."""
    return f"avc1.{_configuration(entry, b'avcC')[1:4].hex()}"


def _hevc(entry: bytes) -> str:
    """ISO/IEC 14496-15, annex E.3."""
    record = Reader(_configuration(entry, b"hvcC"))
    record.take(1)
    general = record.number(1)
    space, tier, profile = "ABC"[(general >> 6) - 1] if general >> 6 else "", general >> 5 & 1, general & 31
    compatible = int(f"{record.number(4):032b}"[::-1], 2)
    constraints = record.take(6).rstrip(b"\0")
    level = record.number(1)
    parts = [f"{space}{profile}", f"{compatible:X}", f"{'LH'[tier]}{level}", *(f"{c:X}" for c in constraints)]
    return ".".join((entry[4:8].decode(), *parts))


def _av1(entry: bytes) -> str:
    """AV1 Codec ISO Media File Format Binding, section 5."""
    record = Reader(_configuration(entry, b"av1C"))
    record.take(1)
    first, second = record.number(1), record.number(1)
    depth = 10 if second & 0x40 else 8
    return f"av01.{first >> 5}.{first & 31:02d}{'MH'[second >> 7]}.{depth:02d}"


def _vp9(entry: bytes) -> str:
    """VP Codec ISO Media File Format Binding."""
    record = Reader(_configuration(entry, b"vpcC"))
    record.take(4)
    profile, level, depth = record.number(1), record.number(1), record.number(1) >> 4
    return f"vp09.{profile:02d}.{level:02d}.{depth:02d}"


def _aac(entry: bytes) -> str:
    """ISO/IEC 14496-1: object type indication, and for AAC the audio object type (14496-3, 1.6.2.1)."""
    kind = _OBJECT_TYPE.search(entry)
    if kind is None:
        raise DamagedSegmentError("no esds box")
    if kind[1][0] != _AAC:
        return f"mp4a.{kind[1][0]:02x}"
    config = _DECODER_CONFIG.search(entry, kind.end())
    return f"mp4a.40.{config[1][0] >> 3 if config else 2}"
