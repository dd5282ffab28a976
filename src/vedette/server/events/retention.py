"""Events that are too old go, with their pictures."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import structlog
from django.utils import timezone

from vedette.server.events.models import Event
from vedette.server.recordings.store import safe_path

_BATCH = 500

_log = structlog.get_logger(__name__)


def remove_old_events(max_age_days: float | None, snapshots: Path) -> int:
    """Remove events that ended longer ago than `max_age_days` (None: keep all); returns how many.

    Pictures go first: a crash in between leaves a row without pictures, which the next round removes.
    """
    if max_age_days is None:
        return 0
    limit, removed = timezone.now() - timedelta(days=max_age_days), 0
    while rows := list(Event.objects.filter(end__lt=limit).only("id", "snapshot", "crop")[:_BATCH]):
        _remove_pictures([key for row in rows for key in (row.snapshot, row.crop) if key], snapshots)
        Event.objects.filter(pk__in=[row.pk for row in rows], end__lt=limit).delete()
        removed += len(rows)
    if removed:
        _log.info("Old events were removed", count=removed, older_than_days=max_age_days)
    return removed


def _remove_pictures(keys: Sequence[str], snapshots: Path) -> None:
    for key in keys:
        try:
            (snapshots / safe_path(key)).unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            _log.warning("A picture cannot be removed", key=key, error=str(error))
