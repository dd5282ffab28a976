"""Reading who did what: filters, keyset pages, and the end of what is old."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from vedette.server.accounts.models import AuditEntry, Site
from vedette.server.accounts.policy import Principal

_CONDITIONS = {
    "who": "who",
    "by": "by",
    "camera": "camera",
    "subject": "subject",
    "after": "utc__gte",
    "before": "utc__lt",
}


def visible(asks: Principal) -> QuerySet[AuditEntry]:
    """The entries of their site; those of no site are the default site's."""
    own = Q(site_id=asks.site_id)
    if asks.site_id == Site.default().pk:
        own |= Q(site_id=None)
    return AuditEntry.objects.filter(own)


def find(asks: Principal, wanted: Mapping[str, Any]) -> QuerySet[AuditEntry]:
    """The entries that they may see, narrowed by what of these is given.

    Args:
        asks: who wants to know.
        wanted: `who`, `by`, `camera`, `subject`, `after`, `before`, and `action`: a whole one or its noun.
    """
    rows = visible(asks)
    for name, condition in _CONDITIONS.items():
        if (value := wanted.get(name)) not in {None, ""}:
            rows = rows.filter(**{condition: value})
    if action := wanted.get("action"):
        rows = rows.filter(Q(action=action) | Q(action__startswith=f"{action}."))
    return rows


def page(rows: QuerySet[AuditEntry], cursor: int | None, limit: int) -> tuple[list[AuditEntry], int | None]:
    """One page, newest first, and the cursor of the next."""
    rows = rows.filter(id__lt=cursor) if cursor else rows
    found = list(rows.order_by("-id")[: limit + 1])
    return found[:limit], found[limit - 1].pk if len(found) > limit else None


def actions(asks: Principal) -> list[str]:
    """The actions among the newest entries, for a form."""
    newest = visible(asks).order_by("-id").values_list("action", flat=True)[:5000]
    return sorted(set(newest))


def trim() -> int:
    """Remove what is older than the settings say; returns how many entries went."""
    oldest = timezone.now() - timedelta(days=settings.VEDETTE.sessions.audit_days)
    return AuditEntry.objects.filter(utc__lt=oldest).delete()[0]
