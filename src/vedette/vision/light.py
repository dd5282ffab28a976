"""What a change of light can explain, and what it cannot.

Works on cells: the means of small squares of a luma plane, float32, with a pedestal so that the ratio of
two nearly black cells stays finite. Two models of the light are tried, and a cell counts as changed only by
what both leave over:

- one gain for the whole picture (exposure, most light switches; uneven light stays unexplained), and
- the gain of the cell's own neighbourhood (any smooth light; it bleeds around strong objects).
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Mask = NDArray[np.uint8]
Places = NDArray[np.intp]

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
    """Means of squares of `cell` pixels of a luma plane (h, w), to whole grey levels, on the pedestal.

    Returns: shape (h // cell, w // cell).
    """
    rows, cols = max(1, luma.shape[0] // cell), max(1, luma.shape[1] // cell)
    means = luma.astype(np.float32)
    while means.shape[0] % (2 * rows) == 0 == means.shape[1] % (2 * cols):
        means = _shrunk(means, means.shape[0] // 2, means.shape[1] // 2)  # several times faster than at once
    if means.shape != (rows, cols):
        means = _shrunk(means, rows, cols)
    return np.rint(means) + np.float32(PEDESTAL)


def _shrunk(plane: Plane, rows: int, cols: int) -> Plane:
    return np.asarray(cv2.resize(plane, (cols, rows), interpolation=cv2.INTER_AREA), np.float32)


def local_mean(cells: Plane) -> Plane:
    """The mean of every cell's neighbourhood."""
    return np.asarray(cv2.blur(cells, (NEIGHBOURHOOD, NEIGHBOURHOOD)))


def contrast(cells: Plane) -> Plane:
    """The range of every 3x3 cells: how much there is to tremble."""
    return np.asarray(cv2.morphologyEx(cells, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))


def rank(values: Plane, share: float) -> Plane:
    """The value that `share` of all lie below, per plane of (..., rows, cols)."""
    in_order = np.sort(values.reshape(*values.shape[:-2], -1))
    return np.asarray(in_order[..., int(in_order.shape[-1] * share)])


def overall_gain(cells: Plane, before: Plane) -> Plane:
    """The median ratio: the gain of the light, whatever moves in less than half of the picture.

    Args:
        cells: (rows, cols).
        before: (..., rows, cols) what it is compared with.
    """
    return rank(cells[::3, ::3] / before[..., ::3, ::3], 0.5)


class View(NamedTuple):
    """Pictures of cells, (rows, cols) or (N, rows, cols), and the means of their cells' neighbourhoods."""

    cells: Plane
    mean: Plane

    @classmethod
    def of(cls, cells: Plane) -> "View":
        """The view of one picture."""
        return cls(cells, local_mean(cells))

    def repeated(self, count: int) -> "View":
        """So many copies of one picture."""
        return View(np.stack([self.cells] * count), np.stack([self.mean] * count))

    def replace(self, index: int, view: "View") -> None:
        """Put one picture in the place of another."""
        self.cells[index], self.mean[index] = view

    def move(self, index: int, by: Plane) -> None:
        """Change the cells of one picture by so much."""
        self.cells[index] += by
        cv2.blur(self.cells[index], (NEIGHBOURHOOD, NEIGHBOURHOOD), dst=self.mean[index])


class Comparison:
    """A picture against several it is compared with, N memories.

    Attributes:
        overall: (N,) the gain of the whole picture.
        gains: (N, rows, cols) the gain of each cell's neighbourhood.
        by_picture: (N, rows, cols) squared grey levels that one gain for the whole picture leaves.
        unexplained: (N, rows, cols) squared grey levels that no model explains. The inside of a large plain
            object is explained by its neighbourhood, but not by the whole picture.
    """

    def __init__(self, now: View, memories: View) -> None:
        self._texture, self._memories = now.cells - now.mean, memories
        self.gains: Plane = now.mean / memories.mean
        self.overall = overall_gain(now.cells, memories.cells)
        self.by_picture: Plane = _squares(now.cells, self.overall[:, None, None] * memories.cells)
        by_neighbourhood = _squares(now.cells, self.gains * memories.cells)
        self.unexplained: Plane = np.minimum(by_neighbourhood, self.by_picture, out=by_neighbourhood)

    def similarities(self, index: int, where: Places, numbers: Places) -> NDArray[np.float64]:
        """Normalised correlation, -1 to 1, of contrast per cluster: 1 is the same texture in any light.

        Args:
            index: of the memory.
            where: flat indices of cells.
            numbers: the cluster of each of them.
        """
        now = self._texture.take(where)
        then = self._memories.cells[index].take(where) - self._memories.mean[index].take(where)
        energies = np.bincount(numbers, now * now) * np.bincount(numbers, then * then)
        return np.asarray(np.bincount(numbers, now * then) / np.sqrt(energies + 1.0))


def _squares(cells: Plane, expected: Plane) -> Plane:
    """Squared differences, in the place of what was expected: no more memory is touched than needed."""
    np.subtract(cells, expected, out=expected)
    return np.multiply(expected, expected, out=expected)


def has_switched(cells: Plane, before: Plane, moving: Mask) -> bool:
    """Whether the light changed so that nothing can be said of what moved.

    Args:
        cells: the picture now.
        before: the picture it is compared with.
        moving: cells that seem to have moved, 0 or 1: on a jump they tell a lamp from a car that made the
            exposure jump.
    """
    changed = cv2.absdiff(cells, before) > CHANGED_LEVELS
    share = int(np.count_nonzero(changed)) / cells.size
    if share < PARTIAL_SHARE:
        return False
    away = cells - before
    gain = float(overall_gain(cells, before))
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
