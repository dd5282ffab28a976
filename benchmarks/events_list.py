"""A page of events out of a million, whatever is asked for, in SQLite and in Postgres."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from benchmarks.result import Result, SkippedError
from vedette.testing.postgres import MissingError, postgres

EVENTS = 1_000_000
GOAL_MS = 50.0

Times = dict[str, list[list[float]]]


def run() -> list[Result]:
    """Each database in a process of its own; without a Postgres server, SQLite alone is measured."""
    return [result for database in ("SQLite", "Postgres") for result in _results(database)]


def _results(database: str) -> Iterator[Result]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres()) if database == "Postgres" else ""
        except MissingError:
            return
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="events-", ignore_cleanup_errors=True))
        found = _measure(home, url)
    for who, times in found["times"].items():
        yield _result(database, who, times)
    yield Result(
        work=f"events stored a second on top of {EVENTS:,}, {database}",
        measured=found["stored_per_s"],
        unit="/s",
        detail="batches of 50 with path and zone; the median batch",
    )


def _measure(home: str, url: str) -> Any:
    environment = {**os.environ, "VEDETTE_HOME": home, "VEDETTE_DATABASE_URL": url}
    command = [sys.executable, "-m", "benchmarks.events_asked", str(EVENTS)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SkippedError(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])


def _result(database: str, who: str, times: Times) -> Result:
    """The 95th percentile over filters and depths, of the best of the repeats: what it takes undisturbed."""
    best = [min(repeats) for places in times.values() for repeats in places]
    every = [one for places in times.values() for repeats in places for one in repeats]
    worst = max(times, key=lambda name: max(min(repeats) for repeats in times[name]))
    slowest = max(min(repeats) for repeats in times[worst])
    return Result(
        work=f"events out of {EVENTS:,}, {who}, {database}",
        measured=_p95(best),
        unit="ms",
        goal=GOAL_MS,
        detail=f"{len(times)} filters at 3 depths, median {statistics.median(best):.0f} ms, slowest"
        f" {slowest:.0f} ms ({worst}); 95th percentile of every single request {_p95(every):.0f} ms",
    )


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
