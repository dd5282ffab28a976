"""Zones: membership, visits, dwell, and the old rectangle form."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vedette.domain.camera import Zone
from vedette.domain.errors import ConfigurationError
from vedette.domain.geometry import Box, polygon_contains
from vedette.domain.zones import MOST_STAYS, ZoneClock, is_excluded, relative_foot, zones_from_rois

LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
INSIDE, OUTSIDE = (0.2, 0.5), (0.8, 0.5)


def zone(**more) -> Zone:
    return Zone(**{"name": "left", "polygon": LEFT} | more)


def test_the_foot_is_relative_and_inside_the_picture():
    """The middle of the lower edge, also when the box leaves the picture."""
    assert relative_foot(Box(100, 50, 100, 50), 200, 200) == (0.75, 0.5)
    assert relative_foot(Box(180, 150, 100, 90), 200, 200) == (1.0, 1.0)


def test_a_visit_has_entry_and_exit():
    """From the first to the last time inside; open while inside."""
    clock = ZoneClock([zone()])
    for t in range(5):
        clock.observe("person", INSIDE, t)
    assert [(v.zone, v.enter_utc_s, v.exit_utc_s) for v in clock.visits] == [("left", 0, None)]

    for t in range(5, 8):
        clock.observe("person", OUTSIDE, t)
    assert [(v.enter_utc_s, v.exit_utc_s) for v in clock.visits] == [(0, 4)]


def test_coming_back_is_another_visit():
    """Each stay has its own entry."""
    clock = ZoneClock([zone()])
    for t, foot in enumerate([INSIDE, OUTSIDE, OUTSIDE, INSIDE]):
        clock.observe("person", foot, t)

    assert [(v.enter_utc_s, v.exit_utc_s) for v in clock.visits] == [(0, 0), (3, None)]


def test_the_number_of_visits_is_bounded():
    """Who goes in and out all day keeps the newest visits."""
    clock = ZoneClock([zone()])
    for t in range(2000):
        clock.observe("person", INSIDE if t % 4 == 0 else OUTSIDE, t)

    assert len(clock.visits) <= MOST_STAYS + 1
    assert clock.visits[-1].enter_utc_s == 1996


def test_jitter_at_the_edge_is_one_visit():
    """A foot that is out for one look has not left."""
    clock = ZoneClock([zone()])
    for n in range(20):
        clock.observe("person", OUTSIDE if n % 3 == 1 else INSIDE, n / 5)

    assert len(clock.visits) == 1


@pytest.mark.parametrize(("stay_s", "counts"), [(1, False), (2, True), (5, True)])
def test_a_stay_counts_after_the_dwell_time(stay_s: int, counts: bool):
    """Shorter stays are no visits and allow no event."""
    clock = ZoneClock([zone(min_dwell_s=2)])
    for t in range(stay_s + 1):
        clock.observe("person", INSIDE, t)
    for t in range(stay_s + 1, stay_s + 4):
        clock.observe("person", OUTSIDE, t)

    assert bool(clock.visits) is counts
    assert clock.allows_event is counts


def test_without_include_zones_everything_counts():
    """An exclude zone alone limits nothing else."""
    assert ZoneClock([]).allows_event
    assert ZoneClock([zone(kind="exclude")]).allows_event
    assert not ZoneClock([zone()]).allows_event


def test_labels_decide_who_is_looked_at():
    """A zone for cars sees no person, in either meaning."""
    clock = ZoneClock([zone(labels=("car",))])
    clock.observe("person", INSIDE, 0)
    assert clock.visits == ()

    excluded = [zone(kind="exclude", labels=("car",))]
    assert is_excluded(excluded, "car", INSIDE)
    assert not is_excluded(excluded, "car", OUTSIDE)
    assert not is_excluded(excluded, "person", INSIDE)
    assert not is_excluded([zone()], "car", INSIDE)


def test_closing_ends_open_visits_at_the_last_time_inside():
    """Who is gone has left."""
    clock = ZoneClock([zone()])
    clock.observe("person", INSIDE, 3)
    clock.observe("person", INSIDE, 4)
    clock.close()

    assert [(v.enter_utc_s, v.exit_utc_s) for v in clock.visits] == [(3, 4)]


def test_changed_zones_keep_what_is_the_same():
    """A stay in an unchanged zone goes on; one in a zone that is gone is no more."""
    kept, gone = zone(), zone(name="gone")
    clock = ZoneClock([kept, gone])
    clock.observe("person", INSIDE, 0)
    clock.configure([kept, zone(name="new")])
    clock.observe("person", INSIDE, 1)

    assert [(v.zone, v.enter_utc_s) for v in clock.visits] == [("left", 0), ("new", 1)]


sides = st.floats(1, 4000)
shares = st.floats(0, 1)


@given(sides, sides, shares, shares, st.floats(0.01, 1), st.floats(0.01, 1), st.tuples(shares, shares))
def test_rectangles_convert_exactly(width, height, x, y, w, h, point):
    """A point is in the zone exactly when it is in the rectangle, whatever the size of the drawing."""
    rectangle = {"id": 7, "x": x * width, "y": y * height, "w": w * width, "h": h * height, "disabled": False}
    rois = {"definition_width": width, "definition_height": height, "rectangles": [rectangle]}
    (converted,) = zones_from_rois(rois)
    edges = (abs(point[0] - e) for e in (x, x + w)), (abs(point[1] - e) for e in (y, y + h))
    assume(all(distance > 1e-6 for axis in edges for distance in axis))

    inside = x < point[0] < x + w and y < point[1] < y + h
    assert polygon_contains(converted.polygon, point) is inside
    assert (converted.name, converted.kind, converted.labels) == ("roi-7", "include", ("person",))


@given(sides, sides, st.floats(1, 3000), st.floats(1, 3000))
def test_corners_scale_to_any_picture(width, height, picture_width, picture_height):
    """Relative corners times the picture's size are the rectangle scaled to that picture."""
    rectangle = {"id": 1, "x": 0.25 * width, "y": 0.5 * height, "w": 0.5 * width, "h": 0.25 * height}
    (converted,) = zones_from_rois(
        {"definition_width": width, "definition_height": height, "rectangles": [rectangle]}
    )

    scaled = [(x * picture_width, y * picture_height) for x, y in converted.polygon]
    right, bottom = 0.75 * picture_width, 0.75 * picture_height
    left, top = 0.25 * picture_width, 0.5 * picture_height
    assert scaled == [pytest.approx(p) for p in ((left, top), (right, top), (right, bottom), (left, bottom))]


@pytest.mark.parametrize(
    "rois",
    [
        {"full": True},
        {},
        {"definition_width": 640, "definition_height": 480, "rectangles": []},
        {
            "definition_width": 640,
            "definition_height": 480,
            "rectangles": [{"id": 1, "x": 0, "y": 0, "w": 9, "h": 9, "disabled": True}],
        },
    ],
)
def test_no_active_rectangle_is_the_whole_picture(rois):
    """Full, nothing, and only disabled rectangles all mean: everywhere."""
    assert zones_from_rois(rois) == ()


def test_rectangles_win_over_full():
    """Both keys at once: the rectangles hold."""
    rois = {
        "full": True,
        "definition_width": 640,
        "definition_height": 480,
        "rectangles": [{"x": 0, "y": 0, "w": 320, "h": 480}],
    }

    (converted,) = zones_from_rois(rois)
    assert (converted.name, converted.polygon) == ("roi-1", LEFT)


@pytest.mark.parametrize(
    "rois",
    [
        {"rectangles": [{"x": 0, "y": 0, "w": 1, "h": 1}]},
        {"definition_width": 640, "definition_height": 0, "rectangles": [{"x": 0, "y": 0, "w": 1, "h": 1}]},
        {"definition_width": 640, "definition_height": 480, "rectangles": [{"x": 0, "y": 0, "w": 0, "h": 1}]},
        {
            "definition_width": 640,
            "definition_height": 480,
            "rectangles": [{"x": "a", "y": 0, "w": 1, "h": 1}],
        },
        {"rectangles": 3},
    ],
)
def test_unusable_rectangles_are_refused_with_a_reason(rois):
    """The message says what is wrong."""
    with pytest.raises(ConfigurationError, match=r"zones"):
        zones_from_rois(rois)
