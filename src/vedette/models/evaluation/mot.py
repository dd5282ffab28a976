"""Tracking figures: CLEAR MOT (Bernardin and Stiefelhagen, 2008) and IDF1 (Ristani et al., 2016).

Numbers agree with py-motmetrics: overlap of at least half as distance, correspondences carried over from
frame to frame.
"""

from typing import NamedTuple

import lap
import msgspec
import numpy as np

from vedette.domain.geometry import BoxArray, iou_matrix
from vedette.models.evaluation.boxes import Flags, Floats, Integers, groups

MOSTLY_TRACKED, MOSTLY_LOST = 0.8, 0.2
FORBIDDEN = 1e6


class Trajectories(NamedTuple):
    """Boxes of numbered objects over numbered frames, one row per box.

    Attributes:
        confidence: of ground truth, 0 means that the object does not count in that frame.
        category: class number, -1 when unknown.
    """

    frame: Integers
    identity: Integers
    boxes: BoxArray
    confidence: Floats
    category: Integers

    def pick(self, rows: Integers | Flags) -> "Trajectories":
        """These rows."""
        return Trajectories._make(column[rows] for column in self)


class MotScore(msgspec.Struct, frozen=True):
    """MOTA, IDF1 and their parts; `motp` is the mean distance (1 - IoU) of matched boxes, less is better."""

    mota: float
    motp: float
    idf1: float
    id_precision: float
    id_recall: float
    recall: float
    precision: float
    objects: int
    mostly_tracked: int
    partially_tracked: int
    mostly_lost: int
    false_positives: int
    misses: int
    switches: int
    fragmentations: int


class _Frame(NamedTuple):
    truth: list[int]
    found: list[int]
    distance: Floats  # NaN where the boxes overlap too little


def mot_score(found: Trajectories, truth: Trajectories, *, min_iou: float = 0.5) -> MotScore:
    """Score tracks against ground truth.

    Boxes that match ground truth which does not count (confidence 0) are left out beforehand.
    """
    frames = _frames(found, truth, min_iou)
    clear = _Clear()
    for frame in frames:
        clear.step(frame)
    return clear.score(*_identity_score(frames))


def _frames(found: Trajectories, truth: Trajectories, min_iou: float) -> list[_Frame]:
    found_in, truth_in = dict(groups(found.frame)), dict(groups(truth.frame))
    none = np.zeros(0, np.int64)
    return [
        _frame(found.pick(found_in.get(number, none)), truth.pick(truth_in.get(number, none)), min_iou)
        for number in sorted(found_in.keys() | truth_in.keys())
    ]


def _frame(found: Trajectories, truth: Trajectories, min_iou: float) -> _Frame:
    distance = 1 - iou_matrix(truth.boxes, found.boxes)
    distance[distance > 1 - min_iou] = np.nan
    counts = truth.confidence > 0
    pairs = _assign(distance)
    excused = [column for row, column in pairs if not counts[row]]
    kept = np.setdiff1d(np.arange(len(found.frame)), excused)
    return _Frame(truth.identity[counts].tolist(), found.identity[kept].tolist(), distance[counts][:, kept])


def _assign(distance: Floats) -> list[tuple[int, int]]:
    """The most pairs with the least total distance; NaN pairs are never made."""
    if not np.isfinite(distance).any():
        return []
    _, columns, _ = lap.lapjv(np.nan_to_num(distance, nan=FORBIDDEN), extend_cost=True)
    return [
        (row, int(column))
        for row, column in enumerate(columns)
        if column >= 0 and np.isfinite(distance[row, column])
    ]


class _Clear:
    """Frame by frame: who is matched with whom, and how often that changes."""

    def __init__(self) -> None:
        self.partner: dict[int, int] = {}
        self.tracked: dict[int, list[bool]] = {}
        self.distances: list[float] = []
        self.false_positives = self.switches = 0

    def step(self, frame: _Frame) -> None:
        """Keep the pairs of before where they still overlap, assign the rest."""
        pairs = self._carried(frame)
        rest = frame.distance.copy()
        for row, column in pairs:
            rest[row, :] = rest[:, column] = np.nan
        for row, column in _assign(rest):
            before = self.partner.get(frame.truth[row])
            self.switches += before is not None and before != frame.found[column]
            pairs.append((row, column))
        self._note(frame, pairs)

    def _carried(self, frame: _Frame) -> list[tuple[int, int]]:
        position = {identity: column for column, identity in enumerate(frame.found)}
        pairs: list[tuple[int, int]] = []
        taken: set[int] = set()
        for row, identity in enumerate(frame.truth):
            column = position.get(self.partner.get(identity, FORBIDDEN_IDENTITY))
            if column is None or column in taken or not np.isfinite(frame.distance[row, column]):
                continue
            pairs.append((row, column))
            taken.add(column)
        return pairs

    def _note(self, frame: _Frame, pairs: list[tuple[int, int]]) -> None:
        matched = {row for row, _ in pairs}
        for row, column in pairs:
            self.partner[frame.truth[row]] = frame.found[column]
            self.distances.append(float(frame.distance[row, column]))
        for row, identity in enumerate(frame.truth):
            self.tracked.setdefault(identity, []).append(row in matched)
        self.false_positives += len(frame.found) - len(pairs)

    def score(self, id_matches: int, boxes: int, found: int) -> MotScore:
        """All figures; the arguments are those of `_identity_score`."""
        ratios = np.array([np.mean(seen) for seen in self.tracked.values()])
        tracked = int((ratios >= MOSTLY_TRACKED).sum())
        lost = int((ratios < MOSTLY_LOST).sum())
        hits = len(self.distances)
        misses = boxes - hits
        return MotScore(
            mota=1 - _ratio(misses + self.false_positives + self.switches, boxes),
            motp=float(np.mean(self.distances)) if self.distances else float("nan"),
            idf1=_ratio(2 * id_matches, boxes + found),
            id_precision=_ratio(id_matches, found),
            id_recall=_ratio(id_matches, boxes),
            recall=_ratio(hits, boxes),
            precision=_ratio(hits, found),
            objects=len(self.tracked),
            mostly_tracked=tracked,
            partially_tracked=len(ratios) - tracked - lost,
            mostly_lost=lost,
            false_positives=self.false_positives,
            misses=misses,
            switches=self.switches,
            fragmentations=sum(_fragmentations(seen) for seen in self.tracked.values()),
        )


FORBIDDEN_IDENTITY = -(1 << 62)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _fragmentations(seen: list[bool]) -> int:
    """How often an object is lost that is found again later."""
    hits = np.flatnonzero(seen)
    return int((np.diff(hits) > 1).sum())


def _identity_score(frames: list[_Frame]) -> tuple[int, int, int]:
    """Boxes matched under the best one-to-one assignment of whole tracks; true boxes; found boxes."""
    truth = sorted({identity for frame in frames for identity in frame.truth})
    found = sorted({identity for frame in frames for identity in frame.found})
    row_of = {identity: row for row, identity in enumerate(truth)}
    column_of = {identity: column for column, identity in enumerate(found)}
    together = np.zeros((len(truth), len(found)))
    for frame in frames:
        for row, column in np.argwhere(np.isfinite(frame.distance)):
            together[row_of[frame.truth[row]], column_of[frame.found[column]]] += 1
    matches = 0
    if together.size:
        _, columns, _ = lap.lapjv(together.max() - together, extend_cost=True)
        matches = int(sum(together[row, column] for row, column in enumerate(columns) if column >= 0))
    return matches, sum(len(frame.truth) for frame in frames), sum(len(frame.found) for frame in frames)
