"""COCO average precision and recall for boxes (cocodataset.org/#detection-eval).

Follows the definition of pycocotools: IoU 0.50 to 0.95, 101 recall points, area ranges, at most 100
detections of a class in a picture, crowds and objects of other sizes ignored. Matching runs for all
thresholds and area ranges at once.
"""

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.models.evaluation.boxes import Flags, Floats, FoundBoxes, Integers, TrueBoxes, groups

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
AREAS = np.array([(0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10)])
"""Square pixels: all, small, medium, large."""
MAX_DETECTIONS = (1, 10, 100)


class CocoAp(msgspec.Struct, frozen=True):
    """The twelve figures (0 to 1; NaN where there is no object to find) and AP and AP50 per category."""

    ap: float
    ap50: float
    ap75: float
    ap_small: float
    ap_medium: float
    ap_large: float
    ar1: float
    ar10: float
    ar100: float
    ar_small: float
    ar_medium: float
    ar_large: float
    per_category: dict[int, tuple[float, float]]


class _Matches(NamedTuple):
    """Of one category: rows of detections with rank in their picture, and objects to find per area range."""

    score: Floats
    rank: Integers
    matched: Flags  # (areas, thresholds, detections)
    ignored: Flags
    objects: Integers  # (areas,)


def coco_ap(found: FoundBoxes, truth: TrueBoxes) -> CocoAp:
    """Average precision and recall of detections against ground truth.

    Pictures without ground truth and detections count too: give `truth` of the pictures that were looked at
    and drop detections of others beforehand.
    """
    categories = np.unique(truth.category).tolist()
    found_of, truth_of = dict(groups(found.category)), dict(groups(truth.category))
    none = np.zeros(0, np.int64)
    matches = [_match(found.pick(found_of.get(c, none)), truth.pick(truth_of[c])) for c in categories]
    precision = np.array([_precision(one) for one in matches]).reshape(-1, len(AREAS), len(THRESHOLDS), 101)
    recall = np.array([[_recall(one, most) for most in MAX_DETECTIONS] for one in matches])
    return _summary(categories, precision, recall.reshape(-1, 3, len(AREAS), len(THRESHOLDS)))


def _summary(categories: list[int], precision: Floats, recall: Floats) -> CocoAp:
    per_category = {
        category: (_mean(precision[at, 0]), _mean(precision[at, 0, 0]))
        for at, category in enumerate(categories)
    }
    ap, at_iou = [_mean(precision[:, area]) for area in range(4)], precision[:, 0]
    ar = [_mean(recall[:, -1, area]) for area in range(4)]
    few = [_mean(recall[:, most, 0]) for most in (0, 1)]
    return CocoAp(
        *(ap[0], _mean(at_iou[:, 0]), _mean(at_iou[:, 5]), ap[1], ap[2], ap[3]),
        *(few[0], few[1], ar[0], ar[1], ar[2], ar[3]),
        per_category,
    )


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _match(found: FoundBoxes, truth: TrueBoxes) -> _Matches:
    """Match the detections of one category picture by picture."""
    found = _strongest(found)
    found_in, truth_in = dict(groups(found.image)), dict(groups(truth.image))
    shape = (len(AREAS), len(THRESHOLDS), len(found.score))
    matched, ignored, rank = np.zeros(shape, bool), np.zeros(shape, bool), np.zeros(shape[2], np.int64)
    none = np.zeros(0, np.int64)
    for image, rows in found_in.items():
        there = truth.pick(truth_in.get(image, none))
        matched[:, :, rows], ignored[:, :, rows] = _match_picture(found.pick(rows), there)
        rank[rows] = np.arange(len(rows))
    return _Matches(found.score, rank, matched, ignored, (~_outside(truth)).sum(axis=1))


def _strongest(found: FoundBoxes) -> FoundBoxes:
    """By falling score, and at most 100 in a picture."""
    found = found.pick(np.argsort(-found.score, kind="stable"))
    kept = [rows[: MAX_DETECTIONS[-1]] for _, rows in groups(found.image)]
    return found.pick(np.sort(np.concatenate(kept))) if kept else found


def _outside(truth: TrueBoxes) -> Flags:
    """Objects that need not be found (areas, N): crowds, and those of another size."""
    small, large = AREAS[:, :1], AREAS[:, 1:]
    return np.asarray(truth.crowd | (truth.area < small) | (truth.area > large))


def _match_picture(found: FoundBoxes, truth: TrueBoxes) -> tuple[Flags, Flags]:
    """Greedy by score: the best free object that counts, else the best that need not be found."""
    overlap = overlaps(found.boxes, truth.boxes, truth.crowd)
    outside = _outside(truth)[:, None, :]
    taken = np.zeros((len(AREAS), len(THRESHOLDS), len(truth.area)), bool)
    shape = (len(AREAS), len(THRESHOLDS), len(found.score))
    matched, ignored = np.zeros(shape, bool), np.zeros(shape, bool)
    limits = np.minimum(THRESHOLDS, 1 - 1e-10)[:, None]
    for at in range(len(found.score) if len(truth.area) else 0):
        free = (overlap[at] >= limits) & (~taken | truth.crowd)
        regular = free & ~outside
        allowed = np.where(regular.any(axis=2, keepdims=True), regular, free)
        choice = _last_best(np.where(allowed, overlap[at], -1.0))
        hit = np.take_along_axis(allowed, choice, axis=2)
        np.put_along_axis(taken, choice, hit | np.take_along_axis(taken, choice, axis=2), axis=2)
        matched[:, :, at] = hit[:, :, 0]
        ignored[:, :, at] = (hit & np.take_along_axis(np.broadcast_to(outside, taken.shape), choice, axis=2))[
            ..., 0
        ]
    area = np.prod(found.boxes[:, 2:], axis=1)
    other_size = (area < AREAS[:, :1]) | (area > AREAS[:, 1:])
    return matched, ignored | (~matched & other_size[:, None, :])


def _last_best(values: Floats) -> NDArray[np.intp]:
    """Index of the largest value on the last axis, the last one of equals (as pycocotools chooses)."""
    return np.asarray(values.shape[2] - 1 - values[:, :, ::-1].argmax(axis=2, keepdims=True))


def overlaps(found: Floats, truth: Floats, crowd: Flags) -> Floats:
    """IoU of every pair (N, M); with a crowd, the share of the detection that lies in it."""
    top_left = np.maximum(found[:, None, :2], truth[None, :, :2])
    bottom_right = np.minimum((found[:, :2] + found[:, 2:])[:, None], (truth[:, :2] + truth[:, 2:])[None])
    shared = np.prod(np.clip(bottom_right - top_left, 0, None), axis=2)
    own = np.prod(found[:, 2:], axis=1)[:, None]
    union = np.where(crowd, own, own + np.prod(truth[:, 2:], axis=1) - shared)
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def _precision(of: _Matches) -> Floats:
    """Best precision at or beyond each of 101 recalls: (areas, thresholds, 101); NaN without objects."""
    true = np.cumsum(of.matched & ~of.ignored, axis=2, dtype=np.float64)
    false = np.cumsum(~of.matched & ~of.ignored, axis=2, dtype=np.float64)
    precision = true / np.maximum(true + false, np.spacing(1))
    precision = np.maximum.accumulate(precision[:, :, ::-1], axis=2)[:, :, ::-1]
    recall = true / np.maximum(of.objects, 1)[:, None, None]
    table = np.zeros((len(AREAS), len(THRESHOLDS), len(RECALLS)))
    for area, threshold in np.ndindex(table.shape[:2]):
        at = np.searchsorted(recall[area, threshold], RECALLS, side="left")
        reached = at < precision.shape[2]
        table[area, threshold, reached] = precision[area, threshold, at[reached]]
    table[of.objects == 0] = np.nan
    return table


def _recall(of: _Matches, most: int) -> Floats:
    """Share of objects found with the `most` best detections of each picture: (areas, thresholds)."""
    counted = of.matched & ~of.ignored & (of.rank < most)
    objects = np.where(of.objects > 0, of.objects, np.nan)
    return np.asarray(counted.sum(axis=2) / objects[:, None])
