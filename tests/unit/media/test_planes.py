"""Planes: small pictures with the right pixels and colours, without a full-size conversion."""

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vedette.domain.errors import SourceError
from vedette.domain.geometry import Box
from vedette.media.colours import Colours
from vedette.media.planes import BgrPicture, Bounds, Picture, Planes, planes_from

FORMATS = ["yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "yuv420p10le"]


def smooth(width: int, height: int) -> NDArray[np.uint8]:
    """A BGR picture of slow gradients, where the sampling of chroma does not matter."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    return np.dstack([40 + 170 * x, 60 + 120 * y, 200 - 150 * x * y]).astype(np.uint8)


def frame_of(bgr: NDArray[np.uint8], pixel_format: str, **how: str) -> av.VideoFrame:
    """The picture in another pixel format."""
    return av.VideoFrame.from_ndarray(bgr, format="bgr24").reformat(format=pixel_format, **how)


def noise(width: int, height: int, seed: int = 1) -> Planes:
    """4:2:0 planes of random values."""
    rng = np.random.default_rng(seed)
    size = ((height + 1) // 2, (width + 1) // 2)
    draw = [rng.integers(0, 256, shape, np.uint8) for shape in ((height, width), size, size)]
    return Planes(draw[0], draw[1], draw[2])


def difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.int_]:
    return np.abs(first.astype(int) - second.astype(int))


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_colours_are_those_of_swscale(pixel_format: str) -> None:
    """Every layout and range gives the colours that libav's own converter gives."""
    frame = frame_of(smooth(320, 180), pixel_format)
    expected = frame.to_ndarray(format="bgr24")
    found = planes_from(frame).crop(None, (320, 180))
    assert difference(found, expected).mean() < 1.5
    assert difference(found, expected).max() <= 6


@pytest.mark.parametrize(("code", "name"), [(1, "itu709"), (5, "itu601")])
@pytest.mark.parametrize("size", [(320, 180), (161, 91)])
def test_the_matrix_of_the_stream_is_used(code: int, name: str, size: tuple[int, int]) -> None:
    """BT.709 and BT.601 streams are converted by their own matrix, at even and odd sizes."""
    bgr = smooth(320, 180)
    frame = frame_of(bgr, "yuv420p", dst_colorspace=name)
    frame.colorspace = code
    found = planes_from(frame).crop(None, size)
    assert difference(found, cv2.resize(bgr, size)).mean() < 2


def test_planes_are_views() -> None:
    """Nothing is copied: the planes lie in the decoder's own memory."""
    frame = frame_of(smooth(320, 180), "yuv420p")
    planes = planes_from(frame)
    address = planes.y.__array_interface__["data"][0]
    assert address == frame.planes[0].buffer_ptr
    assert planes.u is not None
    assert planes.u.shape == (90, 160)


@pytest.mark.parametrize(
    "box", [Box(0, 0, 64, 64), Box(33, 17, 101, 77), Box(1, 1, 2, 2), Box(255, 100, 65, 80)]
)
@pytest.mark.parametrize("size", [(64, 64), (97, 51)])
def test_a_crop_is_the_crop_of_the_whole(box: Box, size: tuple[int, int]) -> None:
    """At any offset, odd ones too, a crop has the pixels that cutting the converted picture gives."""
    bgr = smooth(320, 180)
    planes = planes_from(frame_of(bgr, "yuv420p"))
    left, top, right, bottom = (round(v) for v in (box.x, box.y, box.right, box.bottom))
    expected = cv2.resize(bgr[top:bottom, left:right], size)
    assert difference(planes.crop(box, size), expected).max() <= 8


def test_chroma_does_not_shift_at_odd_offsets() -> None:
    """A coloured edge stays where it is when the crop begins at an odd pixel."""
    bgr = np.full((64, 64, 3), 128, np.uint8)
    bgr[:, 32:] = (30, 60, 220)
    planes = planes_from(frame_of(bgr, "yuv444p"))
    even = planes_from(frame_of(bgr, "yuv420p"))
    box, size = Box(9, 9, 46, 46), (184, 184)
    red_rises = [np.argmax(p.crop(box, size)[92, :, 2] > 175) for p in (planes, even)]
    assert abs(int(red_rises[0]) - int(red_rises[1])) <= 4  # one source pixel


def test_rgb_is_bgr_the_other_way_round() -> None:
    """Models that want RGB get it for nothing, by each way of conversion."""
    for full in (False, True):
        planes = noise(64, 48)
        planes.colours = Colours("bt601", full)
        bgr = planes.crop(Box(3, 5, 30, 30), (32, 32))
        assert (planes.crop(Box(3, 5, 30, 30), (32, 32), rgb=True) == bgr[:, :, ::-1]).all()


def test_grey_pictures_have_no_colour() -> None:
    """Infrared cameras that send luma alone give three equal channels, in the range of the stream."""
    frame = frame_of(smooth(64, 48), "gray")
    luma = frame.to_ndarray().astype(float)
    for color_range, expected in ((2, luma), (1, np.clip((luma - 16) * 255 / 219, 0, 255))):
        frame.color_range = color_range
        grey = planes_from(frame).crop(None, (64, 48))
        assert (grey[:, :, 0] == grey[:, :, 2]).all()
        assert np.abs(grey[:, :, 0] - expected).max() <= 1


@pytest.mark.parametrize(("width", "height"), [(640, 360), (641, 359), (322, 2), (704, 576)])
def test_luma_keeps_the_aspect(width: int, height: int) -> None:
    """The shrunk luma has the asked width, and an even height of the same aspect."""
    for picture in (noise(width, height), BgrPicture(smooth(width, height))):
        luma = picture.luma(320)
        assert luma.shape[1] == 320
        assert luma.shape[0] % 2 == 0
        assert abs(luma.shape[0] - height * 320 / width) <= 2


@given(width=st.integers(1, 65), height=st.integers(1, 65), colours=st.integers(0, 5))
def test_the_wire_form_is_lossless(width: int, height: int, colours: int) -> None:
    """Planes that travelled as bytes are the same planes, odd sizes and colours included."""
    planes = noise(width, height)
    planes.colours = Colours.from_byte(bytes([colours]))
    back = Planes.from_i420(planes.to_i420(), width, height)
    assert (back.y == planes.y).all()
    assert back.u is not None
    assert (back.u == planes.u).all()
    assert (back.v == planes.v).all()
    assert back.colours == planes.colours


@pytest.mark.parametrize("pixel_format", ["nv12", "gray", "yuvj422p", "yuv444p"])
def test_other_layouts_travel_too(pixel_format: str) -> None:
    """What is not 4:2:0 arrives as 4:2:0 with the same colours."""
    planes = planes_from(frame_of(smooth(128, 96), pixel_format))
    back = Planes.from_i420(planes.to_i420(), 128, 96)
    assert difference(back.crop(None, (128, 96)), planes.crop(None, (128, 96))).max() <= 4


@given(data=st.binary(max_size=400), width=st.integers(-3, 20), height=st.integers(-3, 20))
def test_wrong_bytes_are_refused(data: bytes, width: int, height: int) -> None:
    """Bytes of another length than the picture's are an error for people, not a crash."""
    try:
        planes = Planes.from_i420(data, width, height)
    except SourceError:
        return
    assert (planes.width, planes.height) == (width, height)


coordinate = st.floats(-500, 500, allow_nan=False)


@settings(max_examples=150)
@given(
    box=st.builds(Box, coordinate, coordinate, st.floats(0, 700), st.floats(0, 700)),
    size=st.tuples(st.integers(1, 80), st.integers(1, 80)),
    width=st.integers(1, 90),
    height=st.integers(1, 90),
)
def test_any_region_of_any_picture(box: Box, size: tuple[int, int], width: int, height: int) -> None:
    """Regions outside, empty, tiny or odd give a picture of the asked size, never an error."""
    pictures: list[Picture] = [noise(width, height), BgrPicture(np.zeros((height, width, 3), np.uint8))]
    for picture in pictures:
        assert picture.crop(box, size).shape == (size[1], size[0], 3)


@given(
    box=st.builds(Box, coordinate, coordinate, st.floats(0, 700), st.floats(0, 700)),
    width=st.integers(1, 4000),
    height=st.integers(1, 4000),
)
def test_bounds_lie_inside(box: Box, width: int, height: int) -> None:
    """Bounds are whole pixels of the picture, at least one."""
    bounds = Bounds.of(box, width, height)
    assert 0 <= bounds.left < bounds.right <= width
    assert 0 <= bounds.top < bounds.bottom <= height


@pytest.mark.parametrize("size", [(640, 480), (33, 21)])
def test_bgr_pictures_crop_alike(size: tuple[int, int]) -> None:
    """A picture that came as JPEG is cropped as planes are."""
    picture = BgrPicture(smooth(320, 180))
    crop = picture.crop(Box(10, 20, 100, 90), size)
    assert (crop == cv2.resize(picture.bgr[20:110, 10:110], size)).all()
    assert (picture.crop(None, size, rgb=True) == picture.crop(None, size)[:, :, ::-1]).all()
