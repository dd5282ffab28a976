"""The fallback without a model file: OpenCV's people detector (HOG, Dalal and Triggs 2005).

It finds people who stand or walk, seen from about their own height and a quarter of the region high or more;
nothing else. OpenCV 5 left it out of the main package, so it may be absent.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import Box
from vedette.vision.detectors import pixels
from vedette.vision.detectors.base import (
    Candidates,
    ClassChoice,
    Detector,
    DetectorSettings,
    Geometry,
    Outputs,
    Preprocessing,
    Tensor,
    TensorInfo,
)
from vedette.vision.detectors.inputs import InputPlan
from vedette.vision.detectors.network import NetworkDetector

if TYPE_CHECKING:
    from vedette.media.planes import Picture

NAME = "people"
SIZE = (640, 360)
"""Regions of another shape get about as many pixels: padding would look like the edges of people."""
MAX_ENLARGEMENT = 2.0
PYRAMID_STEP = 1.05
WINDOW = (64, 128)
WINDOW_STRIDE = (8, 8)
MARGIN = np.array([0.15, 0.06, -0.15, -0.06])
"""The window has a margin around the person: shares of its width and height."""
PREPROCESSING = Preprocessing(fit="stretch", color="bgr", std=(1.0, 1.0, 1.0))


class _HogRuntime:
    """Implements `Runtime`: windows (N, 5) of x, y, width, height and SVM margin."""

    inputs: tuple[TensorInfo, ...] = (TensorInfo("picture", (1, 3, SIZE[1], SIZE[0])),)
    outputs: tuple[TensorInfo, ...] = (TensorInfo("people", (None, 5)),)
    metadata: Mapping[str, str] = {}
    device = "cpu"

    def __init__(self) -> None:
        self._hog = cv2.HOGDescriptor()
        self._hog.setSVMDetector(np.array(cv2.HOGDescriptor.getDefaultPeopleDetector()))

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """See `Runtime`."""
        picture = np.ascontiguousarray(feeds["picture"][0].astype(np.uint8).transpose(1, 2, 0))
        if picture.shape[0] < WINDOW[1] or picture.shape[1] < WINDOW[0]:
            return [np.zeros((0, 5), np.float32)]
        windows, margins = self._hog.detectMultiScale(
            picture, winStride=WINDOW_STRIDE, scale=PYRAMID_STEP, groupThreshold=0
        )
        if not len(windows):
            return [np.zeros((0, 5), np.float32)]
        return [np.column_stack((windows, np.reshape(margins, -1))).astype(np.float32)]


class _PeopleHead:
    """Implements `Head`: the SVM's margin becomes a score of 0 to 1 that passes 0.5 at 1."""

    classes = 1
    nms_iou: float | None = 0.4

    def read(self, outputs: Outputs, min_score: float, _choose: ClassChoice) -> Candidates:
        """See `Head`."""
        scores = 1 - 0.5 ** np.maximum(outputs[0][:, 4], 0)
        windows = outputs[0][scores >= min_score, :4]
        corners = np.concatenate((windows[:, :2], windows[:, :2] + windows[:, 2:]), axis=1)
        corners += np.tile(windows[:, 2:], 2) * MARGIN
        return Candidates(corners, scores[scores >= min_score], np.zeros(len(windows), np.intp))


class _PeopleDetector(NetworkDetector):
    """Implements `Detector` for regions of any shape."""

    def prepare(self, picture: "Picture", region: Box) -> tuple[Tensor, Geometry]:
        """See `Detector`. The tensor has the region's aspect."""
        pixel_count = max(region.width, 1.0) * max(region.height, 1.0)
        scale = min(math.sqrt(SIZE[0] * SIZE[1] / pixel_count), MAX_ENLARGEMENT)
        size = max(round(region.width * scale), 1), max(round(region.height * scale), 1)
        return pixels.prepare(picture, region, size, PREPROCESSING)


def is_available() -> bool:
    """Whether this OpenCV has the people detector."""
    return hasattr(cv2, "HOGDescriptor")


def people_detector(settings: DetectorSettings | None = None) -> Detector:
    """The people detector; only where `is_available`."""
    plan = InputPlan("picture", "float32", SIZE, batched=False)
    return _PeopleDetector(
        NAME,
        cv2.__version__,
        _HogRuntime(),
        plan,
        _PeopleHead(),
        PREPROCESSING,
        ("person",),
        settings or DetectorSettings(),
    )
