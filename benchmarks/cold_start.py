"""A person in a file: from the command to the stored event, on a home that does not exist yet."""

import contextlib
import sqlite3
import time
from pathlib import Path

from benchmarks.footage import DATA
from benchmarks.product import product, wait_until
from benchmarks.result import Result, SkippedError


def run() -> list[Result]:
    """The clip begins when its first person comes into view."""
    clip = DATA / "clips" / "plaza_people_8s.mp4"
    if not clip.exists():
        raise SkippedError("the clip with people is not here (VEDETTE_TEST_DATA)")
    with product(str(clip)) as running:
        label = wait_until(
            lambda: _first_label(running.home / "vedette.sqlite3"), 60, "an event in the database"
        )
        taken_s = time.monotonic() - running.started_s
    return [
        Result(
            work="event of a person in a file, cold start to stored event",
            measured=taken_s,
            unit="s",
            goal=5,
            detail=f"new home, migrations, first login and model loading included; label {label}",
        )
    ]


def _first_label(database: Path) -> str:
    """Of the first event that is stored, empty while there is none."""
    with (
        contextlib.suppress(sqlite3.Error),
        sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection,
    ):
        row = connection.execute("select label from events_event limit 1").fetchone()
        return str(row[0]) if row else ""
    return ""
