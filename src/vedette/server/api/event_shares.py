"""Share links of events: made, listed, withdrawn."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from vedette.server.accounts.audit import audit
from vedette.server.accounts.models import Share
from vedette.server.accounts.policy import Permission
from vedette.server.accounts.shares import LONGEST, share, withdraw
from vedette.server.api import schemas
from vedette.server.api.access import Needs, principal
from vedette.server.api.events import find_event
from vedette.server.events.models import Event

router = Router(tags=["events"])

KIND = "event"
OPERATE = Needs(Permission.OPERATE)


class ShareIn(schemas.Closed):
    """How long the link works."""

    lifetime_s: Annotated[float, Field(ge=60, le=LONGEST.total_seconds())] = 86400.0


class ShareOut(Schema):
    """A link that works."""

    id: UUID
    made_by: str
    created: schemas.Time
    expires: schemas.Time
    opened: int


class NewShareOut(ShareOut):
    """A new link; `url` is told this once."""

    url: str


def working_shares(request: HttpRequest, event: Event) -> list[Share]:
    """The links to an event that have neither expired nor been withdrawn, newest first."""
    rows = Share.objects.filter(kind=KIND, subject=str(event.id), site_id=principal(request).site_id)
    return list(rows.filter(withdrawn=None, expires__gt=timezone.now()))


@router.post("/{event_id}/shares", auth=OPERATE, response={201: NewShareOut})
def make_share(request: HttpRequest, event_id: UUID, payload: ShareIn) -> Any:
    """Make a link that shows this event, and nothing else, to whoever has it."""
    event = find_event(request, event_id)
    token = share(KIND, str(event.id), principal(request), timedelta(seconds=payload.lifetime_s))
    row = working_shares(request, event)[0]
    detail = {"share": str(row.id), "expires": row.expires.isoformat()}
    audit(request, "share.made", camera=event.camera, subject=event.id, detail=detail)
    told = {name: getattr(row, name) for name in ShareOut.model_fields}
    return Status(201, told | {"url": _address(request, token)})


@router.get("/{event_id}/shares", auth=OPERATE, response=list[ShareOut])
def list_shares(request: HttpRequest, event_id: UUID) -> Any:
    """The links to this event that still work."""
    return working_shares(request, find_event(request, event_id))


@router.delete("/{event_id}/shares/{share_id}", auth=OPERATE, response={204: None, 404: schemas.Error})
def withdraw_share(request: HttpRequest, event_id: UUID, share_id: UUID) -> Any:
    """End a link now."""
    event = find_event(request, event_id)
    found = next((row for row in working_shares(request, event) if row.id == share_id), None)
    if found is None:
        raise Http404("There is no such link, or it does not work any more.")
    withdraw(found)
    audit(request, "share.withdrawn", camera=event.camera, subject=event.id, detail={"share": str(found.id)})
    return Status(204, None)


def _address(request: HttpRequest, token: str) -> str:
    path = reverse("shared", args=[token])
    public = settings.VEDETTE.public_url.rstrip("/")
    return f"{public}{path}" if public else request.build_absolute_uri(path)
