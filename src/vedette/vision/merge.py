"""Regions of one picture overlap: what was seen in several of them is told once, and whole."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import Box, BoxArray, as_array, iou_matrix
from vedette.domain.messages import Detection

EDGE = 0.02
"""A box that ends this close to its region's edge, as a share of the region, may be cut by it."""
SAME_IOU = 0.55
SAME_COVER = 0.75
"""A cut box of which this share lies in another box of its label shows a part of that object."""
CUT_WORTH = 0.7
"""What the score of a cut box counts against that of a whole one."""
WEAKER = 0.5
"""A box with less than this share of the cut one's score does not replace it."""

Flags = NDArray[np.bool_]


def merge_regions(
    per_region: Sequence[Sequence[Detection]], regions: Sequence[Box], size: tuple[int, int]
) -> list[Detection]:
    """The objects of a picture from those of its regions, best first.

    Boxes are clipped to the picture. A box that an inner edge of its region cuts gives way to a larger box of
    its label that holds most of it; then the best of those that overlap much stays, where cut ones count for
    less. Boxes of the same region never rival: the model has told them apart.

    Args:
        per_region: the detections of each region, in picture pixels.
        regions: picture pixels.
        size: width and height of the picture.
    """
    found, cut, region_of = _gather(per_region, regions, size)
    if len(found) < 2:
        return found
    boxes = as_array([detection.box for detection in found])
    labels = np.array([detection.label for detection in found])
    scores = np.array([detection.score for detection in found])
    rivals = (labels[:, None] == labels) & (region_of[:, None] != region_of)
    kept = np.flatnonzero(~_is_part(boxes, scores, cut, rivals))
    worth = scores * np.where(cut, CUT_WORTH, 1.0)
    chosen = _suppress(kept[np.argsort(-worth[kept], kind="stable")], boxes, rivals)
    return sorted((found[at] for at in chosen), key=lambda detection: -detection.score)


def _gather(
    per_region: Sequence[Sequence[Detection]], regions: Sequence[Box], size: tuple[int, int]
) -> tuple[list[Detection], Flags, NDArray[np.int_]]:
    """All detections inside the picture, whether an inner edge cuts them, and the number of their region."""
    found, cut, region_of = [], [], []
    for number, (detections, region) in enumerate(zip(per_region, regions, strict=True)):
        for detection in detections:
            box = detection.box.clipped(*size)
            if box.area > 0:
                found.append(Detection(detection.label, detection.score, box))
                cut.append(_is_cut(box, region, size))
                region_of.append(number)
    return found, np.array(cut, dtype=bool), np.array(region_of)


def _is_cut(box: Box, region: Box, size: tuple[int, int]) -> bool:
    """Whether the box ends at an edge of its region that is not an edge of the picture."""
    x_margin, y_margin = region.width * EDGE, region.height * EDGE
    return (
        (region.x > 1 and box.x - region.x < x_margin)
        or (region.y > 1 and box.y - region.y < y_margin)
        or (region.right < size[0] - 1 and region.right - box.right < x_margin)
        or (region.bottom < size[1] - 1 and region.bottom - box.bottom < y_margin)
    )


def _is_part(boxes: BoxArray, scores: NDArray[np.float64], cut: Flags, rivals: Flags) -> Flags:
    """Cut boxes that lie mostly in a larger rival, itself cut or not, that is not much weaker."""
    area = np.prod(boxes[:, 2:], axis=1)
    stands = rivals & (area > area[:, None]) & (scores >= WEAKER * scores[:, None])
    return np.asarray(cut & (stands & (_cover(boxes) >= SAME_COVER)).any(axis=1))


def _cover(boxes: BoxArray) -> NDArray[np.float64]:
    """The share of each box (rows) that lies in each other (columns)."""
    ends = boxes[:, :2] + boxes[:, 2:]
    overlap = np.minimum(ends[:, None], ends[None]) - np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    shared = np.prod(np.clip(overlap, 0, None), axis=2)
    return np.asarray(shared / np.prod(boxes[:, 2:], axis=1)[:, None])


def _suppress(order: NDArray[np.intp], boxes: BoxArray, rivals: Flags) -> list[int]:
    """Greedy suppression in this order."""
    overlapping = (iou_matrix(boxes, boxes) >= SAME_IOU) & rivals
    chosen: list[int] = []
    for at in order.tolist():
        if not overlapping[at, chosen].any():
            chosen.append(at)
    return chosen
