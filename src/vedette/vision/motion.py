"""Where something moves in the frames that are analysed."""

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import Box
from vedette.vision.change import OBJECT_CELLS, Change, ChangeModel, labelled
from vedette.vision.light import Mask

STRIDE = np.ones((9, 9), np.uint8)
"""A small object was at most so many cells around its place one step ago."""
REACH = 0.08
"""Boxes that overlap when each grows by this share of its size are parts of one object."""


class Motion(msgspec.Struct, frozen=True):
    """What moved in one frame.

    Attributes:
        boxes: of the moving areas, in pixels of the luma plane, largest first.
        changed_share: of the picture, 0 to 1.
        scene_changed: the light changed; there are no boxes then.
    """

    boxes: tuple[Box, ...] = ()
    changed_share: float = 0.0
    scene_changed: bool = False


class MotionDetector:
    """Boxes of what belongs to no background, from luma planes 0.1 to 0.5 s apart (any pace works).

    What stops stays for some 15 seconds and then becomes background; what leaves uncovers a background that
    is remembered for minutes, so it leaves nothing behind.
    """

    def __init__(self) -> None:
        self._model = ChangeModel()
        self._before: Mask | None = None

    def step(self, luma: NDArray[np.uint8], utc_s: float) -> Motion:
        """Look at the luma plane (h, w) of the next frame; another size starts anew."""
        change = self._model.compare(luma, utc_s)
        foreign = self._lasting(change)
        if not foreign.any():
            return Motion(scene_changed=change.scene_changed)
        height, width = luma.shape
        boxes = (box.scaled(change.cell, change.cell).clipped(width, height) for box in _boxes(foreign))
        return Motion(tuple(boxes), float(foreign.mean()))

    def reset(self) -> None:
        """Forget the scene: another stream, another view."""
        self._model.reset()
        self._before = None

    def _lasting(self, change: Change) -> Mask:
        """The foreign clusters but those that are small and come from nowhere: rain, snow, sparks."""
        before, self._before = self._before, change.foreign | change.moving
        if not change.foreign.any() or before is None or before.shape != change.foreign.shape:
            return change.foreign
        labels = labelled(change.foreign)
        kept = np.bincount(labels.ravel()) >= OBJECT_CELLS
        kept[labels[cv2.dilate(before, STRIDE) > 0]] = True
        return np.asarray(change.foreign & kept[labels], np.uint8)


def _boxes(mask: Mask) -> list[Box]:
    """Boxes of the clusters in cells: parts that nearly touch are one."""
    labels = labelled(mask)
    found = [_extent((labels == label) & (mask > 0)) for label in range(1, int(labels.max()) + 1)]
    return sorted(_joined(found), key=lambda box: -box.area)


def _extent(where: NDArray[np.bool_]) -> Box:
    rows, cols = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    left, top = int(cols[0]), int(rows[0])
    return Box(left, top, int(cols[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def _joined(boxes: list[Box]) -> list[Box]:
    done: list[Box] = []
    todo = list(boxes)
    while todo:
        box = todo.pop()
        reach = box.grown(REACH)
        near = next(
            (i for i, other in enumerate(done) if reach.intersection_area(other.grown(REACH)) > 0), -1
        )
        if near < 0:
            done.append(box)
        else:
            todo.append(done.pop(near).union(box))
    return done
