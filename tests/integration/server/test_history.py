"""Metrics over time in a real database: downsampled, bounded, kept through restarts and trouble."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from vedette.server.nodes import history as module
from vedette.server.nodes.history import ROWS_MOST, History, read
from vedette.server.nodes.models import Figures

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def measure(history: History, seconds: int, since: datetime = NOON) -> datetime:
    """A sample of 0, 1, 2, ... every 10 s, flushed every minute; returns the end."""
    for number in range(seconds // 10):
        moment = since + timedelta(seconds=10 * number)
        history.add(moment, {"cpu|server|": float(number)})
        if number % 6 == 5:
            history.flush(moment + timedelta(seconds=10))
    return since + timedelta(seconds=seconds)


def test_minutes_and_quarters_are_means() -> None:
    """Ten seconds, minutes and quarters of an hour are there, each the mean of the finer ones."""
    end = measure(History(), 3600)
    minutes = list(read(60, NOON, end))
    assert [sample["cpu|server|"] for _, sample in minutes[:2]] == [2.5, 8.5]
    assert len(minutes) == 60
    quarters = list(read(900, NOON, end))
    assert [(start, sample["cpu|server|"]) for start, sample in quarters[:1]] == [(NOON, 44.5)]
    assert len(list(read(10, NOON, end))) == 360


def test_rows_are_bounded() -> None:
    """Old rows of each step go; what is left after days is what a month may hold at most."""
    history, now = History(), NOON
    for _ in range(5):
        now = measure(history, 600, now) + timedelta(hours=8)
    kept = {step_s: Figures.objects.filter(step_s=step_s).count() for step_s in (10, 60, 900)}
    assert kept == {10: 60, 60: 30, 900: 6}
    assert ROWS_MOST < 5000


def test_a_minute_costs_one_transaction_of_few_statements(
    django_assert_max_num_queries: object,
) -> None:
    """However many series there are."""
    history = History()
    for number in range(6):
        history.add(NOON + timedelta(seconds=10 * number), {f"packets|w|{c}": 1.0 for c in range(500)})
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert history.flush(NOON + timedelta(minutes=1)) == 7


def test_samples_wait_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed flush keeps them; memory holds an hour at most."""
    history = History()
    with monkeypatch.context() as patch:
        patch.setattr(module, "_write", _fail)
        with pytest.raises(OperationalError):
            measure(history, 60)
    assert history.flush(NOON + timedelta(minutes=2)) == 7
    for number in range(1000):
        history.add(NOON + timedelta(hours=1, seconds=10 * number), {})
    assert history.flush(NOON + timedelta(hours=5)) >= 360
    assert Figures.objects.filter(step_s=10).count() <= 360


def _fail(*_: object) -> int:
    raise OperationalError("locked")


def test_a_restart_loses_nothing_that_was_written() -> None:
    """The minute that two processes measured together is the mean of both."""
    first, second = History(), History()
    for number in range(3):
        first.add(NOON + timedelta(seconds=10 * number), {"a": 1.0})
    first.flush(NOON + timedelta(seconds=30))
    for number in range(3, 6):
        second.add(NOON + timedelta(seconds=10 * number), {"a": 3.0})
    second.flush(NOON + timedelta(minutes=1))
    assert [sample for _, sample in read(60, NOON, NOON + timedelta(minutes=1))] == [{"a": 2.0}]
