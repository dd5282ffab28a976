"""The events page, and the page of one event."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.policy import Permission, allowed, visible_cameras
from vedette.server.api.access import principal
from vedette.server.api.event_shares import working_shares
from vedette.server.api.events import find_event, find_events
from vedette.server.api.paging import make_cursor
from vedette.server.dashboard import formats
from vedette.server.dashboard.filters import SCORES, SPANS, VERDICTS, choices, known_labels, read_filter
from vedette.server.dashboard.pages import page, show
from vedette.server.events.models import Event
from vedette.server.events.search import Wanted, find_any
from vedette.server.events.spans import clip_span
from vedette.server.recordings.clips import clip_segments
from vedette.server.times import from_utc_s, iso

PER_PAGE = 48
MOST_PATH_POINTS = 400
BUSY_HOUR = 4
"""From so many events an hour on, hours have headings; otherwise days."""
STILL_WRITTEN = timedelta(seconds=2)
"""What is younger may still be on its way to the disk; a clip must stay the same while it plays."""
LIFETIMES = {3600: "1 hour", 86400: "1 day", 7 * 86400: "7 days"}


@dataclass(frozen=True, slots=True)
class Group:
    """Events of one hour or day, in the order of the list."""

    key: str
    title: str
    events: list[Event]


@page(Permission.VIEW)
def events(request: HttpRequest) -> HttpResponse:
    """Events that fit the filter, newest first."""
    asked = read_filter(request.GET)
    cursor = request.GET.get("cursor") or None
    # Read before the events: what is stored in between comes as news.
    newest = Event.objects.aggregate(newest=Max("sequence"))["newest"] or 1
    try:
        found = find_events(request, asked.filter, cursor, PER_PAGE)
    except ConfigurationError:
        return redirect("events")
    by = request.GET.get("group") or _grouping(found.events)
    context = {
        "section": "events",
        "groups": _groups(found.events, by),
        "by": by,
        "older": make_cursor(*found.further) if found.further else None,
        "reached": found.further[0] if found.further and not found.events else None,
        "cursor": cursor,
        "newest": newest,
        "asked": asked,
        "choices": choices(principal(request), asked),
        "spans": SPANS,
        "scores": SCORES,
        "verdicts": VERDICTS,
    }
    return show(request, "dashboard/events.html", context)


def _grouping(rows: list[Event]) -> str:
    """By the hour where many events share one, else by the day."""
    hours = {f"{timezone.localtime(row.start):%Y%m%d%H}" for row in rows}
    return "hour" if len(rows) >= BUSY_HOUR * len(hours) > 0 else "day"


def _groups(rows: list[Event], by: str) -> list[Group]:
    groups: dict[str, Group] = {}
    for row in rows:
        local = timezone.localtime(row.start)
        key = f"{local:%Y%m%d%H%z}" if by == "hour" else f"{local:%Y%m%d}"
        if key not in groups:
            title = formats.day(local) + (f", {local:%H}:00" if by == "hour" else "")
            groups[key] = Group(key.replace("+", "p").replace("-", "m"), title, [])
        groups[key].events.append(row)
    return list(groups.values())


@page(Permission.VIEW)
def event(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """One event: clip with path and boxes, what happened when, facts, verdict, links, neighbours."""
    found = find_event(request, event_id)
    asks = principal(request)
    camera = visible_cameras(asks).filter(pk=found.camera).first()
    clip = _clip(found)
    later, earlier = _neighbours(request, found)
    operates = allowed(asks, Permission.OPERATE)
    asked = read_filter(request.GET)
    context = {
        "section": "events",
        "event": found,
        "camera": camera,
        "camera_name": camera.name if camera else found.camera,
        "moments": _moments(found),
        "path": _feet(found),
        "clip": clip,
        "list": "list" in request.GET,
        "asked": asked,
        "labels": sorted(known_labels(asks) - {found.label, "motion"}) if operates else [],
        "shares": working_shares(request, found) if operates else [],
        "lifetimes": LIFETIMES,
        "later": later,
        "earlier": earlier,
    }
    return show(request, "dashboard/event.html", context)


def _neighbours(request: HttpRequest, found: Event) -> tuple[Event | None, Event | None]:
    """The events after and before this one: in the list that it was opened from, or on its camera."""
    wanted = Wanted(cameras=frozenset({found.camera}))
    if "list" in request.GET:
        wanted = read_filter(request.GET).filter.wanted()
    asks, key = principal(request), (found.start, found.id)
    return find_any(asks, wanted, key, oldest=True), find_any(asks, wanted, key)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened during an event, `at` then; `until` where it is a stay."""

    title: str
    at: datetime
    until: datetime | None = None
    zone: str = ""


def _moments(found: Event) -> list[Moment]:
    """What happened, in order: first seen, zones entered and left, best picture, last seen."""
    moments = [Moment("First seen", found.start), Moment("Best picture", found.best)]
    for visit in found.zones:
        enter = from_utc_s(visit["enter"])
        left = from_utc_s(visit["exit"]) if visit["exit"] is not None else None
        moments.append(Moment(f"Entered {visit['zone']}", enter, left or found.end, visit["zone"]))
        if left is not None:
            moments.append(Moment(f"Left {visit['zone']}", left))
    if found.phase == "end":
        moments.append(Moment("Last seen", found.end))
    return sorted(moments, key=lambda moment: moment.at)


def _feet(found: Event) -> list[tuple[float, float]]:
    """Where the object stood, in pixels of the event's picture: the middle of each box's lower edge."""
    step = len(found.path) // MOST_PATH_POINTS + 1
    boxes = [box for _, box in found.path[::step]]
    return [(round(x + width / 2, 1), round(y + height, 1)) for x, y, width, height in boxes]


def _clip(found: Event) -> str | None:
    """The query string of the event's clip; None when nothing was recorded then."""
    span, query = clip_span(found), QueryDict(mutable=True)
    until = found.end
    if found.phase == "end":
        until = max(until, timezone.now() - STILL_WRITTEN)
    if until < span.end:
        query["until"] = iso(until)
    return query.urlencode() if clip_segments(span.camera, span.start, min(span.end, until)) else None
