"""Periodic work on logins."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from vedette.server.accounts import trail
from vedette.server.accounts.models import Share
from vedette.server.jobs.registry import job

_KEEP_SHARES = timedelta(days=30)


@job("access", every_s=6 * 3600, title="Remove old entries of the audit log, sessions and share links")
def tidy_access() -> str:
    """What has ended, and what is older than the settings keep it."""
    now = timezone.now()
    entries = trail.trim()
    sessions = Session.objects.filter(expire_date__lt=now).delete()[0]
    shares = Share.objects.filter(expires__lt=now - _KEEP_SHARES).delete()[0]
    total = entries + sessions + shares
    return (
        f"{entries} entries, {sessions} sessions, {shares} links removed." if total else "Nothing to remove."
    )
