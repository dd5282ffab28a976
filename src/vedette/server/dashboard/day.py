"""One camera: its picture, how it stands, and a day of its recording."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from vedette.domain.camera import RecordingMode
from vedette.server.accounts.policy import Permission, visible
from vedette.server.api.access import principal
from vedette.server.api.cameras import camera_reports, find_camera
from vedette.server.dashboard import formats
from vedette.server.dashboard.pages import page, show
from vedette.server.dashboard.standing import standing
from vedette.server.events.models import Event
from vedette.server.recordings.models import Segment
from vedette.server.recordings.spans import Span, merge

MOST_EVENTS = 100
MOST_MARKS = 2000
TICKS_MIN = (360, 180, 60, 10)
STILL_OPEN = timedelta(seconds=60)
"""A segment that is open and not older than this is being written now."""

MODES = {
    RecordingMode.ALWAYS: "Always",
    RecordingMode.MOTION: "When something moves",
    RecordingMode.EVENTS: "Events only",
    RecordingMode.OFF: "Never",
}


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the viewer's time zone, from and to in UTC; 23 or 25 hours long when clocks change."""

    day: date
    start: datetime
    end: datetime

    @classmethod
    def of(cls, day: date) -> "Day":
        """That day."""
        return cls(day, _midnight(day), _midnight(day + timedelta(days=1)))

    @property
    def before(self) -> date:
        """The day before."""
        return self.day - timedelta(days=1)

    @property
    def after(self) -> date | None:
        """The next day, unless it has not come yet."""
        return self.day + timedelta(days=1) if self.end <= timezone.now() else None

    def share(self, moment: datetime) -> float:
        """Where a moment stands on the day, in percent."""
        within = min(max(moment.astimezone(UTC), self.start), self.end) - self.start
        return round(100 * (within / (self.end - self.start)), 4)


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of the time line, in percent of the day; `family` names an event's colour."""

    at: float
    width: float
    start: datetime
    end: datetime
    family: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A time of day written below the time line, at `at` percent."""

    at: float
    text: str
    every: int


@page(Permission.VIEW)
def camera(request: HttpRequest, camera_id: str) -> HttpResponse:
    """The camera and the day asked for by `day`, or that of the moment `at`, or today."""
    found = find_camera(request, camera_id)
    at = _moment(request.GET.get("at", ""))
    day = Day.of(_date(request.GET.get("day", "")) or timezone.localdate(at))
    spans, moving = _recorded(found.id, day)
    rows = _events(request, found.id, day)
    context = {
        "section": "cameras",
        "camera": found,
        "standing": standing(found, camera_reports().get(found.id)),
        "modes": {mode.value: word for mode, word in MODES.items()},
        "day": day,
        "at": at,
        "spans": _marks(day, spans),
        "moving": _marks(day, moving),
        "marks": [_event_mark(day, row) for row in rows],
        "ticks": _ticks(day),
        "events": rows[:MOST_EVENTS],
        "more": max(0, len(rows) - MOST_EVENTS),
        "recorded_s": sum((span.end - span.start).total_seconds() for span in spans),
        "recorded_bytes": sum(span.size_bytes for span in spans),
        "zones": list(found.zones.all()),
    }
    return show(request, "dashboard/camera.html", context)


def _midnight(day: date) -> datetime:
    """In UTC: Python subtracts times of one zone by the clock on the wall, which is wrong on long days."""
    return timezone.make_aware(datetime.combine(day, time())).astimezone(UTC)


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1971 <= day.year <= 9000 else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else timezone.make_aware(moment)
    return moment if 1971 <= moment.year <= 9000 else None


def _recorded(camera: str, day: Day) -> tuple[list[Span], list[Span]]:
    """What was recorded on the day, and the part of it in which something moved; at most to now."""
    rows = Segment.objects.filter(camera=camera, start__lt=day.end, end__gte=day.start)
    rows = rows.exclude(state=Segment.State.DELETING).order_by("start")
    fields = ("start", "end", "state", "has_motion", "has_event", "size_bytes")
    found = [_up_to_now(row) for row in rows.only("id", *fields)]
    return merge(found), merge(row for row in found if row.has_motion or row.has_event)


def _up_to_now(row: Segment) -> Segment:
    now = timezone.now()
    if row.state == Segment.State.OPEN and row.start > now - STILL_OPEN:
        row.end = now
    return row


def _events(request: HttpRequest, camera: str, day: Day) -> list[Event]:
    rows = Event.objects.filter(camera=camera, start__gte=day.start, start__lt=day.end)
    return list(
        visible(principal(request), rows).defer("path", "zones").order_by("-start", "-id")[:MOST_MARKS]
    )


def _marks(day: Day, spans: Iterable[Span]) -> list[Mark]:
    return [_mark(day, span.start, span.end) for span in spans]


def _mark(day: Day, start: datetime, end: datetime) -> Mark:
    at = day.share(start)
    return Mark(at, round(max(day.share(end) - at, 0.0), 4), start, end)


def _event_mark(day: Day, row: Event) -> Mark:
    at, width = day.share(row.start), day.share(row.end) - day.share(row.start)
    title = f"{row.label} {formats.clock(row.start)}"
    return Mark(
        at, round(max(width, 0.15), 4), row.start, row.end, formats.family(row.kind, row.label), title
    )


def _ticks(day: Day) -> list[Tick]:
    """The clock's hours and tens of minutes of the day; `every` says how many minutes a scale goes by."""
    moments = [time(minute // 60, minute % 60) for minute in range(0, 24 * 60, 10)]
    return [_tick(day, moment) for moment in moments]


def _tick(day: Day, moment: time) -> Tick:
    minute = moment.hour * 60 + moment.minute
    every = next(step for step in TICKS_MIN if minute % step == 0)
    at = day.share(timezone.make_aware(datetime.combine(day.day, moment)))
    return Tick(at, f"{moment:%H:%M}", every)
