"""Channels: where alerts go."""

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Status

from vedette.server.accounts.audit import audit
from vedette.server.accounts.policy import Permission, Principal, allowed
from vedette.server.alerts import service
from vedette.server.alerts.channels.base import SendError
from vedette.server.alerts.models import Channel
from vedette.server.alerts.trial import try_channel
from vedette.server.api import alert_schemas as schemas
from vedette.server.api.access import ADMINISTER, VIEW, principal
from vedette.server.api.schemas import Error

router = Router(tags=["alerts"])


def visible_channels(asks: Principal) -> Any:
    """All of the site for administrators; everybody else sees their own browsers."""
    rows = Channel.objects.filter(site=asks.site_id).select_related("owner")
    if allowed(asks, Permission.ADMINISTER):
        return rows
    return rows.filter(owner=asks.user_id) if asks.user_id is not None else rows.none()


def find_channel(request: HttpRequest, channel_id: int) -> Channel:
    """A channel that the one who asks may see.

    Raises:
        Http404: there is none.
    """
    row = visible_channels(principal(request)).filter(pk=channel_id).first()
    if row is None:
        raise Http404("There is no such channel.")
    found: Channel = row
    return found


@router.get("", auth=VIEW, response=list[schemas.ChannelOut])
def list_channels(request: HttpRequest) -> Any:
    """All channels; for those who are no administrators, their own browsers."""
    return visible_channels(principal(request))


@router.post("", auth=ADMINISTER, response={201: schemas.ChannelOut, 422: Error})
def add_channel(request: HttpRequest, payload: schemas.NewChannelIn) -> Any:
    """Add a channel; try it with `POST /alerts/channels/ID/test`."""
    row = Channel(site_id=principal(request).site_id, kind=payload.kind)
    return Status(201, change_channel(request, row, payload.values()))


@router.get("/{channel_id}", auth=VIEW, response={200: schemas.ChannelOut, 404: Error})
def get_channel(request: HttpRequest, channel_id: int) -> Any:
    """One channel."""
    return find_channel(request, channel_id)


@router.patch("/{channel_id}", auth=ADMINISTER, response={200: schemas.ChannelOut, 404: Error, 422: Error})
def patch_channel(request: HttpRequest, channel_id: int, payload: schemas.ChannelIn) -> Any:
    """Change a channel; secrets that are left out stay as they are."""
    return change_channel(request, find_channel(request, channel_id), payload.values())


@router.delete("/{channel_id}", auth=VIEW, response={204: None, 404: Error})
def remove_channel(request: HttpRequest, channel_id: int) -> Any:
    """Remove a channel; everybody may remove their own browser."""
    find_channel(request, channel_id).delete()
    service.changed()
    audit(request, "channel.removed", subject=channel_id)
    return Status(204, None)


@router.post("/{channel_id}/test", auth=VIEW, response={200: schemas.TestOut, 404: Error})
def test_channel(request: HttpRequest, channel_id: int) -> Any:
    """Really send a test message, and say what the other side answered."""
    row = find_channel(request, channel_id)
    audit(request, "channel.tested", subject=channel_id)
    try:
        return {"sent": True, "answer": try_channel(row).answer}
    except SendError as error:
        return {"sent": False, "answer": str(error.args[0])}


def change_channel(request: HttpRequest, row: Channel, values: dict[str, Any]) -> Channel:
    """Take over, store and note: names of fields only, never their values."""
    added = row.pk is None
    service.change_channel(row, values)
    fields = sorted({*values, *values.get("config", {})} - {"config"})
    action = "channel.added" if added else "channel.changed"
    audit(request, action, subject=row.pk, detail={"kind": row.kind, "fields": fields})
    return row
