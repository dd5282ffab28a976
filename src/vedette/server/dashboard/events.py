"""The events page, and the page of one event."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.policy import Permission, visible, visible_cameras
from vedette.server.api.access import principal
from vedette.server.api.events import find_event, find_events
from vedette.server.api.paging import page as one_page
from vedette.server.cameras.models import Camera
from vedette.server.dashboard.filters import choices, read_filter
from vedette.server.dashboard.pages import page, show
from vedette.server.events.models import Event
from vedette.server.recordings.clips import clip_segments
from vedette.server.times import from_utc_s

PER_PAGE = 48
MOST_PATH_POINTS = 400


@page(Permission.VIEW)
def events(request: HttpRequest) -> HttpResponse:
    """Events that fit the filter, newest first."""
    asked = read_filter(request.GET)
    cursor = request.GET.get("cursor") or None
    try:
        rows, older = one_page(find_events(request, asked.filter).defer("path"), cursor, PER_PAGE)
    except ConfigurationError:
        return redirect("events")
    offered = choices(principal(request), asked)
    context = {"section": "events", "events": rows, "older": older, "cursor": cursor}
    return show(request, "dashboard/events.html", context | {"asked": asked, "choices": offered})


@page(Permission.VIEW)
def event(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """One event: picture with box and path, clip, facts, neighbours."""
    found = find_event(request, event_id)
    camera = visible_cameras(principal(request)).filter(pk=found.camera).first()
    later, earlier = _neighbours(request, found)
    context = {
        "section": "events",
        "event": found,
        "camera": camera,
        "camera_name": camera.name if camera else found.camera,
        "visits": _visits(found),
        "path": _feet(found),
        "has_clip": _has_clip(found, camera),
        "later": later,
        "earlier": earlier,
    }
    return show(request, "dashboard/event.html", context)


def _neighbours(request: HttpRequest, found: Event) -> tuple[Event | None, Event | None]:
    """The events after and before this one on its camera."""
    rows = visible(principal(request), Event.objects.filter(camera=found.camera).defer("path"))
    after = rows.filter(start__gte=found.start).filter(Q(start__gt=found.start) | Q(id__gt=found.id))
    before = rows.filter(start__lte=found.start).filter(Q(start__lt=found.start) | Q(id__lt=found.id))
    return after.order_by("start", "id").first(), before.order_by("-start", "-id").first()


def _visits(found: Event) -> list[dict[str, Any]]:
    """Stays in zones, with datetimes."""
    return [
        {
            "zone": visit["zone"],
            "enter": from_utc_s(visit["enter"]),
            "exit": from_utc_s(visit["exit"]) if visit["exit"] is not None else None,
        }
        for visit in found.zones
    ]


def _feet(found: Event) -> list[tuple[float, float]]:
    """Where the object stood, in pixels of the event's picture: the middle of each box's lower edge."""
    step = len(found.path) // MOST_PATH_POINTS + 1
    boxes = [box for _, box in found.path[::step]]
    return [(round(x + width / 2, 1), round(y + height, 1)) for x, y, width, height in boxes]


def _has_clip(found: Event, camera: Camera | None) -> bool:
    before_s, after_s = (camera.pre_roll_s, camera.post_roll_s) if camera else (5.0, 5.0)
    start, end = found.start - timedelta(seconds=before_s), found.end + timedelta(seconds=after_s)
    return bool(clip_segments(found.camera, start, end))
