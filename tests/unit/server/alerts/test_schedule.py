"""Plans: weekly ranges and absences, across midnight and daylight saving."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.server.alerts.schedule import (
    Plan,
    Range,
    Span,
    away,
    last_change,
    next_change,
    planned,
    within,
)

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    BERLIN,
    ZoneInfo("UTC"),
    ZoneInfo("America/New_York"),
    ZoneInfo("Asia/Beirut"),
    ZoneInfo("Australia/Lord_Howe"),
]
EVERY_DAY = frozenset(range(7))
NIGHT = Range(EVERY_DAY, time(22), time(7))

times = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
ranges = st.builds(Range, st.frozensets(st.integers(0, 6), min_size=1), times, times)
seconds = st.integers(1_704_067_200, 1_893_456_000)  # 2024 to 2030
moments = seconds.map(lambda second: datetime.fromtimestamp(second, UTC))
spans = st.builds(
    lambda start, hours: Span(start, start + timedelta(hours=hours)), moments, st.integers(1, 24 * 60)
)
plans = st.builds(
    Plan,
    st.sampled_from(ZONES),
    st.lists(ranges, max_size=3).map(tuple),
    st.lists(spans, max_size=2).map(tuple),
)


def at(*parts: int, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    """A local time as an instant."""
    return datetime(*parts, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[arg-type,misc]


def is_settled(zone: ZoneInfo, moment: datetime) -> bool:
    """Whether clocks do not change within two days: there wall time alone says what holds."""
    offsets = {(moment + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in range(-49, 50)}
    return len(offsets) == 1


def by_the_clock(each: Range, wall: datetime) -> bool:
    """Whether a wall clock lies in a range, told in another way than the module does."""

    def begun(day: datetime) -> datetime:
        return datetime.combine(day.date(), each.start)

    for day in (wall, wall - timedelta(days=1)):
        begin = begun(day)
        end = datetime.combine(day.date(), each.end) + timedelta(days=int(each.end <= each.start))
        if day.weekday() in each.days and begin <= wall < end:
            return True
    return False


@given(ranges, st.sampled_from(ZONES), moments)
def test_a_range_is_what_the_clock_on_the_wall_says(each: Range, zone: ZoneInfo, moment: datetime) -> None:
    """Away from daylight saving, a range is armed exactly when wall time and weekday lie in it."""
    wall = moment.astimezone(zone).replace(tzinfo=None)
    if is_settled(zone, moment):
        assert planned(Plan(zone, (each,)), moment) == by_the_clock(each, wall)


@given(plans, moments)
def test_the_next_change_is_one(plan: Plan, moment: datetime) -> None:
    """At the next change the plan says the opposite, and nothing changes before."""
    edge = next_change(plan, moment)
    if edge is None:
        return
    assert edge > moment
    assert planned(plan, edge) != planned(plan, moment)
    middle = moment + (edge - moment) / 2
    assert planned(plan, middle) == planned(plan, moment)


@given(plans, moments)
def test_the_last_change_is_one(plan: Plan, moment: datetime) -> None:
    """Just before the last change the plan said the opposite; since then it says what it says now."""
    edge = last_change(plan, moment)
    if edge is None:
        return
    assert edge <= moment
    assert planned(plan, edge) == planned(plan, moment)
    assert planned(plan, edge - timedelta(microseconds=1)) != planned(plan, moment)


@given(plans, moments)
def test_last_and_next_change_meet(plan: Plan, moment: datetime) -> None:
    """The change after the last change is the next change."""
    last, following = last_change(plan, moment), next_change(plan, moment)
    if last is not None and following is not None:
        assert next_change(plan, last) == following
        assert last_change(plan, following) == following


@given(st.sampled_from(ZONES), moments, spans)
def test_an_absence_counts_throughout(zone: ZoneInfo, moment: datetime, absence: Span) -> None:
    """Within an absence everything is armed, whatever the ranges say; its end is outside."""
    plan = Plan(zone, (NIGHT,), (absence,))
    assert planned(plan, absence.start)
    assert planned(plan, absence.end - timedelta(seconds=1))
    assert planned(plan, absence.end) == planned(Plan(zone, (NIGHT,)), absence.end)


@pytest.mark.parametrize("day", range(7))
def test_every_weekday_is_the_right_one(day: int) -> None:
    """Day 0 is Monday: a range on one weekday covers that night and no other."""
    plan = Plan(BERLIN, (Range(frozenset({day}), time(22), time(7)),))
    monday = datetime(2026, 11, 16, 23, tzinfo=BERLIN)  # a Monday
    nights = [planned(plan, (monday + timedelta(days=number)).astimezone(UTC)) for number in range(7)]
    assert nights == [number == day for number in range(7)]
    assert planned(plan, (monday + timedelta(days=day, hours=7)).astimezone(UTC))


def test_the_clock_jumps_over_the_start() -> None:
    """A start at 02:30 in the night of the jump from 2 to 3 is the jump itself."""
    plan = Plan(BERLIN, (Range(EVERY_DAY, time(2, 30), time(5)),))
    assert next_change(plan, at(2026, 3, 29, 0)) == at(2026, 3, 29, 3)


def test_the_clock_jumps_over_the_end() -> None:
    """An end at 02:30 in the night of the jump is the jump: not an hour later."""
    plan = Plan(BERLIN, (Range(EVERY_DAY, time(22), time(2, 30)),))
    assert next_change(plan, at(2026, 3, 29, 0)) == at(2026, 3, 29, 3)


def test_what_the_clock_skips_is_not_there() -> None:
    """A range that lies wholly in the skipped hour does not happen that day."""
    plan = Plan(BERLIN, (Range(EVERY_DAY, time(2, 10), time(2, 50)),))
    assert next_change(plan, at(2026, 3, 28, 12)) == at(2026, 3, 30, 2, 10)


def test_an_hour_that_comes_twice_is_armed_twice() -> None:
    """From the first 02:30 to the second 02:45, without a gap in between."""
    plan = Plan(BERLIN, (Range(EVERY_DAY, time(2, 30), time(2, 45)),))
    begin = next_change(plan, at(2026, 10, 24, 12))
    assert begin == at(2026, 10, 25, 2, 30)
    assert next_change(plan, begin) == at(2026, 10, 25, 2, 45, fold=1)


@pytest.mark.parametrize(("night", "hours"), [((2026, 3, 28), 8), ((2026, 10, 24), 10), ((2026, 6, 1), 9)])
def test_nights_are_as_long_as_the_clock_makes_them(night: tuple[int, int, int], hours: int) -> None:
    """22 to 7 lasts nine hours, eight in the night of spring, ten in the night of autumn."""
    begin = at(*night, 22)
    assert next_change(Plan(BERLIN, (NIGHT,)), begin) == begin + timedelta(hours=hours)


def test_equal_times_are_a_whole_day() -> None:
    """From 8 to 8 is a day; on every day it never ends."""
    one = Plan(BERLIN, (Range(frozenset({0}), time(8), time(8)),))
    assert next_change(one, at(2026, 11, 16, 8)) == at(2026, 11, 17, 8)
    always = Plan(BERLIN, (Range(EVERY_DAY, time(8), time(8)),))
    assert planned(always, at(2026, 11, 16, 8))
    assert next_change(always, at(2026, 11, 16, 8)) is None


def test_a_long_absence_ends_when_it_ends() -> None:
    """The end of an absence is known however far it is, and joins a night that has begun by then."""
    absence = Span(at(2026, 1, 1, 12), at(2026, 3, 1, 23))
    assert next_change(Plan(BERLIN, (), (absence,)), at(2026, 1, 2, 0)) == absence.end
    assert next_change(Plan(BERLIN, (NIGHT,), (absence,)), at(2026, 1, 2, 0)) == at(2026, 3, 2, 7)
    assert away(Plan(BERLIN, (), (absence,)), at(2026, 2, 1, 0)) == absence


def test_nothing_planned_never_changes() -> None:
    """Without ranges and absences nothing is armed and nothing comes."""
    plan = Plan(BERLIN)
    assert plan.is_empty
    assert not planned(plan, at(2026, 1, 1, 0))
    assert next_change(plan, at(2026, 1, 1, 0)) is None
    assert last_change(plan, at(2026, 1, 1, 0)) is None


def test_hours_are_read_as_they_are_stored() -> None:
    """Quiet hours and hours of rules are the same ranges, from JSON."""
    hours = [{"days": [4, 5], "start": "22:00", "end": "07:00"}]
    assert within(hours, BERLIN, at(2026, 11, 21, 3))
    assert not within(hours, BERLIN, at(2026, 11, 23, 3))
