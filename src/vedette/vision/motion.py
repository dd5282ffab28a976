"""Where something moves in the frames that are analysed."""

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import Box
from vedette.vision.change import NEIGHBOURS, OBJECT_CELLS, ChangeModel
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
        before, self._before = self._before, change.foreign | change.moving
        if not change.foreign.any():
            return Motion(scene_changed=change.scene_changed)
        height, width = luma.shape
        found = _boxes(change.foreign, before)
        boxes = (box.scaled(change.cell, change.cell).clipped(width, height) for box in found)
        return Motion(tuple(boxes), float(change.foreign.mean()) if found else 0.0)

    def reset(self) -> None:
        """Forget the scene: another stream, another view."""
        self._model.reset()
        self._before = None


def _boxes(mask: Mask, before: Mask | None) -> list[Box]:
    """Boxes of the clusters in cells; parts that nearly touch are one.

    Small ones that come from nowhere (rain, snow, sparks) have none: `before` tells where something was.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(mask, NEIGHBOURS), ltype=cv2.CV_16U)
    lasting = stats[:, cv2.CC_STAT_AREA] >= OBJECT_CELLS
    if before is not None and before.shape == mask.shape:
        near = cv2.dilate(before, STRIDE)
        lasting |= np.bincount((labels * near).ravel(), minlength=len(lasting)) > 0
    found = [_without_rim(row[:4], mask.shape) for row in stats[1:][lasting[1:]].tolist()]
    return sorted(_joined(found), key=lambda box: -box.area)


def _without_rim(extent: tuple[int, int, int, int], shape: tuple[int, ...]) -> Box:
    """The box of a cluster without the cell around it that `dilate` added, where there was room for one."""
    x, y, width, height = extent
    left, top = x + (x > 0), y + (y > 0)
    right, bottom = x + width - (x + width < shape[1]), y + height - (y + height < shape[0])
    return Box(left, top, right - left, bottom - top)


def _joined(boxes: list[Box]) -> list[Box]:
    done: list[tuple[Box, Box]] = []
    todo = list(boxes)
    while todo:
        box = todo.pop()
        reach = box.grown(REACH)
        near = next((i for i, (_, other) in enumerate(done) if reach.intersection_area(other) > 0), -1)
        if near < 0:
            done.append((box, reach))
        else:
            todo.append(done.pop(near)[0].union(box))
    return [box for box, _ in done]
