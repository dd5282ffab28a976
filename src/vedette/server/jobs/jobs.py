"""The server's own housekeeping: recordings, events and old notes go when their time has come."""

from datetime import timedelta

from django.utils import timezone

from vedette.server.events.retention import remove_old_events
from vedette.server.jobs.registry import job
from vedette.server.nodes.models import Incident
from vedette.server.recordings.retention import keep_limits
from vedette.server.runtime import runtime
from vedette.settings import Settings, active, load_settings

INCIDENTS_KEPT = timedelta(days=400)


def _settings() -> Settings:
    return active() or load_settings()


def _every_s() -> float:
    return _settings().retention.every_s


@job("retention", every_s=_every_s, title="Remove recordings that exceed the limits")
def retention() -> str:
    """Keep the limits of retention."""
    settings = _settings()
    return _removed(keep_limits(settings.retention, settings.layout().recordings, runtime), "segment")


@job("event-retention", every_s=_every_s, title="Remove events that exceed the limits")
def event_retention() -> str:
    """Remove old events with their pictures."""
    settings = _settings()
    removed = remove_old_events(settings.retention.event_max_age_days, settings.layout().snapshots)
    return _removed(removed, "event")


@job("old-incidents", every_s=86400, title="Remove incidents that ended more than a year ago")
def old_incidents() -> str:
    """Keep the list of incidents bounded."""
    old = Incident.objects.filter(closed__lt=timezone.now() - INCIDENTS_KEPT)
    return _removed(old.delete()[0], "incident")


def _removed(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'} removed." if count else "Nothing to remove."
