"""YOLOX (Ge et al., 2021, arXiv:2107.08430): one output (cells, 5 + classes), not yet placed on the grid."""

import numpy as np

from vedette.vision.detectors import grid
from vedette.vision.detectors.base import Candidates, ClassChoice, Family, Outputs, Preprocessing, Probe, Size
from vedette.vision.detectors.scores import around

STRIDES = (8, 16, 32)
MAX_RAW_OFFSET = 16.0
"""Raw centres are offsets of a few cells; decoded ones (YOLOv6) are pixels and soon exceed it."""


class YoloxHead:
    """Centre = (raw + cell) * stride, size = exp(raw) * stride, score = objectness * class."""

    nms_iou: float | None = 0.65

    def __init__(self, size: Size, classes: int) -> None:
        self.classes = classes
        self._cells, self._strides = grid.cells(size, STRIDES)

    def read(self, outputs: Outputs, min_score: float, choose: ClassChoice) -> Candidates:
        """See `Head`. Scores first: few cells are ever placed."""
        output = outputs[0]
        likely = np.flatnonzero(output[:, 4] >= min_score)
        scores = output[likely, 5:] * output[likely, 4:5]
        rows, classes = choose(scores, min_score)
        cells = likely[rows]
        centres = (output[cells, :2] + self._cells[cells]) * self._strides[cells]
        sizes = np.exp(np.minimum(output[cells, 2:4], 20)) * self._strides[cells]
        return Candidates(around(centres, sizes), scores[rows, classes], classes)


def recognise(probe: Probe) -> YoloxHead | None:
    """One output of as many rows as the grids have cells, at least six columns, raw centres."""
    outputs = probe.outputs
    if len(outputs) != 1 or outputs[0].ndim != 2 or outputs[0].shape[1] < 6:
        return None
    if len(outputs[0]) != sum(grid.cell_counts(probe.size, STRIDES)):
        return None
    if np.abs(outputs[0][:, :2]).max() > MAX_RAW_OFFSET:
        return None
    return YoloxHead(probe.size, outputs[0].shape[1] - 5)


FAMILY = Family(
    "yolox",
    Preprocessing(fit="top_left", color="bgr", std=(1.0, 1.0, 1.0), fill=114.0),
    recognise,
)
