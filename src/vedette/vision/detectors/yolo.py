"""YOLO v5 to v11 and their kin, as Ultralytics and the original authors export them.

Three forms: rows of centre, size, objectness and classes (v5, v6, v7); columns of centre, size and classes
(v8, v9, v11); finished boxes (v10 and "end to end" exports). All in input pixels.
"""

import numpy as np

from vedette.vision.detectors import grid
from vedette.vision.detectors.base import Candidates, ClassChoice, Family, Outputs, Preprocessing, Probe
from vedette.vision.detectors.scores import around

STRIDES = (8, 16, 32)
LARGE_STRIDES = (8, 16, 32, 64)
ANCHORS = 3
MAX_FINISHED = 1000
UNKNOWN_CLASSES = 0
"""Finished boxes do not tell how many classes there are; the labels do."""


class AnchorHead:
    """Rows (N, 5 + classes): centre, size, objectness, classes."""

    nms_iou: float | None = 0.6

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def read(self, outputs: Outputs, min_score: float, choose: ClassChoice) -> Candidates:
        """See `Head`."""
        likely = outputs[0][outputs[0][:, 4] >= min_score]
        scores = likely[:, 5:] * likely[:, 4:5]
        rows, classes = choose(scores, min_score)
        return Candidates(around(likely[rows, :2], likely[rows, 2:4]), scores[rows, classes], classes)


class ColumnHead:
    """Columns (4 + classes, N): centre, size, classes; `transposed` for exports that hold them as rows."""

    nms_iou: float | None = 0.6

    def __init__(self, classes: int, *, transposed: bool = False) -> None:
        self.classes, self._transposed = classes, transposed

    def read(self, outputs: Outputs, min_score: float, choose: ClassChoice) -> Candidates:
        """See `Head`."""
        columns = outputs[0].T if self._transposed else outputs[0]
        rows, classes = choose(columns[4:].T, min_score)
        boxes = columns[:4, rows].T
        return Candidates(around(boxes[:, :2], boxes[:, 2:]), columns[4 + classes, rows], classes)


class FinishedHead:
    """Rows (N, 6): corners, score, class; or (N, 7) as YOLOv7 has it: picture, corners, class, score."""

    nms_iou: float | None = None
    classes = UNKNOWN_CLASSES

    def read(self, outputs: Outputs, min_score: float, _choose: ClassChoice) -> Candidates:
        """See `Head`."""
        rows = outputs[0]
        if rows.shape[1] == 7:
            rows = rows[:, [1, 2, 3, 4, 6, 5]]
        rows = rows[rows[:, 4] >= min_score]
        return Candidates(rows[:, :4], rows[:, 4], rows[:, 5].astype(np.intp))


def recognise(probe: Probe) -> AnchorHead | ColumnHead | FinishedHead | None:
    """Told apart by the number of rows, which is the number of cells, anchors or finished boxes."""
    outputs = probe.outputs
    if len(outputs) != 1 or outputs[0].ndim != 2:
        return None
    first, second = outputs[0].shape
    counts = {sum(grid.cell_counts(probe.size, strides)) for strides in (STRIDES, LARGE_STRIDES)}
    if first in {ANCHORS * count for count in counts} and second > 5:
        return AnchorHead(second - 5)
    if second in counts and first > 4:
        return ColumnHead(first - 4)
    if first in counts and second > 4:
        return _rows_of_cells(outputs[0])
    finished = second == 7 or (second == 6 and first <= MAX_FINISHED)
    return FinishedHead() if finished else None


def _rows_of_cells(output: np.ndarray) -> AnchorHead | ColumnHead:
    """YOLOv6 has an objectness column, all ones; transposed v8 exports have none."""
    if output.shape[1] > 5 and np.allclose(output[:, 4], 1):
        return AnchorHead(output.shape[1] - 5)
    return ColumnHead(output.shape[1] - 4, transposed=True)


FAMILY = Family("yolo", Preprocessing(fit="centre", color="rgb"), recognise)
