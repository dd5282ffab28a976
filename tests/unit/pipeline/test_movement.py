"""Movement: what is one, and what only looks like one."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.geometry import Box
from vedette.pipeline.movement import STEP, Movement, displacement, median_box, shift

HERE = Box(100, 100, 80, 40)


def at(x: float, y: float = 100, width: float = 80, height: float = 40) -> Box:
    return Box(x, y, width, height)


def feed(movement: Movement, boxes: list[Box], *, start_s: float = 0.2) -> list[bool]:
    return [movement.observe(box, start_s + n / 5) for n, box in enumerate(boxes)]


def test_opposite_edges_must_move_together():
    """A box that is carried has shifted; one that is cut on a side has not."""
    assert shift(HERE, at(120, 90)) == (20, -10)
    assert shift(HERE, at(140, width=40)) == (0, 0)
    assert shift(HERE, at(100, 100, 80, 20)) == (0, 0)


def test_coming_closer_is_displacement():
    """Growth on both axes by 1.4 counts as a step; on one axis it does not."""
    assert displacement(HERE, Box(84, 92, 112, 56)) == pytest.approx(STEP)
    assert displacement(HERE, Box(84, 100, 112, 40)) == 0


@given(*[st.floats(0, 500)] * 4, *[st.floats(1, 300)] * 4)
def test_displacement_is_finite_symmetric_and_free_of_scale(x1, y1, x2, y2, w1, h1, w2, h2):
    """It depends on the boxes, not on the resolution or the direction of time."""
    one, other = Box(x1, y1, w1, h1), Box(x2, y2, w2, h2)
    distance = displacement(one, other)

    assert math.isfinite(distance)
    assert displacement(other, one) == pytest.approx(distance)
    assert displacement(one.scaled(3, 3), other.scaled(3, 3)) == pytest.approx(distance, abs=1e-6)


def test_jitter_is_no_movement():
    """Edges that each wander by a tenth of the size, for an hour, do not move the object."""
    chance = random.Random(3)
    movement = Movement(HERE, 0)
    noisy = [
        Box(*(v + chance.gauss(0, s) for v, s in ((100, 4), (100, 3), (80, 5), (40, 3)))) for _ in range(5000)
    ]

    assert not any(feed(movement, noisy))


def test_a_leap_is_no_movement():
    """A track that jumps to another standing object, once or to and fro, has not moved."""
    assert not any(feed(Movement(HERE, 0), [HERE] * 5 + [at(180)] * 20))
    assert not any(feed(Movement(HERE, 0), [HERE, HERE, at(160), at(160)] * 6))


@pytest.mark.parametrize("speed", [3, 10, 40, 80])
def test_travelling_is_movement_at_any_speed(speed: int):
    """Slow or fast, in steps far below or near its own size."""
    assert any(feed(Movement(HERE, 0), [at(100 + speed * n) for n in range(1, 30)]))


def test_three_sightings_of_something_fast_are_enough():
    """Who runs through the picture is seen only a few times."""
    assert any(feed(Movement(HERE, 0), [at(160), at(220)]))


def test_rest_is_measured_up_to_setting_off():
    """After 40 s of rest the movement knows how long it was and when it ended."""
    movement = Movement(HERE, 0)
    feed(movement, [HERE] * 200)
    first = next(n for n in range(1, 20) if movement.observe(at(100 + 10 * n), 40 + n / 5))

    assert first < 8
    assert movement.rested_s == pytest.approx(40, abs=0.6)


def test_a_gap_is_rest():
    """While nobody looked the gate was closed."""
    movement = Movement(HERE, 0)
    movement.observe(HERE, 0.2)
    movement.observe(at(110), 600.0)

    assert movement.still_utc_s == 600.0


def test_rescaling_is_no_movement():
    """A picture of another size shows the object in the same place."""
    movement = Movement(HERE, 0)
    feed(movement, [HERE] * 10)
    movement.rescale(2, 2)

    assert not any(feed(movement, [HERE.scaled(2, 2)] * 10, start_s=3))


def test_the_median_box_ignores_outliers():
    """One wild box of three does not count."""
    assert median_box([HERE, at(500), HERE]) == HERE
