"""The frames that travel from capture to detection within a process."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vedette.media.planes import Picture

LUMA_WIDTH = 320
"""Width at which gate and motion look at the luma plane."""

Reason = Literal["motion", "start", "recheck"]


@dataclass(slots=True)
class Frame:
    """A picture on its way to the detector, with its luma plane shrunk to `LUMA_WIDTH`."""

    camera: str
    utc_s: float
    sequence: int
    picture: Picture
    luma: NDArray[np.uint8]
    reason: Reason = "motion"
