"""The box filter: prediction, correction, gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.geometry import Box, as_array
from vedette.vision.kalman import GAP_S, BoxFilter

ROW = np.array([0])


def moving(speed: float, *, steps: int = 15, step_s: float = 0.2) -> BoxFilter:
    kalman = BoxFilter()
    kalman.add(as_array([Box(0, 0, 40, 80)]))
    for n in range(1, steps):
        kalman.predict(step_s)
        kalman.correct(ROW, as_array([Box(speed * n * step_s, 0, 40, 80)]))
    return kalman


@pytest.mark.parametrize("step_s", [0.1, 0.2, 0.5])
def test_steady_motion_is_predicted(step_s: float):
    """After some looks the next box is where it was expected, at every rate."""
    kalman = moving(60, step_s=step_s)
    kalman.predict(step_s)

    assert kalman.boxes[0] == pytest.approx([60 * 15 * step_s, 0, 40, 80], abs=6)


def test_uncertainty_grows_without_looks_and_shrinks_with_them():
    """The spread is what the tracker searches within."""
    kalman = moving(60)
    seen = kalman.spread[0]
    kalman.predict(1.0)
    unseen = kalman.spread[0]
    kalman.correct(ROW, as_array([Box(230, 0, 40, 80)]))

    assert unseen > 3 * seen
    assert kalman.spread[0] < unseen / 3


def test_velocity_fades():
    """Within a gap the prediction stays near: at most two seconds of travel away."""
    kalman = moving(60)
    for _ in range(100):
        kalman.predict(0.5)

    assert kalman.boxes[0, 0] < 60 * 14 * 0.2 + 2.2 * 60


def test_after_a_long_gap_everything_is_where_it_was():
    """The gate was closed, nothing moved."""
    kalman = moving(60)
    before = kalman.boxes.copy()
    kalman.predict(GAP_S + 1)

    assert kalman.boxes == pytest.approx(before)


def test_rescaling_scales_boxes_and_spread():
    """A picture of twice the size shows everything at twice the size."""
    kalman = moving(60)
    boxes, spread = kalman.boxes.copy(), kalman.spread.copy()
    kalman.rescale(2, 2)

    assert kalman.boxes == pytest.approx(2 * boxes)
    assert kalman.spread == pytest.approx(2 * spread)


def test_rows_are_kept_by_mask():
    """Forgetting one box leaves the others as they were."""
    kalman = BoxFilter()
    kalman.add(as_array([Box(0, 0, 10, 10), Box(50, 0, 20, 20)]))
    kalman.keep(np.array([False, True]))

    assert len(kalman) == 1
    assert kalman.boxes[0].tolist() == [50, 0, 20, 20]


steps = st.tuples(st.floats(0, 30), st.lists(st.floats(0.1, 5000), min_size=4, max_size=4))


@given(st.lists(steps, max_size=20))
def test_it_stays_finite_and_positive(history: list[tuple[float, list[float]]]):
    """No sequence of sizes and pauses breaks the numbers."""
    kalman = BoxFilter()
    kalman.add(as_array([Box(0, 0, 10, 10)]))
    for pause_s, box in history:
        kalman.predict(pause_s)
        kalman.correct(ROW, np.array([box]))
    assert np.isfinite(kalman.boxes).all()
    assert (kalman.boxes[:, 2:] > 0).all()
    assert (kalman.spread >= 0).all()
