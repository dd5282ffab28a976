"""JPEG in and out, of cameras and of strangers."""

import struct
import zlib
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.errors import SourceError, VedetteError
from vedette.domain.geometry import Box
from vedette.media.jpeg import decode_jpeg, decode_picture, encode_jpeg, jpeg_size, png_size
from vedette.media.planes import BgrPicture, Planes

PICTURE = BgrPicture(np.full((90, 160, 3), (30, 120, 210), np.uint8))
JPEG = encode_jpeg(PICTURE)


def with_size(width: int, height: int) -> bytes:
    """The JPEG with another size in its header."""
    at = JPEG.index(b"\xff\xc0")
    return JPEG[: at + 5] + struct.pack(">HH", height, width) + JPEG[at + 9 :]


def test_a_picture_survives() -> None:
    """What is encoded and decoded is about the same picture."""
    back = decode_jpeg(JPEG)
    assert (back.width, back.height) == (160, 90)
    assert np.abs(back.bgr.astype(int) - PICTURE.bgr).max() <= 4


def test_a_region_may_be_shrunk() -> None:
    """Snapshots are cut and made smaller, never larger; odd regions outside are clipped."""
    assert jpeg_size(encode_jpeg(PICTURE, region=Box(10, 10, 80, 40))) == (80, 40)
    assert jpeg_size(encode_jpeg(PICTURE, max_width=80)) == (80, 45)
    assert jpeg_size(encode_jpeg(PICTURE, max_width=800)) == (160, 90)
    assert jpeg_size(encode_jpeg(PICTURE, region=Box(150, 80, 500, 500))) == (10, 10)


def test_planes_are_encoded_in_their_colours() -> None:
    """A decoded picture becomes a JPEG without a detour."""
    planes = Planes(
        np.full((48, 64), 81, np.uint8), np.full((24, 32), 90, np.uint8), np.full((24, 32), 240, np.uint8)
    )
    blue, green, red = decode_jpeg(encode_jpeg(planes)).bgr[20, 20]
    assert red > 240
    assert max(blue, green) < 20


def test_quality_costs_bytes() -> None:
    """A higher quality is a larger file."""
    noisy = BgrPicture(np.random.default_rng(1).integers(0, 256, (90, 160, 3), np.uint8))
    assert len(encode_jpeg(noisy, quality=95)) > len(encode_jpeg(noisy, quality=40))


@pytest.mark.parametrize("size", [(16384, 16384), (65535, 65535), (0, 90), (160, 0)])
def test_sizes_are_looked_at_before_memory_is_taken(size: tuple[int, int]) -> None:
    """A header that names a monstrous picture is refused."""
    with pytest.raises(SourceError):
        decode_jpeg(with_size(*size))


def test_the_bound_may_be_lower() -> None:
    """A caller may allow less."""
    with pytest.raises(SourceError, match="160x90"):
        decode_jpeg(JPEG, pixels_max=1000)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", JPEG[:20], b"<html>", JPEG[::-1]])
def test_what_is_no_jpeg_is_refused(data: bytes) -> None:
    """Empty, cut and foreign bytes are errors for people."""
    with pytest.raises(SourceError):
        decode_jpeg(data)


def test_png_headers_are_read() -> None:
    """PNG sizes are known without decoding."""
    data = cv2.imencode(".png", PICTURE.bgr)[1].tobytes()
    assert png_size(data) == (160, 90)
    assert decode_picture(data).width == 160
    huge = struct.pack(">II", 50_000, 50_000)
    with pytest.raises(SourceError):
        png_size(data[:16] + huge + data[24:28] + struct.pack(">I", zlib.crc32(huge)) + data[33:])
    with pytest.raises(SourceError):
        png_size(JPEG)


@given(
    data=st.binary(max_size=300), prefix=st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xe0", JPEG[:200]])
)
def test_random_bytes_never_crash(data: bytes, prefix: bytes) -> None:
    """Anything is a picture or an error for people."""
    with suppress(VedetteError):
        assert decode_jpeg(prefix + data).width > 0


@given(at=st.integers(0, len(JPEG) - 1), junk=st.binary(min_size=1, max_size=20))
def test_damaged_pictures_never_crash(at: int, junk: bytes) -> None:
    """A JPEG with some bytes overwritten likewise."""
    with suppress(VedetteError):
        assert decode_jpeg(JPEG[:at] + junk + JPEG[at + len(junk) :], pixels_max=1_000_000).width > 0
