"""Metrics over time: every 10 s for an hour, every minute for a day, every quarter of an hour for a month.

One row holds all series of one stretch of time, so that a minute costs one transaction of a few rows however
many cameras there are, and the table never has more than `ROWS_MOST` rows.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby

import msgspec
from django.db import transaction

from vedette.server.nodes.models import Figures
from vedette.server.nodes.series import Series, mean

STEPS = {10: timedelta(hours=1), 60: timedelta(days=1), 900: timedelta(days=30)}
"""Step in seconds, and how long its rows are kept."""

STEP_S = 10
SLACK = timedelta(minutes=15)
"""Rows are kept a little longer than they are shown, until those of the next step are made of them."""

ROWS_MOST = sum((kept + SLACK) // timedelta(seconds=step_s) + 1 for step_s, kept in STEPS.items())

Sample = tuple[datetime, dict[str, float]]
Point = tuple[float, float]
"""Seconds since the epoch, and a value."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, float]).decode


def begin_of(moment: datetime, step_s: int) -> datetime:
    """The start of the stretch that a moment is in."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % step_s, UTC)


class History:
    """Samples on their way to the database; they wait in memory, bounded, while it is away."""

    def __init__(self) -> None:
        self._waiting: deque[Sample] = deque(maxlen=int(STEPS[STEP_S].total_seconds()) // STEP_S)
        self._lock = threading.Lock()
        self.latest: Mapping[str, float] = {}

    def add(self, moment: datetime, sample: dict[str, float]) -> None:
        """A sample of the 10 s that end now; from the monitor's thread."""
        self.latest = sample
        with self._lock:
            self._waiting.append((begin_of(moment, STEP_S), sample))

    def flush(self, now: datetime) -> int:
        """Write what waits, make the coarser rows, remove the old ones; returns how many rows were written.

        Raises:
            django.db.DatabaseError: nothing was written; the samples still wait.
        """
        with self._lock:
            waiting = dict(self._waiting)
        with transaction.atomic():
            written = _write(STEP_S, waiting)
            for step_s, finer_s in ((60, 10), (900, 60)):
                written += _write(step_s, _coarser(step_s, finer_s, now))
            for step_s, kept in STEPS.items():
                Figures.objects.filter(step_s=step_s, start__lt=now - kept - SLACK).delete()
        with self._lock:
            while self._waiting and self._waiting[0][0] in waiting:
                self._waiting.popleft()
        return written


def read(step_s: int, since: datetime, until: datetime) -> Iterator[Sample]:
    """The samples of one step between two times, oldest first."""
    rows = Figures.objects.filter(step_s=step_s, start__gte=since, start__lt=until).order_by("start")
    for start, data in rows.values_list("start", "data"):
        yield start, _decode(bytes(data))


def by_series(step_s: int, now: datetime, wanted: Callable[[Series], bool]) -> dict[Series, list[Point]]:
    """The points of every wanted series over the span of this step, oldest first, in a steady order."""
    points: dict[str, list[Point]] = {}
    for start, sample in read(step_s, now - STEPS[step_s], now + timedelta(seconds=step_s)):
        for key, value in sample.items():
            points.setdefault(key, []).append((start.timestamp(), value))
    found = {Series.of(key): points[key] for key in sorted(points)}
    return {series: values for series, values in found.items() if wanted(series)}


def _write(step_s: int, samples: Mapping[datetime, Mapping[str, float]]) -> int:
    rows = [Figures(step_s=step_s, start=start, data=_encode(sample)) for start, sample in samples.items()]
    Figures.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _coarser(step_s: int, finer_s: int, now: datetime) -> dict[datetime, dict[str, float]]:
    """Complete stretches that have no row yet, as means of the finer ones."""
    last = Figures.objects.filter(step_s=step_s).order_by("-start").values_list("start", flat=True).first()
    begin = last + timedelta(seconds=step_s) if last else now - STEPS[finer_s]
    finer = read(finer_s, begin, begin_of(now, step_s))
    grouped = groupby(finer, key=lambda sample: begin_of(sample[0], step_s))
    return {start: mean(sample for _, sample in samples) for start, samples in grouped}
