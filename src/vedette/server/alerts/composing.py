"""The message of a delivery, from the rows: put together when it is sent, so that it says the newest."""

from django.conf import settings
from django.urls import NoReverseMatch

from vedette.server.accounts.middleware import user_principal
from vedette.server.accounts.policy import Permission, allowed, visible_cameras
from vedette.server.alerts import links
from vedette.server.alerts.channels.base import MAX_PICTURE_BYTES, Message
from vedette.server.alerts.models import Channel, Delivery, Notification
from vedette.server.cameras.models import Camera
from vedette.server.recordings.store import safe_path


def message_of(delivery: Delivery, row: Notification) -> Message:
    """A notification as it is now, for one delivery."""
    camera = Camera.objects.filter(pk=row.camera).first() if row.camera else None
    return Message(
        id=str(row.pk),
        delivery=str(delivery.pk),
        revision=row.revision,
        title=row.title,
        text=row.text,
        about=row.about,
        rule=row.rule_name,
        camera=row.camera,
        camera_name=camera.name if camera else row.camera,
        labels=tuple(row.labels),
        events=tuple(row.events),
        opened=row.opened,
        last=row.last,
        count=row.count,
        severity=row.severity,
        urgent=row.urgent,
        base=public_address(),
        path=_page(row),
        picture_path=links.picture_path(row),
        snooze_path=links.snooze_path(row),
        picture=picture_of(row),
    )


def _page(row: Notification) -> str:
    try:
        return links.page_path(row)
    except NoReverseMatch:  # no pages are installed
        return ""


def public_address() -> str:
    """The address that people use, without a slash at its end; empty when nobody said."""
    return str(settings.VEDETTE.public_url).rstrip("/")


def picture_of(row: Notification) -> bytes:
    """Its JPEG; nothing when there is none (any more)."""
    if not row.picture:
        return b""
    try:
        data = (settings.HOME.snapshots / safe_path(row.picture)).read_bytes()
    except (OSError, ValueError):
        return b""
    return data if len(data) <= MAX_PICTURE_BYTES else b""


def refusal(channel: Channel, row: Notification) -> str:
    """Why this channel must not be told: its owner may not see what it is about. Empty when it may."""
    if channel.owner is None:
        return ""
    if not channel.owner.is_active:
        return f"{channel.owner.username} cannot log in any more."
    asks = user_principal(channel.owner)
    if not allowed(asks, Permission.VIEW) or asks.site_id != row.site_id:
        return f"{channel.owner.username} may not see this."
    seen = set(visible_cameras(asks).filter(pk__in=row.cameras).values_list("pk", flat=True))
    return "" if seen.issuperset(row.cameras) else f"{channel.owner.username} may not see this camera."
