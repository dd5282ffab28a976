"""Average precision on cases small enough to work out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.models.evaluation.boxes import found_boxes, groups, true_boxes
from vedette.models.evaluation.coco_ap import coco_ap
from vedette.models.evaluation.voc_ap import voc_ap

BOX = (10, 10, 100, 100)
FAR = (500, 500, 100, 100)


def test_perfect_detections_score_one() -> None:
    """Every object found exactly, nothing else."""
    truth = true_boxes([1, 1, 2], [1, 2, 1], [BOX, BOX, FAR])
    result = coco_ap(found_boxes([1, 1, 2], [1, 2, 1], [BOX, BOX, FAR], [0.9, 0.8, 0.7]), truth)
    assert (result.ap, result.ap50, result.ar100, result.ap_large) == (1, 1, 1, 1)
    assert math.isnan(result.ap_small)
    assert result.per_category == {1: (1, 1), 2: (1, 1)}


def test_nothing_found_and_nothing_there() -> None:
    """Zero where there was something to find, no number where there was not."""
    nothing = found_boxes([], [], [], [])
    assert coco_ap(nothing, true_boxes([1], [1], [BOX])).ap == 0
    assert math.isnan(coco_ap(nothing, true_boxes([], [], [])).ap)


def test_a_stronger_false_one_halves_the_precision() -> None:
    """Precision one half at every recall."""
    found = found_boxes([1, 1], [1, 1], [FAR, BOX], [0.9, 0.5])
    assert coco_ap(found, true_boxes([1], [1], [BOX])).ap50 == pytest.approx(0.5)


def test_a_second_box_on_one_object_is_false() -> None:
    """Each object can be found once."""
    found = found_boxes([1, 1, 1], [1, 1, 1], [BOX, BOX, FAR], [0.9, 0.8, 0.7])
    ap50 = coco_ap(found, true_boxes([1, 1], [1, 1], [BOX, FAR])).ap50
    assert ap50 == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_overlap_counts_up_to_its_threshold() -> None:
    """A box of IoU 0.72 is right for 0.50 to 0.70: five of ten thresholds."""
    found = found_boxes([1], [1], [(10, 10, 72, 100)], [0.9])
    result = coco_ap(found, true_boxes([1], [1], [BOX]))
    assert result.ap == pytest.approx(0.5)
    assert (result.ap50, result.ap75) == (1, 0)


def test_crowds_forgive_and_need_not_be_found() -> None:
    """Boxes inside a crowd are neither right nor wrong."""
    truth = true_boxes([1, 1], [1, 1], [BOX, (400, 400, 400, 400)], crowd=[False, True])
    found = found_boxes([1] * 3, [1] * 3, [FAR, (600, 600, 50, 50), BOX], [0.9, 0.8, 0.7])
    assert coco_ap(found, truth).ap == 1


def test_sizes_are_judged_apart() -> None:
    """A missed small object lowers the small figure only; large boxes elsewhere do not count there."""
    truth = true_boxes([1, 1], [1, 1], [BOX, (300, 300, 20, 20)])
    result = coco_ap(found_boxes([1], [1], [BOX], [0.9]), truth)
    assert (result.ap_large, result.ap_small) == (1, 0)
    assert result.ar1 == pytest.approx(0.5)


def test_only_the_strongest_count_for_few_detections() -> None:
    """Recall with one detection per picture sees the strongest alone."""
    truth = true_boxes([1, 1], [1, 1], [BOX, FAR])
    result = coco_ap(found_boxes([1, 1], [1, 1], [BOX, FAR], [0.9, 0.8]), truth)
    assert (result.ar1, result.ar10) == (0.5, 1)


boxes = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 50), st.integers(1, 50))
rows = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 2), boxes, st.floats(0, 1)), max_size=12)


@settings(max_examples=40)
@given(rows, rows)
def test_figures_stay_between_zero_and_one(found: list[tuple], truth: list[tuple]) -> None:  # type: ignore[type-arg]
    """Whatever is compared; and a looser overlap is never harder to reach."""
    there = true_boxes([r[0] for r in truth], [r[1] for r in truth], [r[2] for r in truth])
    seen = found_boxes(*([r[column] for r in found] for column in range(4)))
    result = coco_ap(seen, there)
    values = [getattr(result, name) for name in result.__struct_fields__[:12]]
    assert all(math.isnan(value) or 0 <= value <= 1 + 1e-9 for value in values)
    assert math.isnan(result.ap) or result.ap50 >= result.ap - 1e-9
    for one in voc_ap(seen, there).values():
        assert 0 <= one.every_point <= 1 + 1e-9
        assert 0 <= one.eleven_point <= 1 + 1e-9


def test_voc_ignores_what_does_not_count() -> None:
    """A box on an ignored object is neither right nor wrong."""
    truth = true_boxes([1, 1], [0, 0], [BOX, FAR], crowd=[False, True])
    result = voc_ap(found_boxes([1, 1], [0, 0], [FAR, BOX], [0.9, 0.8]), truth)[0]
    assert (result.every_point, result.objects, result.recall) == (1, 1, 1)


def test_voc_counts_the_last_pixel_when_asked() -> None:
    """Two boxes that share one column of pixels overlap only inclusively."""
    truth = true_boxes([1], [0], [(0, 0, 1, 9)])
    found = found_boxes([1], [0], [(1, 0, 1, 9)], [0.9])
    assert voc_ap(found, truth, iou=0.3, inclusive=True)[0].recall == 1
    assert voc_ap(found, truth, iou=0.3)[0].recall == 0


def test_groups_keep_the_order_of_rows() -> None:
    """Rows of each value, ascending; nothing for nothing."""
    found = {value: rows.tolist() for value, rows in groups(np.array([5, 2, 5, 2, 9]))}
    assert found == {2: [1, 3], 5: [0, 2], 9: [4]}
    assert list(groups(np.zeros(0, np.int64))) == []
