"""NanoDet, NanoDet-Plus and PicoDet: box sides as distributions over bins (GFL, arXiv:2006.04388).

Each side is the mean of a softmax over 8 bins, times the stride. The three differ in the strides, in where
the centre of a cell lies, and in whether each grid has its own outputs.
"""

from collections.abc import Sequence

import numpy as np

from vedette.vision.detectors import grid
from vedette.vision.detectors.base import Candidates, ClassChoice, Family, Outputs, Preprocessing, Probe

SIDES = 4
BINS = np.arange(8, dtype=np.float32)
THREE_GRIDS = (8, 16, 32)
FOUR_GRIDS = (8, 16, 32, 64)


class BinHead:
    """Class maps and box-side distributions over the cells of several grids.

    Args:
        centres: input pixels of every cell's centre (N, 2).
        steps: stride of every cell (N, 1).
        joined: one output (N, classes + 32) instead of class maps followed by box maps.
    """

    nms_iou: float | None = 0.6

    def __init__(self, centres: np.ndarray, steps: np.ndarray, classes: int, *, joined: bool = False) -> None:
        self.classes = classes
        self._centres, self._steps, self._joined = centres, steps, joined

    def read(self, outputs: Outputs, min_score: float, choose: ClassChoice) -> Candidates:
        """See `Head`. Distributions are averaged only where the score is reached."""
        scores, sides = self._split(outputs)
        rows, classes = choose(scores, min_score)
        reach = _mean(sides[rows]) * self._steps[rows]
        centres = self._centres[rows]
        corners = np.concatenate((centres - reach[:, :2], centres + reach[:, 2:]), axis=1)
        return Candidates(corners, scores[rows, classes], classes)

    def _split(self, outputs: Outputs) -> tuple[np.ndarray, np.ndarray]:
        if self._joined:
            return outputs[0][:, : self.classes], outputs[0][:, self.classes :]
        half = len(outputs) // 2
        return np.concatenate(outputs[:half]), np.concatenate(outputs[half:])


def _mean(sides: np.ndarray) -> np.ndarray:
    """(N, 32) bin logits as (N, 4) distances in strides."""
    logits = sides.reshape(-1, SIDES, len(BINS))
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    return np.asarray((weights @ BINS) / weights.sum(axis=2))


def recognise_picodet(probe: Probe) -> BinHead | None:
    """Four class maps, then four box maps; the centre is the middle of the cell."""
    if (classes := _paired(probe, FOUR_GRIDS)) is None:
        return None
    cells, steps = grid.cells(probe.size, FOUR_GRIDS)
    return BinHead((cells + 0.5) * steps, steps, classes)


def recognise_nanodet(probe: Probe) -> BinHead | None:
    """Three class maps, then three box maps; or NanoDet-Plus with everything in one output of four grids."""
    if (classes := _paired(probe, THREE_GRIDS)) is not None:
        cells, steps = grid.cells(probe.size, THREE_GRIDS)
        return BinHead(cells * steps + (steps - 1) / 2, steps, classes)
    outputs = probe.outputs
    if len(outputs) == 1 and outputs[0].ndim == 2 and outputs[0].shape[1] > SIDES * len(BINS):
        cells, steps = grid.cells(probe.size, FOUR_GRIDS)
        if len(outputs[0]) == len(cells):
            return BinHead(cells * steps, steps, outputs[0].shape[1] - SIDES * len(BINS), joined=True)
    return None


def _paired(probe: Probe, strides: Sequence[int]) -> int | None:
    """The number of classes when there is one class map and one box map of each grid."""
    outputs = probe.outputs
    if len(outputs) != 2 * len(strides) or any(output.ndim != 2 for output in outputs):
        return None
    counts = grid.cell_counts(probe.size, strides)
    class_maps, box_maps = outputs[: len(strides)], outputs[len(strides) :]
    if [len(output) for output in class_maps] != counts or [len(output) for output in box_maps] != counts:
        return None
    if any(output.shape[1] != SIDES * len(BINS) for output in box_maps):
        return None
    widths = {output.shape[1] for output in class_maps}
    return widths.pop() if len(widths) == 1 else None


PICODET = Family(
    "picodet",
    Preprocessing(fit="stretch", color="rgb", mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)),
    recognise_picodet,
)
NANODET = Family(
    "nanodet",
    Preprocessing(
        fit="centre", color="bgr", mean=(103.53, 116.28, 123.675), std=(57.375, 57.12, 58.395), fill=0.0
    ),
    recognise_nanodet,
)
