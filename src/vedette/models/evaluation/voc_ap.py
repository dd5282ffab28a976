"""Average precision as PASCAL VOC computes it (Everingham et al., 2010): one IoU threshold.

A detection is right when the object it overlaps most is of its class, overlaps enough and was not taken by a
stronger detection.
"""

import msgspec
import numpy as np

from vedette.models.evaluation.boxes import Flags, Floats, FoundBoxes, TrueBoxes, groups
from vedette.models.evaluation.coco_ap import overlaps


class VocAp(msgspec.Struct, frozen=True):
    """Of one class: AP over every point and over 11 recall points, and the share of objects found."""

    every_point: float
    eleven_point: float
    recall: float
    objects: int
    detections: int


def voc_ap(
    found: FoundBoxes, truth: TrueBoxes, *, iou: float = 0.5, inclusive: bool = False
) -> dict[int, VocAp]:
    """Average precision per category.

    Args:
        found: detections.
        truth: ground truth; detections of `crowd` rows are neither right nor wrong.
        iou: the least overlap.
        inclusive: boxes include their last pixel, as VOC's own programs have it.
    """
    found_of, truth_of = dict(groups(found.category)), dict(groups(truth.category))
    none = np.zeros(0, np.int64)
    return {
        category: _one_class(found.pick(found_of.get(category, none)), truth.pick(rows), iou, inclusive)
        for category, rows in truth_of.items()
    }


def _one_class(found: FoundBoxes, truth: TrueBoxes, iou: float, inclusive: bool) -> VocAp:
    found = found.pick(np.argsort(-found.score, kind="stable"))
    right, counted = _judge(found, truth, iou, 1.0 if inclusive else 0.0)
    objects = int((~truth.crowd).sum())
    true = np.cumsum(right[counted])
    precision = true / np.arange(1, len(true) + 1)
    recall = true / max(objects, 1)
    reached = float(recall[-1]) if len(recall) else 0.0
    return VocAp(
        _every_point(recall, precision), _eleven_points(recall, precision), reached, objects, len(found.score)
    )


def _judge(found: FoundBoxes, truth: TrueBoxes, iou: float, extra: float) -> tuple[Flags, Flags]:
    right, counted = np.zeros(len(found.score), bool), np.ones(len(found.score), bool)
    truth_in = dict(groups(truth.image))
    taken = np.zeros(len(truth.area), bool)
    for at, (image, box) in enumerate(zip(found.image.tolist(), found.boxes, strict=True)):
        if (rows := truth_in.get(image)) is None:
            continue
        grown = np.array([0, 0, extra, extra])
        overlap = overlaps((box + grown)[None], truth.boxes[rows] + grown, np.zeros(len(rows), bool))[0]
        best = rows[overlap.argmax()]
        if overlap.max() >= iou:
            counted[at] = not truth.crowd[best]
            right[at] = counted[at] and not taken[best]
            taken[best] = True
    return right, counted


def _every_point(recall: Floats, precision: Floats) -> float:
    """Area under the precision made monotone."""
    edges = np.concatenate(([0.0], recall, [1.0]))
    envelope = np.concatenate(([0.0], precision, [0.0]))
    envelope = np.maximum.accumulate(envelope[::-1])[::-1]
    return float(np.sum(np.diff(edges) * envelope[1:]))


def _eleven_points(recall: Floats, precision: Floats) -> float:
    """Mean of the best precision at or beyond the recalls 0, 0.1, ... 1."""
    best = [precision[recall >= point].max(initial=0.0) for point in np.linspace(0, 1, 11)]
    return float(np.mean(best))
