"""A detector made of a runtime, a preprocessing and a head."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import Box
from vedette.domain.messages import Detection
from vedette.vision.detectors import pixels
from vedette.vision.detectors.base import (
    DetectorSettings,
    Geometry,
    Head,
    Outputs,
    Preprocessing,
    Runtime,
    Size,
    Tensor,
)
from vedette.vision.detectors.inputs import InputPlan
from vedette.vision.detectors.scores import every_class, top_class
from vedette.vision.detectors.suppression import best, suppress

if TYPE_CHECKING:
    from vedette.media.planes import Picture

MAX_SUPPRESSED = 3000
"""Suppression is quadratic: with a very low threshold only the best candidates take part."""


class NetworkDetector:
    """Implements `Detector`. Every thread has its own."""

    thread_safe = False

    def __init__(
        self,
        name: str,
        version: str,
        runtime: Runtime,
        plan: InputPlan,
        head: Head,
        preprocessing: Preprocessing,
        labels: tuple[str, ...],
        settings: DetectorSettings,
    ) -> None:
        self.name, self.version, self.labels = name, version, labels
        self.input_size: Size = plan.size
        self.device = runtime.device
        self._runtime, self._plan, self._head = runtime, plan, head
        self._preprocessing = preprocessing
        self._choose = every_class if settings.every_label else top_class
        self._min_score, self._max_boxes = settings.min_score, settings.max_boxes
        self._nms_iou = head.nms_iou if settings.nms_iou is None else settings.nms_iou

    def detect(self, picture: "Picture", regions: Sequence[Box]) -> list[list[Detection]]:
        """See `Detector`."""
        return [self._detect_one(picture, region) for region in regions]

    def _detect_one(self, picture: "Picture", region: Box) -> list[Detection]:
        tensor, geometry = self.prepare(picture, region)
        return self.decode(self.infer(tensor), 0, geometry)

    def prepare(self, picture: "Picture", region: Box) -> tuple[Tensor, Geometry]:
        """See `Detector`."""
        return pixels.prepare(picture, region, self.input_size, self._preprocessing)

    def infer(self, batch: Tensor) -> Sequence[Outputs]:
        """See `Detector`. Networks that take one picture at a time are run once for each."""
        return compute(self._runtime, self._plan, batch)

    def decode(self, outputs: Sequence[Outputs], index: int, geometry: Geometry) -> list[Detection]:
        """See `Detector`."""
        candidates = self._head.read(outputs[index], self._min_score, self._choose)
        if self._nms_iou is not None:
            candidates = suppress(best(candidates, MAX_SUPPRESSED), self._nms_iou)
        corners, scores, classes = best(candidates, self._max_boxes)
        boxes = geometry.to_picture(corners)
        seen = (boxes[:, 2] > 0) & (boxes[:, 3] > 0) & (classes >= 0) & (classes < len(self.labels))
        return [
            Detection(label, min(score, 1.0), Box(*box))
            for number, score, box in zip(
                classes[seen].tolist(), scores[seen].tolist(), boxes[seen].tolist(), strict=True
            )
            if (label := self.labels[number])
        ]


def compute(runtime: Runtime, plan: InputPlan, batch: Tensor) -> list[Outputs]:
    """Run the network and give each picture its own outputs, without the batch axis."""
    if len(batch) == 1:
        return [_without_batch_axis(runtime.run(plan.feeds(batch)))]
    if not plan.batched:
        return [outputs for one in batch for outputs in compute(runtime, plan, one[None])]
    together = runtime.run(plan.feeds(batch))
    if any(len(output) != len(batch) for output in together):
        return [outputs for one in batch for outputs in compute(runtime, plan, one[None])]
    return [[_float32(output[index]) for output in together] for index in range(len(batch))]


def _without_batch_axis(outputs: list[NDArray[Any]]) -> Outputs:
    """Some exports have no batch axis at all: then every output has two axes."""
    if all(output.ndim == 2 for output in outputs):
        return [_float32(output) for output in outputs]
    return [_float32(output[0]) for output in outputs]


def _float32(output: NDArray[Any]) -> NDArray[Any]:
    return output.astype(np.float32) if output.dtype == np.float16 else output
