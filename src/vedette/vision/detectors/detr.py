"""The DETR family: a fixed number of queries, no suppression.

Two forms: finished `labels`, `boxes`, `scores` in the pixels of a size given as a second input (RT-DETR and
D-FINE, exported by their authors), or class logits (queries, classes) and boxes (queries, 4) as centre and
size relative to the input (RF-DETR `dets` and `labels`, Hugging Face `logits` and `pred_boxes`).
"""

import numpy as np

from vedette.vision.detectors.base import Candidates, ClassChoice, Family, Outputs, Preprocessing, Probe, Size
from vedette.vision.detectors.scores import around, logit, sigmoid

MIN_QUERIES, MAX_QUERIES = 10, 1000


class FinishedQueryHead:
    """Outputs `labels` (N,), `boxes` (N, 4: corners), `scores` (N,), in any order."""

    nms_iou: float | None = None
    classes = 0

    def __init__(self, order: tuple[int, int, int]) -> None:
        self._order = order

    def read(self, outputs: Outputs, min_score: float, _choose: ClassChoice) -> Candidates:
        """See `Head`."""
        labels, boxes, scores = (outputs[position] for position in self._order)
        rows = np.flatnonzero(scores >= min_score)
        return Candidates(boxes[rows], scores[rows], labels[rows].astype(np.intp))


class QueryHead:
    """Class logits (N, classes) and relative boxes (N, 4); a query may report several classes."""

    nms_iou: float | None = None

    def __init__(self, size: Size, classes: int, boxes_at: int, logits_at: int) -> None:
        self.classes = classes
        self._size = np.array(size, dtype=np.float32)
        self._boxes_at, self._logits_at = boxes_at, logits_at

    def read(self, outputs: Outputs, min_score: float, choose: ClassChoice) -> Candidates:
        """See `Head`. Logits are compared as they are; the sigmoid is taken of those that pass."""
        logits, boxes = outputs[self._logits_at], outputs[self._boxes_at]
        rows, classes = choose(logits, logit(min_score))
        corners = around(boxes[rows, :2] * self._size, boxes[rows, 2:] * self._size)
        return Candidates(corners, sigmoid(logits[rows, classes]), classes)


class JoinedQueryHead:
    """One output (N, 4 + classes): relative centre, size and class scores (RT-DETR by Ultralytics)."""

    nms_iou: float | None = None

    def __init__(self, size: Size, classes: int) -> None:
        self.classes = classes
        self._size = np.array(size, dtype=np.float32)

    def read(self, outputs: Outputs, min_score: float, choose: ClassChoice) -> Candidates:
        """See `Head`."""
        rows, classes = choose(outputs[0][:, 4:], min_score)
        boxes = outputs[0][rows]
        corners = around(boxes[:, :2] * self._size, boxes[:, 2:4] * self._size)
        return Candidates(corners, boxes[np.arange(len(rows)), 4 + classes], classes)


def recognise(probe: Probe) -> FinishedQueryHead | QueryHead | JoinedQueryHead | None:
    """By names where the authors give finished boxes, else by shapes."""
    names, outputs = list(probe.names), probe.outputs
    if len(outputs) == 3 and {"labels", "boxes", "scores"} <= set(names):
        return FinishedQueryHead((names.index("labels"), names.index("boxes"), names.index("scores")))
    if len(outputs) == 1:
        return _joined(probe.size, outputs[0])
    return _pair(probe.size, probe.outputs) if len(outputs) == 2 else None


def _pair(size: Size, outputs: Outputs) -> QueryHead | None:
    """Boxes and logits of the same queries; when both have four columns, boxes are those within 0 to 1."""
    if any(output.ndim != 2 for output in outputs) or len(outputs[0]) != len(outputs[1]):
        return None
    candidates = [at for at, output in enumerate(outputs) if output.shape[1] == 4 and _relative(output)]
    if not candidates or not MIN_QUERIES <= len(outputs[0]) <= MAX_QUERIES:
        return None
    boxes_at = candidates[0]
    return QueryHead(size, outputs[1 - boxes_at].shape[1], boxes_at, 1 - boxes_at)


def _joined(size: Size, output: np.ndarray) -> JoinedQueryHead | None:
    if output.ndim != 2 or not MIN_QUERIES <= len(output) <= MAX_QUERIES:
        return None
    if output.shape[1] <= 7 or not _relative(output):
        return None
    return JoinedQueryHead(size, output.shape[1] - 4)


def _relative(output: np.ndarray) -> bool:
    return output.size > 0 and bool(output.min() >= -0.01 and output.max() <= 1.01)


def recognise_rfdetr(probe: Probe) -> QueryHead | None:
    """By the names its exporter gives: `dets` and `labels`."""
    return _pair(probe.size, probe.outputs) if {"dets", "labels"} == set(probe.names) else None


FAMILY = Family("detr", Preprocessing(fit="stretch", color="rgb"), recognise)
RFDETR = Family(
    "rfdetr",
    Preprocessing(fit="stretch", color="rgb", mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)),
    recognise_rfdetr,
)
