"""When something is armed by plan: pure functions of weekly ranges, absences and an instant.

Ranges are wall-clock times in a zone, so daylight saving needs a rule. A start that the clock skips is the
instant of the jump; a start that comes twice is the first. An end that the clock skips is the jump; an end
that comes twice is the second. So a night is never armed for less than it says, and never flaps.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_AROUND = 10 * _DAY
"""Days around an instant that are laid out."""
_CERTAIN = 8 * _DAY
"""Within this the layout is complete: every weekday lies in it, and what touches its ends."""


@dataclass(frozen=True, slots=True)
class Range:
    """From a time of day to another, on weekdays (0 is Monday) of its start.

    It goes across midnight when `end` is not after `start`; equal times are a whole day.
    """

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant to another, UTC; the end is outside."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """Weekly ranges in a zone, and absences that count throughout."""

    zone: ZoneInfo
    ranges: tuple[Range, ...] = ()
    absences: tuple[Span, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is planned at all."""
        return not self.ranges and not self.absences


def planned(plan: Plan, moment: datetime) -> bool:
    """Whether the plan says armed at this instant."""
    return any(span.start <= moment < span.end for span in spans(plan, moment))


def last_change(plan: Plan, moment: datetime) -> datetime | None:
    """The instant, at or before this one, when the plan changed last; None when it never did."""
    return max((edge for edge in _edges(plan, moment) if edge <= moment), default=None)


def next_change(plan: Plan, moment: datetime) -> datetime | None:
    """The next instant after this one at which the plan changes; None when it never will."""
    return min((edge for edge in _edges(plan, moment) if edge > moment), default=None)


def away(plan: Plan, moment: datetime) -> Span | None:
    """The absence that covers this instant."""
    return next((span for span in plan.absences if span.start <= moment < span.end), None)


def spans(plan: Plan, moment: datetime) -> list[Span]:
    """The armed spans around an instant, joined where they touch."""
    today = moment.astimezone(plan.zone).date()
    first, last = today - _AROUND, today + _AROUND
    laid_out = [span for each in plan.ranges for span in _layout(each, plan.zone, first, last)]
    return _join([*laid_out, *plan.absences])


def _edges(plan: Plan, moment: datetime) -> Iterator[datetime]:
    """Where the plan changes: within a week of an instant, and around every absence."""
    for around in (moment, *(edge for span in plan.absences for edge in (span.start, span.end))):
        for span in spans(plan, around):
            yield from (edge for edge in (span.start, span.end) if abs(edge - around) <= _CERTAIN)


def _layout(each: Range, zone: ZoneInfo, first: date, last: date) -> Iterator[Span]:
    day = first
    while day <= last:
        if day.weekday() in each.days:
            yield _on(each, zone, day)
        day += _DAY


def _on(each: Range, zone: ZoneInfo, day: date) -> Span:
    ends_on = day if each.end > each.start else day + _DAY
    start = _instant(datetime.combine(day, each.start), zone, late=False)
    return Span(start, max(start, _instant(datetime.combine(ends_on, each.end), zone, late=True)))


def _join(given: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted((s for s in given if s.end > s.start), key=lambda s: s.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _instant(wall: datetime, zone: ZoneInfo, *, late: bool) -> datetime:
    """The instant of a wall-clock time: the first or (`late`) second where it comes twice."""
    found = wall.replace(tzinfo=zone, fold=int(late)).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    return _jump(wall, zone)


def _jump(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clock skipped a wall-clock time (PEP 495: folds bracket the transition)."""
    low, high = sorted(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def within(hours: Iterable[Mapping[str, Any]], zone: ZoneInfo, moment: datetime) -> bool:
    """Whether a moment lies in any of the ranges, as they are stored in JSON (see `limits.check_hours`)."""
    return planned(Plan(zone, read_ranges(hours)), moment)


def read_ranges(hours: Iterable[Mapping[str, Any]]) -> tuple[Range, ...]:
    """Ranges as they are stored in JSON."""
    return tuple(
        Range(frozenset(span["days"]), time.fromisoformat(span["start"]), time.fromisoformat(span["end"]))
        for span in hours
    )
