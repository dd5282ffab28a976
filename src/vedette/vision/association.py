"""How well boxes and labels of successive pictures fit together, for every pair at once."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import Box, BoxArray, as_array, iou_matrix
from vedette.domain.messages import Detection

Array = NDArray[np.float64]

SIMILAR_LABELS: Final = (
    ("car", "truck", "bus", "train"),
    ("bicycle", "motorcycle"),
    ("cat", "dog", "sheep", "horse", "cow", "bear"),
)
"""Labels that detectors take for one another from one picture to the next."""

_GROUP: Final = {label: group[0] for group in SIMILAR_LABELS for label in group}
_SIMILAR_LABEL_COST: Final = 0.05
_OTHER_LABEL_COST: Final = 0.6  # only in nearly the same box: in the dark a dog is called a person at times
_SAME_OBJECT_IOU: Final = 0.65
_SAME_BOX_IOU: Final = 0.8
_HALF_IOU: Final = 0.5
_INSIDE: Final = 0.9
_MOSTLY: Final = 0.6


def overlap(first: BoxArray, second: BoxArray, growth: Array) -> Array:
    """Intersection over union of every pair of boxes grown by `growth` pixels on each side.

    Args:
        first: shape (N, 4).
        second: shape (M, 4).
        growth: shape (N,), for the pairs of that row.

    Returns:
        Shape (N, M), 0 to 1.
    """
    shared = np.ones((len(first), len(second)))
    areas = np.ones((len(first), 1)), np.ones((len(first), len(second)))
    for axis in (0, 1):
        ours = (first[:, 2 + axis] + 2 * growth)[:, None]
        theirs = second[None, :, 2 + axis] + 2 * growth[:, None]
        distance = np.abs(
            (first[:, axis] + first[:, 2 + axis] / 2)[:, None]
            - (second[:, axis] + second[:, 2 + axis] / 2)[None, :]
        )
        shared *= np.clip(np.minimum((ours + theirs) / 2 - distance, np.minimum(ours, theirs)), 0, None)
        areas = areas[0] * ours, areas[1] * theirs
    result: Array = shared / (areas[0] + areas[1] - shared)
    return result


def likeness(first: BoxArray, second: BoxArray) -> Array:
    """How alike the sizes of every pair are, shape (N, M): 1 for equal, the share for smaller and larger."""
    ours, theirs = first[:, None, 2:], second[None, :, 2:]
    result: Array = np.prod(np.minimum(ours, theirs) / np.maximum(ours, theirs), axis=2)
    return result


def was_looked_for(
    boxes: BoxArray, regions: BoxArray, frame: tuple[float, float] | None
) -> NDArray[np.bool_]:
    """Whether each box was mostly covered by one region, or lies mostly outside the frame.

    Args:
        boxes: shape (N, 4).
        regions: shape (M, 4).
        frame: width and height of the picture, None when unknown.

    Returns:
        Shape (N,).
    """
    left = np.zeros(len(boxes), dtype=bool)
    if frame is not None:
        clipped = _clipped(boxes, frame)
        left = np.prod(clipped[:, 2:], axis=1) < (1 - _MOSTLY) * np.prod(boxes[:, 2:], axis=1)
        boxes = clipped
    if not len(regions):
        return left
    top_left = np.maximum(boxes[:, None, :2], regions[None, :, :2])
    bottom_right = np.minimum(
        boxes[:, None, :2] + boxes[:, None, 2:], regions[None, :, :2] + regions[None, :, 2:]
    )
    shared = np.prod(np.clip(bottom_right - top_left, 0, None), axis=2).max(axis=1)
    covered: NDArray[np.bool_] = shared >= _MOSTLY * np.maximum(np.prod(boxes[:, 2:], axis=1), 1e-9)
    return left | covered


def _clipped(boxes: BoxArray, frame: tuple[float, float]) -> BoxArray:
    near = np.clip(boxes[:, :2], 0, frame)
    far = np.clip(boxes[:, :2] + boxes[:, 2:], 0, frame)
    return np.hstack([near, far - near])


def label_cost(ours: Sequence[str], theirs: Sequence[str]) -> Array:
    """What it costs to take a detection of one label for a track of another, shape (N, M)."""
    same = np.array(ours)[:, None] == np.array(theirs)[None, :]
    groups = [_group(label) for label in ours], [_group(label) for label in theirs]
    similar = np.array(groups[0])[:, None] == np.array(groups[1])[None, :]
    return np.where(same, 0.0, np.where(similar, _SIMILAR_LABEL_COST, _OTHER_LABEL_COST))


def _group(label: str) -> str:
    return _GROUP.get(label, label)


def is_part(detection: Detection, label: str, box: Box) -> bool:
    """Whether a detection is a second box around a part of an object that has a box of its own."""
    if _group(label) != _group(detection.label):
        return False
    shared = detection.box.intersection_area(box)
    inside = shared >= _INSIDE * min(detection.box.area, box.area)
    return inside or detection.box.iou(box) >= _HALF_IOU


def without_doubles(found: list[Detection]) -> list[Detection]:
    """Drop the weaker of two boxes of one object under two labels."""
    ranked = sorted(found, key=lambda d: -d.score)
    boxes = as_array([d.box for d in ranked])
    shared = np.triu(iou_matrix(boxes, boxes), 1)
    dropped: set[int] = set()
    for stronger, weaker in np.argwhere(shared > _SAME_OBJECT_IOU).tolist():
        if stronger not in dropped and _is_double(ranked[stronger], ranked[weaker], shared[stronger, weaker]):
            dropped.add(weaker)
    return [detection for n, detection in enumerate(ranked) if n not in dropped]


def _is_double(one: Detection, other: Detection, iou: float) -> bool:
    if one.label == other.label:
        return False
    return iou > (_SAME_OBJECT_IOU if _group(one.label) == _group(other.label) else _SAME_BOX_IOU)
