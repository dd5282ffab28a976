"""Incidents are opened once, closed once, and told once each.

Who wants to know connects to the signals `opened` and `closed`. They are sent after the commit, in the thread
that noticed, with `incident=`; receivers must be quick. A signal that a crash prevented is sent at the next
start (`send_missed`), so a receiver may see one twice, with the same incident.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal
from django.utils import timezone

from vedette.server.live import News
from vedette.server.nodes.models import Incident, Severity
from vedette.server.runtime import runtime
from vedette.server.times import iso

opened = Signal()
"""Something is wrong: once per incident."""

closed = Signal()
"""It is well again: once per incident that was told of."""

AGAIN = timedelta(minutes=5)
"""What comes back within this time is the same incident: counted, and nobody is told unless it lasts."""

_log = structlog.get_logger(__name__)


def open_incident(
    kind: str,
    subject: str,
    message: str,
    *,
    camera: str = "",
    node: str = "",
    severity: str = Severity.MODERATE,
    now: datetime | None = None,
) -> Incident:
    """Note that something is wrong; while it is open, doing so again only renews the message."""
    now = now or timezone.now()
    shown = {"message": message[:2000], "camera": camera[:64], "node": node[:64], "severity": severity}
    with transaction.atomic():
        same = Incident.objects.filter(kind=kind[:32], subject=subject[:160])
        standing = same.filter(closed=None).first()
        if standing is not None:
            return _renew(standing, shown)
        gone = same.filter(closed__gte=now - AGAIN).order_by("-closed").first()
        if gone is not None:
            return _reopen(gone, shown, now)
        row = Incident.objects.create(kind=kind[:32], subject=subject[:160], opened=now, **shown)
        transaction.on_commit(lambda: _tell_opened(row))
        return row


def close_incident(kind: str, subject: str, *, now: datetime | None = None) -> Incident | None:
    """Note that it is well again; None when nothing was wrong."""
    with transaction.atomic():
        row = Incident.objects.filter(kind=kind[:32], subject=subject[:160], closed=None).first()
        if row is None:
            return None
        row.closed = now or timezone.now()
        row.save(update_fields=["closed"])
        transaction.on_commit(lambda: _tell_closed(row))
        return row


def announce_lasting(now: datetime | None = None) -> int:
    """Tell of incidents that came back quietly and stayed; returns how many."""
    now = now or timezone.now()
    lasting = list(Incident.objects.filter(closed=None, quiet=True, reopened__lte=now - AGAIN))
    for row in lasting:
        row.quiet, row.announced, row.back = False, False, False
        row.save(update_fields=["quiet", "announced", "back"])
        _tell_opened(row)
    return len(lasting)


def send_missed() -> int:
    """Send the signals that a crash prevented; returns how many."""
    untold = Q(announced=False) | Q(back=False, closed__isnull=False)
    rows = list(Incident.objects.filter(untold, quiet=False).order_by("id"))
    for row in rows:
        if not row.announced:
            _tell_opened(row)
        if row.closed is not None:
            _tell_closed(row)
    return len(rows)


def incident_news(row: Incident) -> News:
    """As the live stream sends it."""
    data = {"id": row.id, "kind": row.kind, "subject": row.subject, "camera": row.camera, "node": row.node}
    data |= {"message": row.message, "severity": row.severity, "opened": iso(row.opened), "times": row.times}
    return News("incident", row.camera, data | {"closed": iso(row.closed) if row.closed else None})


def _renew(row: Incident, shown: dict[str, str]) -> Incident:
    if any(getattr(row, name) != value for name, value in shown.items()):
        Incident.objects.filter(pk=row.pk).update(**shown)
        row.refresh_from_db()
        transaction.on_commit(lambda: _publish(row))
    return row


def _reopen(row: Incident, shown: dict[str, str], now: datetime) -> Incident:
    changes = {"closed": None, "reopened": now, "times": row.times + 1, "quiet": True}
    Incident.objects.filter(pk=row.pk).update(**shown, **changes)
    row.refresh_from_db()
    transaction.on_commit(lambda: _publish(row))
    return row


def _tell_opened(row: Incident) -> None:
    _log.warning("Incident", kind=row.kind, subject=row.subject, camera=row.camera, message=row.message)
    _publish(row)
    _send(opened, row)
    Incident.objects.filter(pk=row.pk).update(announced=True)


def _tell_closed(row: Incident) -> None:
    _publish(row)
    if row.quiet:
        return
    _log.info("Back again", kind=row.kind, subject=row.subject, camera=row.camera, seconds=round(row.seconds))
    _send(closed, row)
    Incident.objects.filter(pk=row.pk).update(back=True)


def _publish(row: Incident) -> None:
    runtime.live.publish(incident_news(row))


def _send(signal: Signal, row: Incident) -> None:
    for receiver, outcome in signal.send_robust(sender=Incident, incident=row):
        if isinstance(outcome, Exception):
            runtime.counters["incident_receiver_errors"] += 1
            _log.error("An incident could not be passed on", receiver=repr(receiver), error=str(outcome))
