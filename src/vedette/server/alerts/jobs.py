"""Periodic work: old notifications go."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from vedette.server.alerts.models import Absence, Channel, Delivery, Notification, Snooze
from vedette.server.jobs.registry import job

KEEP = timedelta(days=60)
MOST = 20_000
_STEP = 500


@job("alerts", every_s=3600, title="Remove old notifications")
def trim_notifications() -> str:
    """Notifications older than 60 days, and those beyond 20 000; snoozes and absences that are over."""
    now = timezone.now()
    Snooze.objects.filter(until__lt=now).delete()
    Absence.objects.filter(end__lt=now - KEEP).delete()
    for channel in Channel.objects.values_list("pk", flat=True):
        bound_backlog(channel)
    removed = _remove(Notification.objects.filter(created__lt=now - KEEP).values_list("pk", flat=True))
    removed += _remove(Notification.objects.order_by("-created", "-id").values_list("pk", flat=True)[MOST:])
    return f"Removed {removed} notifications." if removed else "Nothing was old enough."


def _remove(ids: Iterable[UUID]) -> int:
    wanted = list(ids)
    for first in range(0, len(wanted), _STEP):
        Notification.objects.filter(pk__in=wanted[first : first + _STEP]).delete()
    return len(wanted)


def bound_backlog(channel: int, most: int = 1000) -> int:
    """Give up the oldest deliveries that wait for a channel beyond so many; returns how many."""
    waiting = Delivery.objects.filter(channel=channel, state=Delivery.State.WAITING).order_by("-created")
    excess = list(waiting.values_list("pk", flat=True)[most:])
    rows = Delivery.objects.filter(pk__in=excess)
    words = "Too many were waiting for this channel."
    return rows.update(state=Delivery.State.FAILED, reason=words, finished=timezone.now())
