"""What changed between pictures, whatever the light does: the statistics under the gate and the motion step.

A picture is reduced to cells (80 across) and compared with three memories: the picture of a moment ago, a
short background (what stays is taken over within some 15 seconds) and a long one (the empty scene, kept for
minutes, so that an object that came and went leaves no ghost).

What the light does not explain (see `light`) is measured in units of the cell's own noise, which is learned
from what the camera shows while nothing moves (sensor, coding, leaves), and of the noise of the whole frame
(a keyframe disturbs all textured cells at once). An object is a cluster of such cells in which the texture
became another; each cell's contribution is capped, so that single speckles never make one.
"""

import math
from collections import deque

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.vision import light
from vedette.vision.clusters import NEIGHBOURS, Clusters, clustered, labelled, members, only, sized
from vedette.vision.light import Mask, Plane, View

CELLS_ACROSS = 80
MEMORY_S = 0.35
"""The picture of a moment ago is at least this old where there is one: slow objects move by then."""
FLOOR = 1.0
"""Smallest variance of a cell: what 8-bit rounding, scaling and coding leave of a perfect picture."""
EDGE_JITTER = 0.06
"""First guess of the noise at an edge, as a share of its contrast: trembling cameras, coding."""
DOUBT = 4.0
"""How many times the first guess is taken, until the noise is learned: encoders take a second to settle."""
QUIET = 9.0
"""Up to here, in variances, a cell counts as unchanged."""
LOUDEST = 400.0
"""Largest squared difference that the noise learns from."""
NOISE_LOOKS = 40
"""Looks that the noise is averaged over, once there were so many."""
OBJECT_CELLS = 24
"""Clusters of so many cells, their rims included, are no rain and teach the noise nothing."""
SAME_TEXTURE = 0.85
"""A cluster whose texture correlates so well with the memory is light or coding, not an object."""
SHORT_S, SHORT_FOREIGN_S = 2.0, 12.0
"""Time constant of the short background where the cell is quiet, and where it is not."""
SHORT_EVERY_S, LONG_EVERY_S = 0.3, 1.0
"""The backgrounds (and the noise with the short one) learn at most so often: their times are far longer."""
EARLY_LOOKS = 20
"""So many looks teach the noise however close they are, to replace the first guess."""
LONG_S, HIDDEN_STEP = 10.0, 0.3
"""The long one likewise; a hidden cell follows the light and creeps by this many grey levels per time
constant, so that minutes of a guest leave no trace."""
RECENT_S = 6.0
"""Foreign clusters count for so long after something moved in them: a camera that sags moves nothing."""


class Change(msgspec.Struct, frozen=True):
    """What one picture changed.

    Attributes:
        cells: (rows, cols) of 0 or 1: those that moved against a moment ago or are foreign.
        foreign: clusters that belong to no background, where something moved lately.
        scene_changed: the light changed over most of the picture; nothing else can be said.
        cell: luma pixels per cell.
    """

    cells: Mask
    foreign: Clusters
    scene_changed: bool
    cell: int


class ChangeModel:
    """The memory of one camera; `compare` takes luma planes in time order, at any pace."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next picture is the first."""
        self._size = (0, 0)
        self._looks = 0
        self._utc_s = self._short_utc_s = self._long_utc_s = -np.inf
        self._recent: deque[tuple[float, View]] = deque(maxlen=8)

    def compare(self, luma: NDArray[np.uint8], utc_s: float) -> Change:
        """Compare a luma plane (h, w) with what came before, and learn from it.

        A plane of another size, or a step back in time, starts anew.
        """
        if luma.shape != self._size or utc_s < self._utc_s:
            self.reset()
            self._size = (luma.shape[0], luma.shape[1])
        cell = max(1, round(luma.shape[1] / CELLS_ACROSS))
        now = View.of(light.cells_of(luma, cell))
        change = self._judge(now, utc_s, cell)
        self._recent.append((utc_s, now))
        self._utc_s = utc_s
        self._looks += 1
        return change

    def _judge(self, now: View, utc_s: float, cell: int) -> Change:
        cells = now.cells
        if not self._recent:
            self._begin(now, utc_s)
            return _nothing(cells, cell)
        self._memories.replace(0, self._moment_ago(utc_s))
        against = light.Comparison(now, self._memories)
        noise: Plane = np.square(against.gains)
        np.maximum(noise, 1.0, out=noise)
        noise *= self._noise
        strength = against.unexplained / noise
        if (louder := _frame_noise(strength[0])) > 1:
            strength /= louder
        moving = self._moving(strength, against)
        if light.has_switched(cells, self._memories.cells[0], moving):
            self._switch(now)
            return _nothing(cells, cell, scene_changed=True)
        beside = np.asarray(cv2.dilate(moving, NEIGHBOURS), np.uint8)
        self._moved_s[beside.view(np.bool_)] = utc_s
        foreign = self._foreign(strength, against, utc_s)
        changed = moving | foreign.mask
        elapsed_s = utc_s - self._short_utc_s
        if elapsed_s >= SHORT_EVERY_S or self._looks < EARLY_LOOKS:
            self._learn_noise(against.unexplained[0], changed)
        if elapsed_s >= SHORT_EVERY_S:
            self._learn_short(cells, against.by_picture[1] / noise[1] < QUIET, elapsed_s)
            self._short_utc_s = utc_s
        if (elapsed_s := utc_s - self._long_utc_s) >= LONG_EVERY_S:
            self._learn_long(cells, against.overall[2], against.by_picture[2] / noise[2] < QUIET, elapsed_s)
            self._long_utc_s = utc_s
        return Change(changed, foreign, False, cell)

    def _begin(self, now: View, utc_s: float) -> None:
        self._noise = DOUBT * _guessed_noise(now.cells)
        self._memories = now.repeated(3)
        self._moved_s = np.full(now.cells.shape, -np.inf)
        self._short_utc_s = self._long_utc_s = utc_s

    def _moving(self, strength: Plane, against: light.Comparison) -> Mask:
        mask = clustered(strength[0])
        if not cv2.countNonZero(mask):
            return mask
        labels = labelled(mask)
        similarities = against.similarities(0, *members(mask, labels))
        return only(mask, labels, similarities <= SAME_TEXTURE)

    def _foreign(self, strength: Plane, against: light.Comparison, utc_s: float) -> Clusters:
        mask = clustered(np.minimum(strength[1], strength[2]))
        if not cv2.countNonZero(mask):
            return Clusters.none(mask.shape)
        clusters = Clusters.of(mask)
        lately = clusters.touched(self._moved_s > utc_s - RECENT_S)
        other = against.similarities(1, clusters.where, clusters.numbers) <= SAME_TEXTURE
        return clusters.only(lately & other)

    def _moment_ago(self, utc_s: float) -> View:
        while len(self._recent) > 1 and utc_s - self._recent[1][0] >= MEMORY_S:
            self._recent.popleft()
        return self._recent[0][1]

    def _switch(self, now: View) -> None:
        self._recent.clear()
        self._memories = now.repeated(3)
        self._noise = DOUBT * _guessed_noise(now.cells)
        self._looks = 0

    def _learn_noise(self, squares: Plane, changed: Mask) -> None:
        """Learn from all cells but those of objects; slowly from small clusters, which may be rain."""
        rate = np.float32(1.0 / min(self._looks + 3, NOISE_LOOKS))
        news = squares.clip(FLOOR, LOUDEST) - self._noise
        if cv2.countNonZero(changed):
            labels, sizes = sized(changed)
            rates = (sizes < OBJECT_CELLS) / np.float32(NOISE_LOOKS)
            rates[0] = rate
            news *= rates.take(labels)
        else:
            news *= rate
        self._noise += news

    def _learn_short(self, cells: Plane, quiet: NDArray[np.bool_], elapsed_s: float) -> None:
        rates = np.where(quiet, _rate(elapsed_s, SHORT_S), _rate(elapsed_s, SHORT_FOREIGN_S))
        self._memories.move(1, rates * (cells - self._memories.cells[1]))

    def _learn_long(self, cells: Plane, gain: float, quiet: NDArray[np.bool_], elapsed_s: float) -> None:
        long = self._memories.cells[2]
        lit = gain * long
        hidden = lit + np.clip(cells - lit, -HIDDEN_STEP, HIDDEN_STEP)
        self._memories.move(2, _rate(elapsed_s, LONG_S) * (np.where(quiet, cells, hidden) - long))


def _rate(elapsed_s: float, time_constant_s: float) -> np.float32:
    return np.float32(-math.expm1(-elapsed_s / time_constant_s))


def _nothing(cells: Plane, cell: int, *, scene_changed: bool = False) -> Change:
    nothing = Clusters.none(cells.shape)
    return Change(nothing.mask, nothing, scene_changed, cell)


def _guessed_noise(cells: Plane) -> Plane:
    jitter = np.float32(EDGE_JITTER) * light.contrast(cells)
    return np.asarray(np.float32(FLOOR) + np.square(jitter), np.float32)


def _frame_noise(strength: Plane) -> float:
    """How much louder this frame is than the learned noise: its 80 % quantile over that of chi squared."""
    return min(max(float(light.rank(strength[::3, ::3], 0.8)) / 1.64, 1.0), 9.0)
