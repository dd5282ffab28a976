"""What a change of light can explain, and what it cannot.

Works on cells: the means of small squares of a luma plane, float32, with a pedestal so that the ratio of
two nearly black cells stays finite. Two models of the light are tried, and a cell counts as changed only by
what both leave over:

- one gain for the whole picture (exposure, most light switches; uneven light stays unexplained), and
- the gain of the cell's own neighbourhood (any smooth light; it bleeds around strong objects).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Mask = NDArray[np.uint8]
Labels = NDArray[np.int32]

PEDESTAL = 4.0
NEIGHBOURHOOD = 9
"""Cells across the window in which the light is taken as even."""
CHANGED_LEVELS = 6.0
"""A cell that changed by more grey levels saw the light change."""
JUMP_GAIN, JUMP_SHARE = 1.17, 0.5
"""Smallest gain (or its inverse) and share of the picture of a switched light or a jump of the exposure."""
PARTIAL_GAIN, PARTIAL_SHARE = 1.04, 0.25
"""The same for a light that reaches a part of the scene: the rest brightens a little with it."""
CERTAIN_GAIN = 2.5
"""No object makes the exposure of a camera jump so far between two looks."""
AGAINST_SHARE = 0.02
"""Light moves all cells one way. An object that moves the exposure goes, itself, also the other way."""
ANY_LEVELS, ANY_SHARE = 2.0, 0.002
"""A partial light moves next to none of the whole picture the other way, not even by so many levels."""


def cells_of(luma: NDArray[np.uint8], cell: int) -> Plane:
    """Means of squares of `cell` pixels of a luma plane (h, w): shape (h // cell, w // cell)."""
    rows, cols = max(1, luma.shape[0] // cell), max(1, luma.shape[1] // cell)
    means = cv2.resize(luma, (cols, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(means.astype(np.float32) + np.float32(PEDESTAL))


def local_mean(cells: Plane) -> Plane:
    """The mean of every cell's neighbourhood."""
    return np.asarray(cv2.blur(cells, (NEIGHBOURHOOD, NEIGHBOURHOOD)))


def contrast(cells: Plane) -> Plane:
    """The range of every 3x3 cells: how much there is to tremble."""
    return np.asarray(cv2.morphologyEx(cells, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))


def rank(values: Plane, share: float) -> float:
    """The value that `share` of all lie below."""
    flat = values.ravel()
    index = int(len(flat) * share)
    return float(np.partition(flat, index)[index])


def overall_gain(cells: Plane, before: Plane) -> float:
    """The median ratio: the gain of the light, whatever moves in less than half of the picture."""
    return rank(cells[::3, ::3] / before[::3, ::3], 0.5)


class Comparison:
    """A picture against several it is compared with, N memories.

    Attributes:
        overall: (N,) the gain of the whole picture.
        gains: (N, rows, cols) the gain of each cell's neighbourhood.
        by_picture: (N, rows, cols) squared grey levels that one gain for the whole picture leaves.
        unexplained: (N, rows, cols) squared grey levels that no model explains. The inside of a large plain
            object is explained by its neighbourhood, but not by the whole picture.
    """

    def __init__(self, cells: Plane, memories: Plane) -> None:
        self._cells, self._memories = cells, memories
        self._mean = local_mean(cells)
        self._means = np.array([local_mean(memory) for memory in memories])
        self.gains: Plane = np.divide(self._mean, self._means)
        self.overall = np.array([overall_gain(cells, memory) for memory in memories], np.float32)
        self.by_picture: Plane = np.square(cells - self.overall[:, None, None] * memories)
        by_neighbourhood = np.square(cells - self.gains * memories)
        self.unexplained: Plane = np.minimum(by_neighbourhood, self.by_picture)

    def similarities(self, index: int, labels: Labels) -> NDArray[np.float64]:
        """Normalised correlation, -1 to 1, of contrast per label: 1 is the same texture in any light."""
        where = np.flatnonzero(labels)
        label = labels.ravel()[where]
        now = (self._cells - self._mean).ravel()[where]
        then = (self._memories[index] - self._means[index]).ravel()[where]
        shared, energy, energy_then = (
            np.bincount(label, product) for product in (now * then, now * now, then * then)
        )
        return np.asarray(shared / np.sqrt(energy * energy_then + 1.0))


def has_switched(cells: Plane, before: Plane, moving: Mask) -> bool:
    """Whether the light changed so that nothing can be said of what moved.

    Args:
        cells: the picture now.
        before: the picture it is compared with.
        moving: cells that seem to have moved, 0 or 1: on a jump they tell a lamp from a car that made the
            exposure jump.
    """
    away = cells - before
    share = float(np.mean(np.abs(away) > CHANGED_LEVELS))
    if share < PARTIAL_SHARE:
        return False
    gain = overall_gain(cells, before)
    fold = max(gain, 1 / gain)
    jumped = fold >= JUMP_GAIN and share >= JUMP_SHARE
    if not moving.any() or (jumped and fold >= CERTAIN_GAIN):
        return jumped
    if not jumped and fold < PARTIAL_GAIN:
        return False
    against = away * np.float32(np.sign(1 - gain))
    if not jumped and float(np.mean(against > ANY_LEVELS)) > ANY_SHARE:
        return False
    return float(np.mean(against[moving > 0] > CHANGED_LEVELS)) < AGAINST_SHARE
