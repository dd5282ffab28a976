"""Regions become tensors, and boxes find their way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.geometry import Box
from vedette.media.planes import BgrPicture
from vedette.vision.detectors import nanodet, pixels, yolox
from vedette.vision.detectors.base import Preprocessing

GRADIENT = np.zeros((100, 200, 3), np.uint8)
GRADIENT[..., 0] = np.arange(200)  # blue grows to the right
GRADIENT[..., 1] = np.arange(100)[:, None]  # green grows downwards
GRADIENT[..., 2] = 77
PICTURE = BgrPicture(GRADIENT)
RAW = {"std": (1.0, 1.0, 1.0)}


def test_stretch_fills_the_input() -> None:
    """Both axes get their own scale and nothing is padded."""
    tensor, geometry = pixels.prepare(PICTURE, Box(0, 0, 200, 100), (50, 50), Preprocessing(**RAW))
    assert tensor.shape == (1, 3, 50, 50)
    assert (geometry.x_scale, geometry.y_scale) == (4, 2)
    assert (tensor[0, 0] == 77).all()


def test_top_left_keeps_the_aspect_and_fills_the_rest() -> None:
    """YOLOX: raw BGR at the top left, 114 below."""
    tensor, geometry = pixels.prepare(PICTURE, Box(0, 0, 200, 100), (50, 50), yolox.FAMILY.preprocessing)
    assert (tensor[0, :, 25:] == 114).all()
    assert (tensor[0, 2, :25] == 77).all()
    assert (geometry.x_offset, geometry.y_offset, geometry.x_scale) == (0, 0, 4)


def test_centre_is_filled_before_normalisation() -> None:
    """NanoDet pads with black, which is not zero after the mean is taken off."""
    how = nanodet.NANODET.preprocessing
    tensor, geometry = pixels.prepare(PICTURE, Box(0, 0, 200, 100), (50, 50), how)
    assert geometry.y_offset == 12
    assert tensor[0, :, 0, 0] == pytest.approx([-m / s for m, s in zip(how.mean, how.std, strict=True)])
    assert tensor[0, 2, 20, 20] == pytest.approx((77 - 123.675) / 58.395, abs=1e-3)


def test_colour_order_follows_the_network() -> None:
    """Red is the first channel for RGB networks, the last for BGR ones."""
    for color, channel in (("rgb", 0), ("bgr", 2)):
        tensor, _ = pixels.prepare(PICTURE, Box(0, 0, 200, 100), (8, 8), Preprocessing(color=color, **RAW))
        assert (tensor[0, channel] == 77).all()


def test_region_is_cut_not_scaled() -> None:
    """A region of the input's own size arrives pixel by pixel."""
    tensor, geometry = pixels.prepare(
        PICTURE, Box(40, 20, 32, 32), (32, 32), Preprocessing(color="bgr", **RAW)
    )
    assert geometry.region == Box(40, 20, 32, 32)
    assert (tensor[0, 0, 0] == np.arange(40, 72)).all()
    assert (tensor[0, 1, :, 0] == np.arange(20, 52)).all()


def test_regions_are_rounded_outwards_to_the_chroma_grid() -> None:
    """Odd and fractional edges grow to even ones, the picture's own edges stay."""
    odd = BgrPicture(np.zeros((75, 121, 3), np.uint8))
    _, geometry = pixels.prepare(odd, Box(3.7, 5.1, 200, 200), (32, 32), Preprocessing())
    assert geometry.region == Box(2, 4, 119, 71)


@pytest.mark.parametrize("region", [Box(300, 0, 10, 10), Box(-50, -50, 20, 20), Box(10, 10, 0, 0)])
def test_region_outside_the_picture_is_a_mistake(region: Box) -> None:
    """There are no pixels to look at, and the message says so."""
    with pytest.raises(ValueError, match="outside the 200x100 picture"):
        pixels.prepare(PICTURE, region, (32, 32), Preprocessing())


regions = st.builds(Box, st.floats(0, 190), st.floats(0, 90), st.floats(2.5, 200), st.floats(2.5, 100))


@given(region=regions, fit=st.sampled_from(["stretch", "top_left", "centre"]), width=st.integers(16, 90))
def test_corners_of_the_input_are_corners_of_the_region(region: Box, fit: str, width: int) -> None:
    """Whatever the fit, the region's place in the input maps back to the region, and nothing leaves it."""
    _, geometry = pixels.prepare(PICTURE, region, (width, 48), Preprocessing(fit=fit))  # type: ignore[arg-type]
    inner = geometry.region
    right = geometry.x_offset + inner.width / geometry.x_scale
    bottom = geometry.y_offset + inner.height / geometry.y_scale
    assert right <= width + 1e-6
    assert bottom <= 48 + 1e-6
    exact = np.array([[geometry.x_offset, geometry.y_offset, right, bottom]])
    box = geometry.to_picture(exact)[0]
    assert box == pytest.approx([inner.x, inner.y, inner.width, inner.height])
    beyond = geometry.to_picture(np.array([[-1e4, -1e4, 1e4, 1e4]]))[0]
    assert beyond == pytest.approx([inner.x, inner.y, inner.width, inner.height])
