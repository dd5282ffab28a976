"""How YUV values are meant, and the conversion of small pictures to BGR."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
"""Shape (h, w)."""
MatrixName = Literal["bt601", "bt709", "bt2020"]

_WEIGHTS: dict[MatrixName, tuple[float, float]] = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020": (0.2627, 0.0593),
}
"""Weights of red and blue in luma: ITU-R BT.601, BT.709, BT.2020."""
_NAMES: tuple[MatrixName, ...] = ("bt601", "bt709", "bt2020")
_CODED: dict[int, MatrixName] = {1: "bt709", 9: "bt2020", 10: "bt2020"}
"""Matrix coefficients as H.273 codes them; everything else is read as BT.601, as swscale does."""


@dataclass(frozen=True, slots=True)
class Colours:
    """Which matrix and which range the values of a picture have."""

    matrix: MatrixName = "bt601"
    full_range: bool = False

    @classmethod
    def of(cls, colorspace: int, *, full_range: bool) -> "Colours":
        """From the code in the stream (H.273 matrix coefficients)."""
        return cls(_CODED.get(int(colorspace), "bt601"), full_range)

    def to_byte(self) -> bytes:
        """One byte that `from_byte` reads."""
        return bytes([_NAMES.index(self.matrix) << 1 | self.full_range])

    @classmethod
    def from_byte(cls, data: bytes) -> "Colours":
        """The colours of a byte; BT.601 limited for none and for unknown values."""
        value = data[0] if data else 0
        return cls(_NAMES[value >> 1], bool(value & 1)) if value >> 1 < len(_NAMES) else cls()

    def halves_chroma(self, size: tuple[int, int]) -> bool:
        """Whether OpenCV's I420 conversion (BT.601 limited, five times faster) does for this (w, h)."""
        return self == BT601_LIMITED and not (size[0] % 2 or size[1] % 2)

    def from_i420(self, y: Plane, u: Plane, v: Plane, *, rgb: bool = False) -> NDArray[np.uint8]:
        """(h, w, 3) of BT.601 limited planes with chroma of half the size."""
        stacked = np.concatenate([y.ravel(), u.ravel(), v.ravel()]).reshape(-1, y.shape[1])
        return as_uint8(cv2.cvtColor(stacked, cv2.COLOR_YUV2RGB_I420 if rgb else cv2.COLOR_YUV2BGR_I420))

    def from_yuv(self, y: Plane, u: Plane, v: Plane, *, rgb: bool = False) -> NDArray[np.uint8]:
        """(h, w, 3) of planes of the same size, any matrix and range."""
        matrix = _bgr_matrix(self)
        return as_uint8(cv2.transform(cv2.merge((y, u, v)), matrix[::-1] if rgb else matrix))

    def from_grey(self, y: Plane) -> NDArray[np.uint8]:
        """(h, w, 3) of luma alone."""
        grey = y if self.full_range else cv2.LUT(y, _LUMA_TO_FULL)
        return as_uint8(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))


BT601_LIMITED = Colours()
_LUMA_TO_FULL = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def as_uint8(pixels: cv2.typing.MatLike) -> NDArray[np.uint8]:
    """What OpenCV made of bytes, typed as the bytes that they are (no copy)."""
    return np.asarray(pixels, np.uint8)


@lru_cache(maxsize=8)
def _bgr_matrix(colours: Colours) -> NDArray[np.float32]:
    """Rows B, G, R; columns Y, U, V and the constant (ITU-R BT.601, section 2.5 and BT.709, section 3)."""
    red, blue = _WEIGHTS[colours.matrix]
    green = 1 - red - blue
    y_gain, c_gain, black = (1.0, 1.0, 0.0) if colours.full_range else (255 / 219, 255 / 224, 16.0)
    gains = np.array(
        [
            [y_gain, 2 * (1 - blue) * c_gain, 0],
            [y_gain, -2 * blue * (1 - blue) / green * c_gain, -2 * red * (1 - red) / green * c_gain],
            [y_gain, 0, 2 * (1 - red) * c_gain],
        ]
    )
    constants = -gains @ np.array([black, 128.0, 128.0])
    return np.column_stack([gains, constants]).astype(np.float32)
