"""From regions of a picture to tensors."""

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import Box
from vedette.vision.detectors.base import Geometry, Preprocessing, Size, Tensor

if TYPE_CHECKING:
    from vedette.media.planes import Picture

WHOLE = (0.0, 1.0)


def prepare(picture: "Picture", region: Box, size: Size, how: Preprocessing) -> tuple[Tensor, Geometry]:
    """The region as a tensor (1, 3, height, width) of `size` (w, h), and where it came from.

    The region is first rounded outwards to even pixels inside the picture, where chroma planes can be cut.

    Raises:
        ValueError: the region lies outside the picture.
    """
    region = _on_chroma_grid(region, picture.width, picture.height)
    inner, offset = _placed(region, size, how)
    pixels = picture.crop(region, inner, rgb=how.color == "rgb")
    geometry = Geometry(region, region.width / inner[0], region.height / inner[1], *offset)
    return _tensor(pixels, size, offset, how), geometry


def _on_chroma_grid(region: Box, width: int, height: int) -> Box:
    left, top = (max(math.floor(edge / 2) * 2, 0) for edge in (region.x, region.y))
    right = min(math.ceil(region.right / 2) * 2, width)
    bottom = min(math.ceil(region.bottom / 2) * 2, height)
    if right <= left or bottom <= top:
        raise ValueError(f"the region {region} lies outside the {width}x{height} picture")
    return Box(left, top, right - left, bottom - top)


def _placed(region: Box, size: Size, how: Preprocessing) -> tuple[Size, tuple[int, int]]:
    """The size that the region gets in the input, and where its top left corner comes to lie."""
    width, height = size
    if how.fit == "stretch":
        return size, (0, 0)
    ratio = min(width / region.width, height / region.height)
    inner = max(int(region.width * ratio), 1), max(int(region.height * ratio), 1)
    if how.fit == "top_left":
        return inner, (0, 0)
    return inner, ((width - inner[0]) // 2, (height - inner[1]) // 2)


def _tensor(pixels: NDArray[np.uint8], size: Size, offset: tuple[int, int], how: Preprocessing) -> Tensor:
    tensor = np.empty((1, 3, size[1], size[0]), np.float32)
    height, width = pixels.shape[:2]
    rows, columns = slice(offset[1], offset[1] + height), slice(offset[0], offset[0] + width)
    for channel, (mean, std) in enumerate(zip(how.mean, how.std, strict=True)):
        plane = tensor[0, channel]
        if (width, height) != size:
            plane.fill((how.fill - mean) / std)
        inner = cv2.extractChannel(pixels, channel).astype(np.float32)
        if (mean, std) != WHOLE:
            inner = (inner - np.float32(mean)) * np.float32(1 / std)
        plane[rows, columns] = inner
    return tensor
