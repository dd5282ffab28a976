"""Plots: from points to paths, values and words."""

import json

import pytest

from vedette.server.dashboard.plots import BUCKETS, MOST_LINES, buckets, make, nice, told

HOUR = 3600.0


def test_points_fall_into_their_places() -> None:
    """Several points in one stretch are averaged; nothing is invented where nothing was measured."""
    values = buckets([(0.0, 1.0), (10.0, 3.0), (40.0, 5.0)], 0.0, HOUR, 10)
    assert values[:4] == [2.0, None, 5.0, None]
    assert len(values) == BUCKETS


def test_points_far_apart_make_a_whole_line() -> None:
    """A quarter of an hour is drawn over all stretches that it covers."""
    values = buckets([(0.0, 1.0), (900.0, 2.0)], 0.0, HOUR, 900)
    assert values[:45] == [1.0] * 45
    assert values[45:90] == [2.0] * 45
    assert values[90] is None


def test_points_outside_are_left_out() -> None:
    """Before the start and after the end there is nothing to draw on."""
    assert set(buckets([(-100.0, 1.0), (HOUR + 1, 2.0)], 0.0, HOUR, 10)) == {None}
    assert set(buckets([], 0.0, HOUR, 10)) == {None}


@pytest.mark.parametrize(("value", "top"), [(0, 1), (0.03, 0.05), (1, 1), (1.1, 2), (37, 50), (4e9, 5e9)])
def test_the_upper_edge_is_a_round_number(value: float, top: float) -> None:
    """The next of 1, 2, 5 times a power of ten."""
    assert nice(value) == pytest.approx(top)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.004, "cores", "0.4 %"),
        (1.5, "cores", "150 %"),
        (2.5e6, "bytes", "2.5 MB"),
        (90, "seconds", "1 min 30 s"),
        (0.333, "per second", "0.33 /s"),
        (123.4, "per second", "123 /s"),
        (4.0, "messages", "4"),
    ],
)
def test_values_have_words(value: float, unit: str, words: str) -> None:
    """Each unit as people read it."""
    assert told(value, unit) == words


def test_a_plot_tells_the_same_by_path_table_and_hover() -> None:
    """A gap breaks the line; the table has a dash there; hovering knows of nothing there."""
    points = [(20.0 * n, 5.0) for n in range(BUCKETS) if not 30 <= n < 60]
    plot = make("p", "Packets", "per second", {"all": points}, (0.0, HOUR, 20))
    (line,) = plot.lines
    assert line.path.count("M") == 2
    assert "0.0" in line.path
    assert (plot.top, line.last) == ("5 /s", "5 /s")
    assert [values for _, values in plot.rows][:4] == [["5 /s"], ["5 /s"], ["–"], ["–"]]
    told_values = json.loads(plot.data)["lines"][0][1]
    assert told_values[29:31] == [5.0, None]


def test_one_value_alone_is_seen() -> None:
    """The first sample after a start is a short line, not an invisible point."""
    plot = make("p", "t", "things", {"a": [(0.0, 1.0)]}, (0.0, HOUR, 10))
    assert plot.lines[0].path.count(",") == 2


def test_too_many_lines_are_told_not_drawn() -> None:
    """The largest are kept, in their order; how many are left out is said."""
    lines = {f"n{n:02}": [(0.0, float(n))] for n in range(10)}
    plot = make("p", "t", "things", lines, (0.0, HOUR, 10))
    assert [line.label for line in plot.lines] == ["n04", "n05", "n06", "n07", "n08", "n09"]
    assert plot.left_out == 10 - MOST_LINES
