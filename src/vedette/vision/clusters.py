"""Changed cells that hang together."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.vision.light import Mask, Places, Plane

CAP = 16.0
"""Most that one cell adds to a cluster, in variances."""
CLUSTER = 4 * CAP
"""What 3x3 cells must hold together: four strongly changed cells, or more weaker ones."""
WEAKEST = 4.5
"""Cells beside those belong to the cluster from here on, in variances."""
NEIGHBOURS = np.ones((3, 3), np.uint8)

Labels = NDArray[np.uint16]
Chosen = NDArray[np.bool_]
"""(count,) whether the cluster of this number is meant; number 0 is what lies around them."""


def clustered(strength: Plane) -> Mask:
    """The cells, 0 or 1, that are strong together."""
    capped = cv2.threshold(strength, CAP, 0, cv2.THRESH_TRUNC)[1]
    sums = cv2.boxFilter(capped, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    seeds = (sums >= CLUSTER).view(np.uint8)
    near = np.asarray(cv2.dilate(seeds, NEIGHBOURS), np.uint8)
    return near & (strength >= WEAKEST).view(np.uint8)


def labelled(mask: Mask) -> Labels:
    """Number the clusters of a mask from 1 on, each with a rim of one cell; 0 is around them."""
    rimmed = cv2.dilate(mask, NEIGHBOURS)
    return np.asarray(cv2.connectedComponents(rimmed, ltype=cv2.CV_16U)[1], np.uint16)


def sized(mask: Mask) -> tuple[Labels, NDArray[np.int32]]:
    """The numbered clusters, and how many cells each has, rims included."""
    labels, measures = _measured(mask)
    return labels, measures[:, cv2.CC_STAT_AREA]


def _measured(mask: Mask) -> tuple[Labels, NDArray[np.int32]]:
    rimmed = cv2.dilate(mask, NEIGHBOURS)
    _, labels, measures, _ = cv2.connectedComponentsWithStats(rimmed, ltype=cv2.CV_16U)
    return np.asarray(labels, np.uint16), np.asarray(measures, np.int32)


def members(mask: Mask, labels: Labels) -> tuple[Places, Places]:
    """Where the cells of the clusters are, as flat indices, and the number of each one's cluster."""
    (where,) = mask.view(np.bool_).ravel().nonzero()
    return where, labels.take(where).astype(np.intp)


def only(mask: Mask, labels: Labels, chosen: Chosen) -> Mask:
    """The cells of the mask that are in chosen clusters."""
    return mask if chosen[1:].all() else mask & chosen.view(np.uint8).take(labels)


class Clusters(NamedTuple):
    """The clusters of a mask, measured.

    Attributes:
        mask: (rows, cols) of 0 or 1: their cells, without the rims.
        labels: (rows, cols) as `labelled` gives them; dropped clusters still have their number there.
        where: flat indices of their cells.
        numbers: the cluster of each of these.
        extents: (count, 4) x, y, width and height by number, rims included.
        sizes: (count,) cells, rims included.
        chosen: those whose cells are in the mask.
    """

    mask: Mask
    labels: Labels
    where: Places
    numbers: Places
    extents: NDArray[np.int32]
    sizes: NDArray[np.int32]
    chosen: Chosen

    @classmethod
    def of(cls, mask: Mask) -> "Clusters":
        """All clusters of a mask."""
        labels, measures = _measured(mask)
        chosen = np.arange(len(measures)) > 0
        return cls(mask, labels, *members(mask, labels), measures[:, :4], measures[:, 4], chosen)

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> "Clusters":
        """No clusters on a plane of this shape."""
        mask, labels = np.zeros(shape, np.uint8), np.zeros(shape, np.uint16)
        size = np.zeros(1, np.int32)
        return cls(mask, labels, *members(mask, labels), np.zeros((1, 4), np.int32), size, size > 0)

    def only(self, chosen: Chosen) -> "Clusters":
        """Some of them; the rest is dropped from the mask."""
        mask = only(self.mask, self.labels, chosen)
        return Clusters(mask, *self[1:-1], self.chosen & chosen)

    def touched(self, places: NDArray[np.bool_]) -> Chosen:
        """Which of them have a cell there."""
        found = np.zeros(len(self.chosen), np.bool_)
        found[self.numbers[places.take(self.where)]] = True
        return found
