"""Events with their pictures and clips."""

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query as QueryOf
from ninja import Router, Schema
from ninja.params.functions import Query
from pydantic import Field

from vedette.server.accounts.policy import visible
from vedette.server.api import schemas
from vedette.server.api.access import VIEW, principal
from vedette.server.api.paging import page
from vedette.server.api.recordings import clip_response
from vedette.server.cameras.models import Camera
from vedette.server.events.models import Event
from vedette.server.recordings.store import safe_path

router = Router(tags=["events"])


class EventFilter(Schema):
    """Which events."""

    camera: str | None = None
    label: str | None = None
    kind: Literal["object", "motion"] | None = None
    zone: str | None = None
    after: schemas.InTime | None = None
    before: schemas.InTime | None = None
    min_score: float | None = Field(None, ge=0, le=1)


_CONDITIONS = {
    "camera": "camera",
    "label": "label",
    "kind": "kind",
    "zone": "entries__zone",
    "after": "start__gte",
    "before": "start__lt",
    "min_score": "score__gte",
}


def find_events(request: HttpRequest, wanted: EventFilter) -> QuerySet[Event]:
    """The events that were asked for and may be seen."""
    conditions = {
        condition: value
        for name, condition in _CONDITIONS.items()
        if (value := getattr(wanted, name)) is not None
    }
    return visible(principal(request), Event.objects.filter(**conditions))


def find_event(request: HttpRequest, event_id: UUID) -> Event:
    """The event, when the one who asks may see it.

    Raises:
        Http404: there is none, or not for them.
    """
    event = visible(principal(request), Event.objects.filter(pk=event_id)).first()
    if event is None:
        raise Http404("There is no such event.")
    return event


@router.get("", auth=VIEW, response=schemas.EventPage)
def list_events(
    request: HttpRequest,
    filters: QueryOf[EventFilter],
    cursor: str | None = None,
    limit: int = Query(50, ge=1, le=500),
) -> Any:
    """Events, newest first."""
    items, following = page(find_events(request, filters).defer("path"), cursor, limit)
    return {"items": items, "next": following}


@router.get("/{event_id}", auth=VIEW, response={200: schemas.EventDetail, 404: schemas.Error})
def get_event(request: HttpRequest, event_id: UUID) -> Any:
    """One event with the path of its object."""
    return find_event(request, event_id)


@router.get("/{event_id}/snapshot.jpg", auth=VIEW)
def event_snapshot(request: HttpRequest, event_id: UUID) -> Any:
    """The best picture, without drawings."""
    event = find_event(request, event_id)
    return _picture(request, event, event.snapshot)


@router.get("/{event_id}/crop.jpg", auth=VIEW)
def event_crop(request: HttpRequest, event_id: UUID) -> Any:
    """The object alone."""
    event = find_event(request, event_id)
    return _picture(request, event, event.crop)


@router.api_operation(["HEAD"], "/{event_id}/clip.mp4", auth=VIEW, include_in_schema=False)
@router.get("/{event_id}/clip.mp4", auth=VIEW)
def event_clip(
    request: HttpRequest,
    event_id: UUID,
    pre_roll_s: float | None = Query(None, ge=0, le=120),
    post_roll_s: float | None = Query(None, ge=0, le=120),
) -> Any:
    """The event as MP4, with the seconds before and after that the camera is set to."""
    event = find_event(request, event_id)
    camera = Camera.objects.filter(pk=event.camera).first()
    before_s = pre_roll_s if pre_roll_s is not None else camera.pre_roll_s if camera else 5.0
    after_s = post_roll_s if post_roll_s is not None else camera.post_roll_s if camera else 5.0
    start, end = event.start - timedelta(seconds=before_s), event.end + timedelta(seconds=after_s)
    return clip_response(request, event.camera, start, max(end, start + timedelta(seconds=0.1)))


def _picture(request: HttpRequest, event: Event, key: str) -> HttpResponse:
    etag = f'"{event.id.hex}-{event.revision}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=0, must-revalidate"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers=headers)
    try:
        data = (settings.HOME.snapshots / safe_path(key)).read_bytes()
    except (OSError, ValueError):
        raise Http404("This event has no such picture.") from None
    return HttpResponse(data, content_type="image/jpeg", headers=headers)
