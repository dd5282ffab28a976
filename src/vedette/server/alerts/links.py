"""Links in notifications: signed, they open one thing of one notification without a login, and expire.

They say nothing by themselves: the notification must still be there, and retention ends them early.
"""

from datetime import timedelta
from uuid import UUID

from django.core import signing
from django.urls import reverse

from vedette.server.alerts.models import Notification

PICTURE, SNOOZE = "picture", "snooze"
LIFETIME = timedelta(days=2)
_SALT = "vedette.alerts.link"
_MAX_LENGTH = 200


def token(what: str, notification: UUID) -> str:
    """The secret part of a link."""
    return signing.dumps([what, notification.hex], salt=_SALT)


def opened(what: str, text: str) -> Notification | None:
    """The notification whose picture or snooze this link opens; None for any other, or an old link."""
    if len(text) > _MAX_LENGTH:
        return None
    try:
        found, number = signing.loads(text, salt=_SALT, max_age=LIFETIME)
        wanted = UUID(number)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
    return Notification.objects.filter(pk=wanted).first() if found == what else None


def picture_path(row: Notification) -> str:
    """Where its picture is."""
    return reverse("alert-picture", args=[token(PICTURE, row.pk)]) if row.picture else ""


def snooze_path(row: Notification) -> str:
    """Where it can be snoozed."""
    return reverse("alert-snooze", args=[token(SNOOZE, row.pk)]) if row.rule_id else ""


def page_path(row: Notification) -> str:
    """Where to look: its event, or all of them."""
    if row.events:
        return reverse("event", args=[row.events[-1]])
    return reverse("system") if row.about == "system" else reverse("alerts")
