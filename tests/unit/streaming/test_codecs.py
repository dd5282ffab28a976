"""Names of codecs as browsers know them."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.recording.boxes import DamagedSegmentError, box
from vedette.streaming.codecs import codecs_of

VISUAL = bytes(78)


def entry(tag: bytes, kind: bytes, payload: bytes) -> bytes:
    return box(tag, VISUAL, box(kind, payload))


def test_h264_by_profile_and_level() -> None:
    """High profile, level 4.0."""
    assert codecs_of(entry(b"avc1", b"avcC", bytes.fromhex("0164002800"))) == "avc1.640028"


def test_h265_by_profile_tier_and_level() -> None:
    """Main profile, level 3.1, as in annex E.3 of ISO/IEC 14496-15; also with profile space and high tier."""
    main = bytes.fromhex("010160000000b000000000005d")
    assert codecs_of(entry(b"hvc1", b"hvcC", main)) == "hvc1.1.6.L93.B0"
    odd = bytes.fromhex("01622000000000000000000078")
    assert codecs_of(entry(b"hev1", b"hvcC", odd)) == "hev1.A2.4.H120"


def test_av1_and_vp9() -> None:
    """Profile 0, level 4.0, 8 bit."""
    assert codecs_of(entry(b"av01", b"av1C", bytes.fromhex("81080c00"))) == "av01.0.08M.08"
    assert codecs_of(entry(b"vp09", b"vpcC", bytes.fromhex("01000000002882"))) == "vp09.00.40.08"


def test_sound() -> None:
    """Opus; MP3 by its object type."""
    assert codecs_of(box(b"Opus", bytes(28))) == "opus"
    esds = b"\0\0\0\0\x03\x15\0\x01\0\x04\x0d\x6b" + bytes(12)
    assert codecs_of(box(b"mp4a", bytes(28), box(b"esds", esds))) == "mp4a.6b"


@pytest.mark.parametrize("broken", [b"mp4v", b"avc1", b"mp4a"])
def test_what_cannot_be_named_is_refused(broken: bytes) -> None:
    """Unknown codecs, and entries without their configuration."""
    with pytest.raises(DamagedSegmentError):
        codecs_of(box(broken, bytes(90)))


@given(st.sampled_from([b"avc1", b"hvc1", b"av01", b"vp09", b"mp4a"]), st.binary(max_size=200))
def test_garbage_is_refused_or_named(tag: bytes, data: bytes) -> None:
    """Nothing but the one error, whatever the bytes are."""
    try:
        assert codecs_of(struct.pack(">I4s", 8 + len(data), tag) + data)
    except DamagedSegmentError:
        return
