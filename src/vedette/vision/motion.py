"""Where something moves in the frames that are analysed."""

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import Box
from vedette.vision.change import OBJECT_CELLS, Change, ChangeModel
from vedette.vision.light import Mask

STRIDE = np.ones((11, 11), np.uint8)
"""A small object's cells were at most so far from their place one step ago."""
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
        before, self._before = self._before, change.cells
        foreign_cells = cv2.countNonZero(change.foreign.mask)
        boxes = _boxes(change, before) if foreign_cells else ()
        share = foreign_cells / change.cells.size if boxes else 0.0
        return Motion(tuple(boxes), share, change.scene_changed)

    def reset(self) -> None:
        """Forget the scene: another stream, another view."""
        self._model.reset()
        self._before = None


def _boxes(change: Change, before: Mask | None) -> list[Box]:
    """Boxes of the foreign clusters, in luma pixels; parts that nearly touch are one.

    Small ones that come from nowhere (rain, snow, sparks) have none: `before` tells where something was.
    """
    clusters = change.foreign
    lasting = clusters.sizes >= OBJECT_CELLS
    if before is not None and before.shape == clusters.mask.shape and not lasting.all():
        near = np.asarray(cv2.dilate(before, STRIDE), np.uint8)
        lasting |= clusters.touched(near.view(np.bool_))
    rows, cols = clusters.mask.shape
    found = [
        _without_rim(x, y, x + width, y + height, cols, rows)
        for x, y, width, height in clusters.extents[lasting & clusters.chosen].tolist()
    ]
    cell = change.cell
    boxes = [
        Box(x * cell, y * cell, (right - x) * cell, (bottom - y) * cell)
        for x, y, right, bottom in _joined(found)
    ]
    return sorted(boxes, key=lambda box: -box.area)


Edges = tuple[int, int, int, int]
"""Left, top, right and bottom of a box, in cells."""


def _without_rim(left: int, top: int, right: int, bottom: int, cols: int, rows: int) -> Edges:
    """The edges of a cluster without the cell around it that `dilate` added, where there was room for one."""
    return left + (left > 0), top + (top > 0), right - (right < cols), bottom - (bottom < rows)


def _joined(boxes: list[Edges]) -> list[Edges]:
    """The boxes, those that nearly touch as one."""
    done: list[Edges] = []
    while boxes:
        box = boxes.pop()
        for near in done:
            if _nearly_touch(box, near):
                done.remove(near)
                boxes.append(_around(box, near))
                break
        else:
            done.append(box)
    return done


def _around(a: Edges, b: Edges) -> Edges:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _nearly_touch(a: Edges, b: Edges) -> bool:
    """Whether boxes overlap when each grows by its share."""
    (a_left, a_top, a_right, a_bottom), (b_left, b_top, b_right, b_bottom) = a, b
    reach = REACH * (a_right - a_left + b_right - b_left)
    if a_left - b_right >= reach or b_left - a_right >= reach:
        return False
    reach = REACH * (a_bottom - a_top + b_bottom - b_top)
    return a_top - b_bottom < reach and b_top - a_bottom < reach
