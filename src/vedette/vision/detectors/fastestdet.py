"""FastestDet (github.com/dog-qiuqiu/FastestDet): one map (5 + classes, rows, columns) of stride 16."""

import numpy as np

from vedette.vision.detectors import grid
from vedette.vision.detectors.base import Candidates, ClassChoice, Family, Outputs, Preprocessing, Probe, Size
from vedette.vision.detectors.scores import around, sigmoid

STRIDE = 16
OBJECT_POWER, CLASS_POWER = 0.6, 0.4


class FastestDetHead:
    """Centre = cell + tanh, size = sigmoid of the picture, score = objectness^0.6 * class^0.4."""

    nms_iou: float | None = 0.45

    def __init__(self, size: Size, classes: int) -> None:
        self.classes = classes
        self._size = np.array(size, dtype=np.float32)
        self._cells, _ = grid.cells(size, (STRIDE,))

    def read(self, outputs: Outputs, min_score: float, choose: ClassChoice) -> Candidates:
        """See `Head`. A cell whose objectness alone cannot reach the score is not looked at."""
        cells = outputs[0].reshape(5 + self.classes, -1).T
        likely = np.flatnonzero(cells[:, 0] >= min_score ** (1 / OBJECT_POWER))
        kept = cells[likely]
        scores = kept[:, :1] ** OBJECT_POWER * kept[:, 5:] ** CLASS_POWER
        rows, classes = choose(scores, min_score)
        centres = (self._cells[likely[rows]] + np.tanh(kept[rows, 1:3])) * STRIDE
        sizes = sigmoid(kept[rows, 3:5]) * self._size
        return Candidates(around(centres, sizes), scores[rows, classes], classes)


def recognise(probe: Probe) -> FastestDetHead | None:
    """One output of three axes whose last two are the grid of stride 16."""
    columns, rows = grid.shapes(probe.size, (STRIDE,))[0]
    outputs = probe.outputs
    if len(outputs) != 1 or outputs[0].ndim != 3 or outputs[0].shape[1:] != (rows, columns):
        return None
    return FastestDetHead(probe.size, outputs[0].shape[0] - 5) if outputs[0].shape[0] > 5 else None


FAMILY = Family("fastestdet", Preprocessing(fit="stretch", color="bgr"), recognise)
