"""Events with their pictures."""

from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from ninja import Query as QueryOf
from ninja import Router, Schema
from ninja.params.functions import Query
from pydantic import AfterValidator, Field

from vedette.server.accounts.policy import visible
from vedette.server.api import schemas
from vedette.server.api.access import VIEW, principal
from vedette.server.api.paging import make_cursor, read_cursor
from vedette.server.events.models import Event, Facet
from vedette.server.events.search import Found, Wanted, attach_feedback, find
from vedette.server.recordings.store import safe_path

router = Router(tags=["events"])

MOST_CHOICES = 200


def _some(texts: list[str]) -> list[str]:
    """An empty field of a form asks for nothing."""
    return [text for text in texts if text]


Some = Annotated[
    list[Annotated[str, Field(max_length=120)]], Field(max_length=MOST_CHOICES), AfterValidator(_some)
]


class EventFilter(Schema):
    """Which events; `camera` and `label` may be given several times."""

    camera: Some = Field(default_factory=list)
    label: Some = Field(default_factory=list)
    kind: Literal["object", "motion"] | None = None
    zone: Annotated[str, Field(max_length=120)] | None = None
    after: schemas.InTime | None = None
    before: schemas.InTime | None = None
    min_score: float | None = Field(None, ge=0, le=1)
    feedback: Literal["none", "any", "right", "wrong", "other"] | None = None

    def wanted(self) -> Wanted:
        """As the search takes it."""
        return Wanted(
            cameras=frozenset(self.camera),
            labels=frozenset(self.label),
            kind=self.kind,
            zone=self.zone,
            after=self.after,
            before=self.before,
            min_score=self.min_score,
            feedback=self.feedback,
        )


def find_events(request: HttpRequest, wanted: EventFilter, cursor: str | None, limit: int) -> Found:
    """A page of the events that were asked for and may be seen."""
    beyond = read_cursor(cursor) if cursor else None
    return find(principal(request), wanted.wanted(), beyond, limit)


def find_event(request: HttpRequest, event_id: UUID) -> Event:
    """The event, when the one who asks may see it.

    Raises:
        Http404: there is none, or not for them.
    """
    event = visible(principal(request), Event.objects.filter(pk=event_id)).first()
    if event is None:
        raise Http404("There is no such event.")
    attach_feedback([event])
    return event


@router.get("", auth=VIEW, response=schemas.EventPage)
def list_events(
    request: HttpRequest,
    filters: QueryOf[EventFilter],
    cursor: str | None = None,
    limit: int = Query(50, ge=1, le=500),
) -> Any:
    """Events, newest first. A page may hold fewer than `limit`: go on while `next` is not null."""
    found = find_events(request, filters, cursor, limit)
    return {"items": found.events, "next": make_cursor(*found.further) if found.further else None}


@router.get("/facets", auth=VIEW, response=list[schemas.FacetOut])
def list_facets(request: HttpRequest) -> Any:
    """Which cameras, kinds, labels and zones there are events of."""
    return visible(principal(request), Facet.objects.order_by("camera", "label", "kind", "zone"))


@router.get("/{event_id}", auth=VIEW, response={200: schemas.EventDetail, 404: schemas.Error})
def get_event(request: HttpRequest, event_id: UUID) -> Any:
    """One event with the path of its object."""
    return find_event(request, event_id)


@router.get("/{event_id}/snapshot.jpg", auth=VIEW)
def event_snapshot(request: HttpRequest, event_id: UUID) -> Any:
    """The best picture, without drawings."""
    event = find_event(request, event_id)
    return picture(request, event, event.snapshot)


@router.get("/{event_id}/crop.jpg", auth=VIEW)
def event_crop(request: HttpRequest, event_id: UUID) -> Any:
    """The object alone."""
    event = find_event(request, event_id)
    return picture(request, event, event.crop)


def picture(request: HttpRequest, event: Event, key: str) -> HttpResponse:
    """A picture of an event, from the folder of pictures.

    Raises:
        Http404: it has none.
    """
    etag = f'"{event.id.hex}-{event.revision}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=0, must-revalidate"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers=headers)
    try:
        data = (settings.HOME.snapshots / safe_path(key)).read_bytes()
    except (OSError, ValueError):
        raise Http404("This event has no such picture.") from None
    return HttpResponse(data, content_type="image/jpeg", headers=headers)
