"""Plots over time as SVG paths, with the same values for a table and for whoever hovers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from vedette.server.dashboard import formats
from vedette.server.nodes.history import Point

WIDTH, HEIGHT = 600.0, 100.0
BUCKETS = 180
"""Positions along a plot; a multiple of `ROWS`."""

ROWS = 12
MOST_LINES = 6
"""More lines than this are not told apart: the smallest are left out."""

Values = list[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot; `path` is its outline, `area` the same closed along the bottom."""

    label: str
    path: str
    area: str
    last: str
    values: Values


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot.

    Attributes:
        top: what the upper edge stands for; the lower edge is 0.
        left_out: lines that were too many.
    """

    id: str
    title: str
    unit: str
    start_s: float
    end_s: float
    top: str
    lines: tuple[Line, ...]
    left_out: int = 0

    @property
    def data(self) -> str:
        """The values for hovering, as JSON."""
        lines = [[line.label, [_rounded(value) for value in line.values]] for line in self.lines]
        return json.dumps({"start": self.start_s, "end": self.end_s, "unit": self.unit, "lines": lines})

    @property
    def rows(self) -> list[tuple[float, list[str]]]:
        """Times and values of each line, for a table."""
        step, span_s = BUCKETS // ROWS, self.end_s - self.start_s
        return [
            (self.start_s + span_s * row / ROWS, [self._told(line, row * step, step) for line in self.lines])
            for row in range(ROWS)
        ]

    def _told(self, line: Line, first: int, count: int) -> str:
        known = [value for value in line.values[first : first + count] if value is not None]
        return told(sum(known) / len(known), self.unit) if known else "–"


def told(value: float, unit: str) -> str:
    """A value as people read it."""
    if unit == "cores":
        return f"{value * 100:.0f} %" if value >= 0.1 else f"{value * 100:.1f} %"
    if unit == "bytes":
        return formats.size(value)
    if unit == "seconds":
        return formats.duration(value)
    number = f"{value:.0f}" if value >= 100 or value == round(value) else f"{value:.2g}"
    return f"{number} /s" if unit == "per second" else number


def make(
    plot_id: str,
    title: str,
    unit: str,
    lines: Mapping[str, Sequence[Point]],
    span: tuple[float, float, float],
) -> Plot:
    """A plot of these lines; the largest are kept when there are too many. The span: start, end, step."""
    start_s, end_s, step_s = span
    gathered = {label: buckets(points, start_s, end_s, step_s) for label, points in lines.items()}
    kept = sorted(gathered, key=lambda label: -_sum(gathered[label]))[:MOST_LINES]
    highest = max((v for label in kept for v in gathered[label] if v is not None), default=0.0)
    top = nice(highest)
    shown = [_line(label, gathered[label], top, unit) for label in gathered if label in kept]
    return Plot(
        plot_id,
        title,
        unit,
        start_s,
        end_s,
        told(top, unit),
        tuple(shown),
        left_out=len(gathered) - len(kept),
    )


def nice(value: float) -> float:
    """The next round number above: 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    step = 1e-6
    while step * 10 < value:
        step *= 10
    return next(step * factor for factor in (1, 2, 5, 10) if step * factor >= value)


def buckets(points: Sequence[Point], start_s: float, end_s: float, step_s: float) -> Values:
    """The mean in each stretch of the plot; None where nothing was measured.

    A point stands for `step_s` seconds from its time on, which may be several stretches.
    """
    sums, counts = [0.0] * BUCKETS, [0] * BUCKETS
    width_s = (end_s - start_s) / BUCKETS
    for moment_s, value in points:
        first = int((moment_s - start_s) / width_s)
        last = int((moment_s + step_s - start_s) / width_s)
        for place in range(max(first, 0), min(max(last, first + 1), BUCKETS)):
            sums[place] += value
            counts[place] += 1
    return [total / count if count else None for total, count in zip(sums, counts, strict=True)]


def _sum(values: Values) -> float:
    return sum(value for value in values if value is not None)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


def _line(label: str, values: Values, top: float, unit: str) -> Line:
    known = [value for value in values if value is not None]
    stretches = _stretches(values, top)
    return Line(
        label=label,
        path="".join(f"M{' '.join(points)}" for points in stretches),
        area="".join(_closed(points) for points in stretches),
        last=told(known[-1], unit) if known else "–",
        values=values,
    )


def _stretches(values: Values, top: float) -> list[list[str]]:
    """Runs of known values as points `x,y`; a value that stands alone is drawn as wide as its place."""
    step = WIDTH / BUCKETS
    drawn = []
    for known, run in groupby(enumerate(values), key=lambda item: item[1] is not None):
        if not known:
            continue
        points = [((place + 0.5) * step, HEIGHT * (1 - (value or 0.0) / top)) for place, value in run]
        if len(points) == 1:
            x, y = points[0]
            points = [(x - step / 2, y), (x + step / 2, y)]
        drawn.append([f"{x:.1f},{y:.1f}" for x, y in points])
    return drawn


def _closed(points: list[str]) -> str:
    first, last = points[0].split(",")[0], points[-1].split(",")[0]
    return f"M{first},{HEIGHT:.0f} {' '.join(points)} {last},{HEIGHT:.0f}Z"
