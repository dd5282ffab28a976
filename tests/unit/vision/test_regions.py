"""The detector sees what matters, at native size where it can, in few calls."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.geometry import Box
from vedette.domain.messages import Detection
from vedette.vision.regions import MOST_REGIONS, RegionPlanner

INPUT = (416, 416)
WHOLE = Box(0, 0, 1920, 1080)


def settled() -> RegionPlanner:
    """A planner that has just looked at the whole picture."""
    planner = RegionPlanner()
    planner.plan(1920, 1080, 0.0, [], "start", INPUT)
    planner.observe([])
    return planner


def plan(planner: RegionPlanner, utc_s: float, motion: Sequence[Box]) -> list[Box]:
    return planner.plan(1920, 1080, utc_s, motion, "motion", INPUT)


def person(x: float, y: float = 500) -> Detection:
    return Detection("person", 0.8, Box(x, y, 50, 130))


def test_a_start_looks_at_everything() -> None:
    """The first looks at a stream are at the whole picture."""
    assert RegionPlanner().plan(1920, 1080, 0.0, [], "start", INPUT) == [WHOLE]


def test_motion_after_a_pause_looks_at_everything_first() -> None:
    """When the gate opens the whole picture is looked at once, then only where things move."""
    planner, legs = settled(), [Box(1000, 600, 40, 60)]
    assert plan(planner, 100.0, legs) == [WHOLE]
    assert plan(planner, 100.2, legs) != [WHOLE]
    assert WHOLE in plan(planner, 105.2, legs)


def test_a_small_motion_gets_a_native_crop() -> None:
    """A far person's legs give one region of the detector's own size around the whole person."""
    (region,) = plan(settled(), 0.2, [Box(1000, 600, 30, 40)])
    assert (region.width, region.height) == INPUT
    assert Box(1000, 540, 30, 100).covered_by(region) == 1.0


def test_legs_of_a_near_person_give_a_region_with_the_head() -> None:
    """Where 300 pixels of legs move, the region holds a person of 600 pixels."""
    (region,) = plan(settled(), 0.2, [Box(900, 700, 160, 300)])
    assert Box(900, 400, 160, 600).covered_by(region) == 1.0
    assert region.covered_by(WHOLE) == 1.0


def test_nothing_moves_nothing_is_looked_at() -> None:
    """Between two looks at everything, a frame without motion and memory costs nothing."""
    assert plan(settled(), 0.2, []) == []


def test_neighbours_share_a_region() -> None:
    """Two people who fit into one crop cost one call; far apart they cost two."""
    near = plan(settled(), 0.2, [Box(900, 500, 30, 40), Box(1020, 520, 30, 40)])
    far = plan(settled(), 0.2, [Box(200, 500, 30, 40), Box(1620, 520, 30, 40)])
    assert (len(near), len(far)) == (1, 2)


def test_a_small_area_inside_a_large_one_costs_nothing() -> None:
    """Parts of a large object do not get calls of their own."""
    regions = plan(settled(), 0.2, [Box(700, 300, 300, 300), Box(800, 350, 30, 30)])
    assert len(regions) == 1


def test_motion_everywhere_looks_at_everything() -> None:
    """When much of the picture moves, one call sees all of it."""
    assert plan(settled(), 0.2, [Box(100, 100, 1500, 700)]) == [WHOLE]


def test_a_small_picture_is_not_enlarged() -> None:
    """A region is no larger than the picture, and a picture smaller than the input is one region."""
    planner = RegionPlanner()
    planner.plan(640, 360, 0.0, [], "start", INPUT)
    (region,) = planner.plan(640, 360, 0.2, [Box(300, 100, 40, 90)], "motion", INPUT)
    assert (region.y, region.width, region.height) == (0, 416, 360)
    planner.plan(320, 240, 0.4, [], "start", INPUT)
    assert planner.plan(320, 240, 0.6, [Box(10, 10, 20, 20)], "motion", INPUT) == [Box(0, 0, 320, 240)]


def test_a_walker_is_followed_without_motion_boxes() -> None:
    """The region goes ahead with an object that walks, even where the motion step misses it."""
    planner = settled()
    for step in range(1, 5):
        plan(planner, 0.2 * step, [Box(200 + 60 * step, 500, 50, 130)])
        planner.observe([person(200 + 60 * step)])
    (region,) = plan(planner, 1.0, [])
    assert Box(500, 500, 50, 130).covered_by(region) == 1.0


def test_a_recheck_looks_only_at_what_is_remembered() -> None:
    """While all is quiet a parked car is looked at, and nothing when there is none."""
    planner = settled()
    assert planner.plan(1920, 1080, 50.0, [Box(5, 5, 50, 50)], "recheck", INPUT) == []
    car = Detection("car", 0.9, Box(1200, 700, 260, 140))
    for step in range(1, 25):
        planner.plan(1920, 1080, 50 + 0.2 * step, [], "start", INPUT)
        planner.observe([car])
    (region,) = planner.plan(1920, 1080, 900.0, [], "recheck", INPUT)
    assert car.box.covered_by(region) == 1.0
    assert region.area < WHOLE.area / 4


def test_a_car_that_left_is_not_rechecked_for_ever() -> None:
    """After several rechecks in vain nothing is looked at any more."""
    planner = settled()
    for step in range(1, 25):
        planner.plan(1920, 1080, 0.2 * step, [], "start", INPUT)
        planner.observe([person(600)])
    looks = 0
    for again in range(1, 10):
        looks += bool(planner.plan(1920, 1080, 10.0 + 10 * again, [], "recheck", INPUT))
        planner.observe([])
    assert 3 <= looks <= 5


def test_a_standing_object_is_looked_at_rarely_while_others_move() -> None:
    """A parked car does not cost a call in every frame in which somebody walks elsewhere."""
    planner = settled()
    car = Detection("car", 0.9, Box(1500, 800, 260, 140))
    for step in range(1, 25):
        planner.plan(1920, 1080, 0.2 * step, [], "start", INPUT)
        planner.observe([car])
    looks = 0
    for step in range(25, 75):
        regions = plan(planner, 0.2 * step, [Box(200, 500, 40, 60)])
        seen = any(car.box.covered_by(region) == 1.0 for region in regions)
        looks += seen
        planner.observe([car] if seen else [])
    assert 1 <= looks <= 6


boxes = st.builds(Box, st.floats(-50, 1900), st.floats(-50, 1060), st.floats(1, 900), st.floats(1, 700))


@given(motion=st.lists(boxes, max_size=12), found=st.lists(boxes, max_size=6))
def test_every_motion_is_seen_in_few_regions_inside_the_picture(motion: list[Box], found: list[Box]) -> None:
    """Whatever moves: few regions, inside the picture, at least the input's size, and all motion in one."""
    planner = settled()
    planner.observe([Detection("person", 0.5, box.clipped(1920, 1080)) for box in found])
    regions = plan(planner, 0.2, motion)
    assert len(regions) <= MOST_REGIONS
    for region in regions:
        assert region.clipped(1920, 1080) == region
        assert region.width >= INPUT[0]
        assert region.height >= INPUT[1]
    for area in motion:
        seen = area.clipped(1920, 1080)
        assert seen.area == 0 or any(seen.covered_by(region) == pytest.approx(1.0) for region in regions)


@given(motion=st.lists(boxes, max_size=6))
def test_planning_is_deterministic(motion: list[Box]) -> None:
    """The same history gives the same regions."""
    assert plan(settled(), 0.2, motion) == plan(settled(), 0.2, motion)
