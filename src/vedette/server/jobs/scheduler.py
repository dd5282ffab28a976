"""Runs the registered work when it is due, in this process, and writes down how that went.

When a job is due is a row, not a timer: it survives restarts. What was due meanwhile is caught up once.
Starts stay on the grid of the first one, so work that takes long does not drift.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, connection
from django.db.models import Min
from django.utils import timezone

from vedette.domain.errors import ConfigurationError
from vedette.server.jobs.models import Job
from vedette.server.jobs.registry import Task, tasks
from vedette.server.nodes.incidents import close_incident, open_incident

LOOK_S = 5.0
"""Rows are looked at so often at least: somebody may have asked for a run from another process."""

AFTER_TROUBLE_S = 1.0
PATIENCE_S = 3.0
"""Work that still runs when the server stops is waited for so long."""

OFTEN_S = 600.0
"""A job that runs at least so often may fail once before anybody is told."""

RESULT_LENGTH = 2000

_log = structlog.get_logger(__name__)


def following(due: datetime, pause_s: float, now: datetime) -> datetime:
    """The first time after now on the grid of `due`."""
    steps = max(math.floor((now - due).total_seconds() / pause_s) + 1, 1)
    return due + timedelta(seconds=steps * pause_s)


def run_now(name: str) -> None:
    """Make a job due at once; the scheduler of the server takes it up within `LOOK_S`.

    Raises:
        ConfigurationError: there is no such job.
    """
    if name not in tasks() or not Job.objects.filter(pk=name).update(next_run=timezone.now()):
        raise ConfigurationError(f"There is no job {name}.", hint=f"There are: {', '.join(tasks())}.")


class Scheduler:
    """A thread that starts what is due; each job runs in a thread of its own and never beside itself."""

    def __init__(self, counters: Counter[str], registered: Callable[[], dict[str, Task]] = tasks) -> None:
        self._counters = counters
        self._registered = registered
        self._running: dict[str, threading.Thread] = {}
        self._failures: Counter[str] = Counter()
        self._enlisted = False
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin; what is due runs at once."""
        self._thread.start()

    def close(self) -> None:
        """Start nothing more; wait a little for what runs."""
        self._stop.set()
        self._wake.set()
        self._thread.join()
        deadline_s = time.monotonic() + PATIENCE_S
        for thread in list(self._running.values()):
            thread.join(max(deadline_s - time.monotonic(), 0.0))

    def wake(self) -> None:
        """Look at once, because somebody wants a job to run."""
        self._wake.set()

    @property
    def running(self) -> frozenset[str]:
        """The jobs that run now."""
        return frozenset(self._running)

    def _run(self) -> None:
        well = True
        while not self._stop.is_set():
            try:
                pause_s, well = self._round(), True
            except DatabaseError as error:
                self._counters["database_errors"] += 1
                if well:
                    _log.error("Jobs wait, because the database does not answer", error=str(error))
                pause_s, well = AFTER_TROUBLE_S, False
                connection.close()
            self._wake.wait(pause_s)
            self._wake.clear()
        connection.close()

    def _round(self) -> float:
        """Start what is due; returns seconds until the next look."""
        found, now = self._registered(), timezone.now()
        if not self._enlisted:
            self._enlist(found, now)
        idle = Job.objects.filter(name__in=[name for name in found if name not in self._running])
        for row in idle.filter(next_run__lte=now):
            self._start(found[row.name], row.next_run)
        soonest = idle.exclude(name__in=self._running).aggregate(at=Min("next_run"))["at"]
        until_s = (soonest - timezone.now()).total_seconds() if soonest else LOOK_S
        return min(max(until_s, 0.0), LOOK_S)

    def _enlist(self, found: dict[str, Task], now: datetime) -> None:
        """A row for each job; one that shall run oftener than before does not wait for its old time."""
        Job.objects.exclude(name__in=found).delete()
        Job.objects.bulk_create([Job(name=name, next_run=now) for name in found], ignore_conflicts=True)
        for name, task in found.items():
            latest = now + timedelta(seconds=task.pause_s())
            Job.objects.filter(pk=name, next_run__gt=latest).update(next_run=latest)
        self._enlisted = True

    def _start(self, task: Task, due: datetime) -> None:
        thread = threading.Thread(target=self._do, args=(task, due), name=f"job {task.name}", daemon=True)
        self._running[task.name] = thread
        thread.start()

    def _do(self, task: Task, due: datetime) -> None:
        started, started_s = timezone.now(), time.monotonic()
        result, ok = self._outcome(task)
        row = {"last_run": started, "duration_s": time.monotonic() - started_s, "result": result, "ok": ok}
        try:
            following_run = following(due, task.pause_s(), timezone.now())
            Job.objects.filter(pk=task.name).update(**row, next_run=following_run)
            self._judge(task, result, ok=ok)
        except DatabaseError as error:
            self._counters["database_errors"] += 1
            _log.error("The outcome of a job cannot be kept", job=task.name, error=str(error))
            self._stop.wait(AFTER_TROUBLE_S)  # its row still says that it is due
        finally:
            connection.close()
            del self._running[task.name]
            self._wake.set()

    def _outcome(self, task: Task) -> tuple[str, bool]:
        try:
            return (task.work() or "Done.")[:RESULT_LENGTH], True
        except Exception as error:  # noqa: BLE001  whatever one job does, the others go on
            self._counters["jobs_failed"] += 1
            _log.error("A job failed", job=task.name, error=str(error), exc_info=True)
            return (str(error) or type(error).__name__)[:RESULT_LENGTH], False

    def _judge(self, task: Task, result: str, *, ok: bool) -> None:
        """An incident for a job that keeps failing; transient trouble of a frequent one is forgiven once."""
        self._failures[task.name] = 0 if ok else self._failures[task.name] + 1
        if ok:
            close_incident("job", task.name)
        elif self._failures[task.name] > (task.pause_s() <= OFTEN_S):
            open_incident("job", task.name, f"The job “{task.title}” fails: {result}")
