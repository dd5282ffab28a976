"""Outlines of zones: their area, and whether they cross themselves."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.camera import Zone
from vedette.domain.geometry import Point, crosses_itself, polygon_area
from vedette.domain.zones import zones_at

SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]


@pytest.mark.parametrize(
    ("outline", "crossed"),
    [
        (SQUARE, False),
        ([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]], True),
        ([(0, 0), (1, 0), (0.5, 0.5), (1, 1), (0, 1)], False),
        ([(0, 0), (1, 1), (1, 0)], False),
        ([(0, 0), (0.6, 0), (0.6, 1), (0.4, 1), (0.4, -1), (0, -1)], True),
    ],
)
def test_crossed_outlines_are_found(outline: list[Point], crossed: bool) -> None:
    """Bow ties cross themselves; dents and triangles do not."""
    assert crosses_itself(outline) is crossed
    assert crosses_itself(outline[::-1]) is crossed


@given(st.integers(3, 20), st.floats(0.05, 0.5), st.floats(0, 6))
def test_regular_outlines_have_their_area(corners: int, radius: float, turned: float) -> None:
    """A regular polygon crosses nothing, and its area is what the formula says, either way round."""
    angles = [turned + 2 * math.pi * corner / corners for corner in range(corners)]
    outline = [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]
    area = corners / 2 * radius**2 * math.sin(2 * math.pi / corners)
    assert not crosses_itself(outline)
    assert polygon_area(outline) == pytest.approx(area)
    assert polygon_area(outline[::-1]) == pytest.approx(area)


def test_zones_at_a_point() -> None:
    """Of either kind, if they look at the label."""
    square = tuple(SQUARE)
    zones = [
        Zone(name="all", polygon=square),
        Zone(name="cars", polygon=square, labels=("car",)),
        Zone(name="mask", polygon=square, kind="exclude"),
        Zone(name="far", polygon=((2, 2), (3, 2), (3, 3))),
    ]
    assert [zone.name for zone in zones_at(zones, "person", (0.5, 0.5))] == ["all", "mask"]
