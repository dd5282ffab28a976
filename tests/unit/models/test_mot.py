"""Tracking figures on a handful of frames."""

import math

import numpy as np
import pytest

from vedette.models.evaluation.mot import Trajectories, mot_score

Row = tuple[int, int, float]
"""Frame, identity, x."""


def tracks(*rows: Row, ignored: tuple[int, ...] = ()) -> Trajectories:
    table = np.array(rows, dtype=float).reshape(-1, 3)
    boxes = np.array([(x, 0, 10, 10) for x in table[:, 2]]).reshape(-1, 4)
    identity = table[:, 1].astype(int)
    confidence = np.where(np.isin(identity, ignored), 0.0, 1.0)
    return Trajectories(table[:, 0].astype(int), identity, boxes, confidence, np.zeros(len(table), int))


def walk(identity: int, x: float, frames: range) -> list[Row]:
    return [(frame, identity, x + frame) for frame in frames]


def test_perfect_tracks() -> None:
    """Everything found under one number: all shares are one, the distance zero."""
    truth = tracks(*walk(1, 0, range(10)), *walk(2, 100, range(10)))
    score = mot_score(tracks(*walk(7, 0, range(10)), *walk(8, 100, range(10))), truth)
    assert (score.mota, score.idf1, score.motp, score.mostly_tracked, score.objects) == (1, 1, 0, 2, 2)


def test_a_switch_in_the_middle() -> None:
    """One switch costs one tenth of MOTA and half of IDF1."""
    found = tracks(*walk(7, 0, range(5)), *walk(8, 0, range(5, 10)))
    score = mot_score(found, tracks(*walk(1, 0, range(10))))
    assert (score.switches, score.mota, score.idf1) == (1, pytest.approx(0.9), pytest.approx(0.5))


def test_a_gap_is_a_fragmentation_and_no_switch() -> None:
    """The same number after a gap: three misses, one fragmentation."""
    found = tracks(*walk(7, 0, range(4)), *walk(7, 0, range(7, 10)))
    score = mot_score(found, tracks(*walk(1, 0, range(10))))
    assert (score.misses, score.fragmentations, score.switches, score.partially_tracked) == (3, 1, 0, 1)


def test_kept_pairs_come_before_closer_ones() -> None:
    """A pair that still overlaps is kept although another box is closer now."""
    truth = tracks((1, 1, 0), (2, 1, 0))
    score = mot_score(tracks((1, 7, 1), (2, 7, 3), (2, 8, 0)), truth)
    assert (score.switches, score.false_positives, score.misses) == (0, 1, 0)


def test_boxes_on_objects_that_do_not_count_are_left_out() -> None:
    """Finding an ignored object is no false alarm, missing it no miss."""
    truth = tracks(*walk(1, 0, range(5)), *walk(2, 100, range(5)), ignored=(2,))
    both = mot_score(tracks(*walk(7, 0, range(5)), *walk(8, 100, range(5))), truth)
    one = mot_score(tracks(*walk(7, 0, range(5))), truth)
    assert both == one
    assert (one.mota, one.objects) == (1, 1)


def test_nothing_at_all() -> None:
    """Without tracks everything is missed; without truth there are no shares."""
    truth = tracks(*walk(1, 0, range(4)))
    score = mot_score(tracks(), truth)
    assert (score.mota, score.misses, score.mostly_lost, score.idf1) == (0, 4, 1, 0)
    assert math.isnan(mot_score(tracks(), tracks()).mota)
    assert mot_score(truth, tracks()).false_positives == 4
