"""What a time line shows: stretches of recording, how much moved in them, and which days have any.

A day is 8,640 segments. So rows are read as plain numbers, in one query, and joined as arrays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from datetime import time as clock
from typing import Any

import numpy as np
from django.db.models import FloatField, Func, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from vedette.server.recordings.models import Segment
from vedette.server.recordings.spans import GAP

LONGEST = timedelta(hours=1)
"""No segment is longer; bounds the walk along the index."""
LATE = timedelta(seconds=45)
"""What moved may be told by a segment that begins so much later."""
STILL_OPEN_S = 60.0
"""A segment that is open and not older than this is being written now."""

Floats = NDArray[np.float64]


class Epoch(Func):
    """A time as seconds since the epoch, made by the database: ten times as quick as datetimes in Python."""

    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Microseconds are lost, a tenth of a millisecond is kept."""
        return self.as_sql(
            compiler, connection, template="((julianday(%(expressions)s) - 2440587.5) * 86400.0)", **context
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Exact."""
        return self.as_sql(
            compiler, connection, template="EXTRACT(EPOCH FROM %(expressions)s)::double precision", **context
        )


@dataclass(frozen=True, slots=True)
class Timeline:
    """A stretch of a camera's time.

    Attributes:
        spans: unbroken recording as (start, end), seconds since the epoch.
        density: the largest share of the picture that moved, by step.
    """

    spans: list[tuple[float, float]]
    density: Floats


def read_timeline(rows: QuerySet[Segment], start: datetime, end: datetime, step_s: float) -> Timeline:
    """The time line between two times from a camera's segments (one query).

    Args:
        rows: segments of one camera that may be seen.
        start: of the first step.
        end: not after it.
        step_s: length of a step.
    """
    from vedette.recording.activity import density  # noqa: PLC0415  loads what start-up need not wait for

    near = rows.filter(start__gte=start - LONGEST, start__lt=end + LATE).exclude(state=Segment.State.DELETING)
    fields = Epoch("start"), Epoch("end"), "state", "activity", "has_motion", "has_event"
    found = list(near.order_by("start").values_list(*fields))
    begin, stop = start.timestamp(), end.timestamp()
    stretches = ((row[0], bytes(row[3]), row[4] or row[5]) for row in found)
    count = int(np.ceil((stop - begin) / step_s))
    return Timeline(_covered(found, begin, stop), density(stretches, begin, step_s, count))


def _covered(found: list[tuple[Any, ...]], begin: float, stop: float) -> list[tuple[float, float]]:
    now = timezone.now().timestamp()
    starts = np.array([row[0] for row in found])
    ends = np.array([_end(row, now) for row in found])
    inside = (ends > begin) & (starts < stop)
    if not inside.any():
        return []
    starts, ends = starts[inside], np.maximum.accumulate(ends[inside])
    breaks = np.flatnonzero(starts[1:] - ends[:-1] > GAP.total_seconds())
    firsts = starts[np.concatenate([[0], breaks + 1])]
    lasts = ends[np.concatenate([breaks, [len(ends) - 1]])]
    return list(zip(firsts.clip(begin).tolist(), lasts.clip(max=stop).tolist(), strict=True))


def _end(row: tuple[Any, ...], now: float) -> float:
    """What is being written reaches to now."""
    start, end, state = row[:3]
    being_written = state == Segment.State.OPEN and now - start < STILL_OPEN_S
    return float(max(end, now) if being_written else end)


def recorded_days(rows: QuerySet[Segment], first: date, count: int, zone: tzinfo) -> Iterator[date]:
    """The days of a zone, of `count` from `first` on, on which a recording begins; a query for each."""
    rows = rows.exclude(state=Segment.State.DELETING).order_by("start")
    day, last = first, first + timedelta(days=count)
    while day < last:
        newer = rows.filter(start__gte=midnight(day, zone), start__lt=midnight(last, zone))
        found = newer.values_list("start", flat=True).first()
        if found is None:
            return
        day = found.astimezone(zone).date()
        yield day
        day += timedelta(days=1)


def midnight(day: date, zone: tzinfo) -> datetime:
    """When a day begins in a zone."""
    return datetime.combine(day, clock(), tzinfo=zone)
