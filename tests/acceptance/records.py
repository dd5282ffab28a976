"""What a home holds, read from its files."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vedette.recording.fmp4 import parse_segment


def rows(home: Path, table: str) -> list[dict[str, Any]]:
    """A table of the database, read only."""
    with sqlite3.connect(f"file:{home / 'vedette.sqlite3'}?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        found = [dict(row) for row in database.execute(f"SELECT * FROM {table}")]
    database.close()
    return found


def segments(home: Path, camera: str) -> list[dict[str, Any]]:
    """Index rows of a camera, oldest first."""
    found = [row for row in rows(home, "recordings_segment") if row["camera"] == camera]
    return sorted(found, key=lambda row: str(row["start"]))


def events(home: Path) -> list[dict[str, Any]]:
    """Events, oldest first."""
    return sorted(rows(home, "events_event"), key=lambda row: str(row["start"]))


def pictures_recorded(home: Path, camera: str) -> int:
    """Video samples in all files of a camera."""
    files = sorted((home / "recordings" / camera).rglob("*.mp4"))
    return sum(map(_pictures, files))


def _pictures(path: Path) -> int:
    segment = parse_segment(path)
    track = segment.track("vide")
    return len(segment.samples[track.id]) if track else 0


@dataclass(frozen=True)
class Stay:
    """Somebody was in view, UTC seconds; `whole` when from beginning to end."""

    start_utc_s: float
    end_utc_s: float
    whole: bool


def stays(
    connected_utc_s: float, until_utc_s: float, presence: tuple[float, float], loop_s: float
) -> list[Stay]:
    """Who a camera that plays a file in a loop has shown since a client connected."""
    found = []
    begin = connected_utc_s + presence[0]
    while begin < until_utc_s:
        end = begin + presence[1] - presence[0]
        found.append(Stay(begin, min(end, until_utc_s), end + 1.0 < until_utc_s))
        begin += loop_s
    return found


def matches(stay: Stay, found: Sequence[tuple[float, float]]) -> int:
    """How many of these spans overlap the stay by more than the blur of clocks."""
    return sum(start < stay.end_utc_s - 0.3 and end > stay.start_utc_s + 0.3 for start, end in found)
