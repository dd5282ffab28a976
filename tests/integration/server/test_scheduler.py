"""Periodic work with a real database: due, done, failed, caught up, asked for."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from tests.support.processes import PATIENCE_S, wait_until
from vedette.domain.errors import ConfigurationError
from vedette.server.jobs import scheduler
from vedette.server.jobs.models import Job
from vedette.server.jobs.registry import Task, Work, job, tasks
from vedette.server.jobs.scheduler import Scheduler, following, run_now
from vedette.server.nodes.models import Incident

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
Begin = Callable[..., Scheduler]


@pytest.fixture
def counters() -> Counter[str]:
    """What the scheduler counts."""
    return Counter()


@pytest.fixture
def begin(counters: Counter[str]) -> Iterator[Begin]:
    """Start a scheduler of these jobs; all end with the test."""
    started: list[Scheduler] = []

    def start(every_s: float = 3600, **works: Work) -> Scheduler:
        found = {name: Task(name, name, every_s, work) for name, work in works.items()}
        started.append(Scheduler(counters, lambda: found))
        started[-1].start()
        return started[-1]

    yield start
    for running in started:
        running.close()


def has_run(name: str, *, ok: bool = True) -> Callable[[], Job | None]:
    """The row of a job once it has run with this outcome."""
    return lambda: Job.objects.filter(pk=name, ok=ok).first()


def test_starts_stay_on_the_grid() -> None:
    """The next start is a whole number of pauses after the due one, however long the work took."""
    assert following(NOON, 60, NOON + timedelta(seconds=7)) == NOON + timedelta(seconds=60)
    assert following(NOON, 60, NOON + timedelta(seconds=60)) == NOON + timedelta(seconds=120)
    assert following(NOON, 60, NOON + timedelta(days=3, seconds=1)) == NOON + timedelta(days=3, seconds=60)
    assert following(NOON, 60, NOON - timedelta(seconds=1)) == NOON + timedelta(seconds=60)


def test_a_new_job_runs_at_once_and_is_written_down(begin: Begin) -> None:
    """Result, duration and the next run are kept; it does not run again before that."""
    begin(tidy=lambda: "3 files removed.")
    row = wait_until(has_run("tidy"))
    assert row.result == "3 files removed."
    assert row.last_run is not None
    assert row.next_run > timezone.now() + timedelta(minutes=50)


def test_a_failing_job_stops_no_other(begin: Begin, counters: Counter[str]) -> None:
    """Its failure is kept in words and opens an incident; the incident ends when it works again."""
    broken = [True]

    def work() -> str:
        if broken:
            raise OSError("no such disk")
        return "fine"

    running = begin(bad=work, good=lambda: "")
    assert wait_until(has_run("bad", ok=False)).result == "no such disk"
    assert wait_until(has_run("good")).result == "Done."
    wait_until(lambda: counters["jobs_failed"] == 1)
    incident = wait_until(lambda: Incident.objects.filter(kind="job", subject="bad").first())
    assert "no such disk" in incident.message
    broken.clear()
    with pytest.raises(ConfigurationError, match="no job bad"):
        run_now("bad")  # the registry of the program does not know the test's jobs
    Job.objects.filter(pk="bad").update(next_run=timezone.now())
    running.wake()
    wait_until(lambda: Incident.objects.filter(kind="job", closed__isnull=False).exists())


def test_one_failure_of_a_frequent_job_is_forgiven(begin: Begin) -> None:
    """A job that runs every few seconds and fails once is no incident; twice in a row is."""
    outcomes = [OSError("once"), None, OSError("twice"), OSError("twice")]

    def work() -> str:
        outcome = outcomes.pop(0) if outcomes else None
        if outcome is not None:
            raise outcome
        return ""

    begin(every_s=0.05, often=work)
    wait_until(lambda: not outcomes)
    found = wait_until(lambda: Incident.objects.filter(kind="job").first())
    assert "twice" in found.message


def test_what_was_due_while_nothing_ran_is_caught_up_once(begin: Begin) -> None:
    """After a restart a job that was due many times runs once, and one that is not due waits."""
    runs: Counter[str] = Counter()
    now = timezone.now()
    Job.objects.create(name="due", next_run=now - timedelta(hours=5))
    Job.objects.create(name="later", next_run=now + timedelta(minutes=30))
    Job.objects.create(name="gone", next_run=now)

    def count(name: str) -> Work:
        return lambda: str(runs.update([name]) or "")

    begin(due=count("due"), later=count("later"))
    row = wait_until(has_run("due"))
    assert row.next_run > now + timedelta(minutes=50)
    assert runs == {"due": 1}
    assert not Job.objects.filter(pk="gone").exists()


def test_a_shorter_pause_counts_at_once(begin: Begin) -> None:
    """Who sets a job to run oftener does not wait for the time of the old setting."""
    Job.objects.create(name="tidy", next_run=timezone.now() + timedelta(days=30))
    begin(every_s=0.1, tidy=lambda: "")
    assert wait_until(has_run("tidy"))


def test_a_job_never_runs_beside_itself_and_holds_up_no_other(begin: Begin) -> None:
    """Work that hangs leaves all other work alone."""
    inside, leave, most = threading.Semaphore(0), threading.Event(), []

    def slow() -> str:
        most.append(1)
        inside.release()
        leave.wait(PATIENCE_S)
        return ""

    running = begin(every_s=0.05, slow=slow, quick=lambda: "")
    assert inside.acquire(timeout=PATIENCE_S)
    first = wait_until(has_run("quick")).last_run
    wait_until(lambda: Job.objects.get(pk="quick").last_run != first)
    assert len(most) == 1
    assert "slow" in running.running
    leave.set()


def test_a_locked_database_delays_and_kills_nothing(
    begin: Begin, counters: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another program holds the database nothing runs; afterwards it does."""
    connection.ensure_connection()
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.1)
    monkeypatch.setattr(scheduler, "AFTER_TROUBLE_S", 0.05)
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    begin(tidy=lambda: "")
    wait_until(lambda: counters["database_errors"] >= 2)
    other.execute("ROLLBACK")
    other.close()
    assert wait_until(has_run("tidy"))


def test_jobs_of_all_apps_are_found(db: None) -> None:
    """The modules `jobs` of the apps are loaded; names are unique; run now makes a job due."""
    assert {"retention", "event-retention"} <= set(tasks())
    with pytest.raises(ValueError, match="already"):
        job("retention", every_s=1)(lambda: "")
    Job.objects.create(name="retention", next_run=timezone.now() + timedelta(days=1))
    run_now("retention")
    assert Job.objects.get(pk="retention").next_run <= timezone.now()
