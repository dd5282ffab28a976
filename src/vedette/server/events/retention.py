"""Events that are too old go, with their pictures."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from vedette.server.events.models import Event, Facet, ZoneEntry
from vedette.server.recordings.store import safe_path

_BATCH = 500

_log = structlog.get_logger(__name__)


def remove_old_events(max_age_days: float | None, snapshots: Path) -> int:
    """Remove events that ended longer ago than `max_age_days` (None: keep all); returns how many.

    Pictures go first: a crash in between leaves a row without pictures, which the next round removes.
    Feedback stays: it says how good a model was, and shows nobody.
    """
    if max_age_days is None:
        return 0
    limit, removed = timezone.now() - timedelta(days=max_age_days), 0
    # What ended before the limit began before it: the index by time leads to it without a look at the rest.
    old = Event.objects.filter(start__lt=limit, end__lt=limit).order_by("start")
    while rows := list(old.only("id", "snapshot", "crop")[:_BATCH]):
        _remove_pictures([key for row in rows for key in (row.snapshot, row.crop) if key], snapshots)
        Event.objects.filter(pk__in=[row.pk for row in rows], end__lt=limit).delete()
        removed += len(rows)
    if removed:
        remove_unused_facets()
        _log.info("Old events were removed", count=removed, older_than_days=max_age_days)
    return removed


@transaction.atomic
def remove_unused_facets() -> int:
    """Forget cameras, labels and zones of which no event is left; returns how many."""
    same = {"camera": OuterRef("camera"), "label": OuterRef("label")}
    locked = list(Facet.objects.select_for_update().values_list("pk", flat=True))
    facets = Facet.objects.filter(pk__in=locked)
    events = facets.filter(zone="").exclude(Exists(Event.objects.filter(**same)))
    entries = facets.exclude(zone="").exclude(Exists(ZoneEntry.objects.filter(zone=OuterRef("zone"), **same)))
    return sum(rows.delete()[0] for rows in (events, entries))


def _remove_pictures(keys: Sequence[str], snapshots: Path) -> None:
    for key in keys:
        try:
            (snapshots / safe_path(key)).unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            _log.warning("A picture cannot be removed", key=key, error=str(error))
