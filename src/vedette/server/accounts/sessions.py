"""Logins that last: how long, which there are, and their end."""

import time
from collections.abc import Iterable
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from vedette.server.accounts.models import User
from vedette.server.accounts.policy import Permission, Principal, allowed

_SINCE, _SEEN = "since", "seen"
_NOTE_S = 60.0
"""Using a session is noted at most so often: a page with sixteen pictures is not sixteen writes."""


def begin(request: HttpRequest) -> None:
    """Note when a session began."""
    request.session[_SINCE] = request.session[_SEEN] = time.time()


def lives(request: HttpRequest) -> bool:
    """Whether the session of the request still counts; notes that it is used, which keeps it alive."""
    session, now_s = request.session, time.time()
    since_s = session.setdefault(_SINCE, now_s)
    if now_s - since_s > settings.VEDETTE.sessions.max_days * 86400:
        session.flush()
        return False
    if now_s - session.get(_SEEN, 0.0) > _NOTE_S:
        session[_SEEN] = now_s
        UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=timezone.now())
    return True


def of_user(user: User) -> list[UserSession]:
    """The sessions of a user, the last used first; those that have ended are forgotten."""
    rows: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted(rows, key=lambda row: row.last_seen_at, reverse=True)


def visible(asks: Principal) -> QuerySet[UserSession]:
    """The sessions they may see: those of their site's users, or only their own."""
    rows: QuerySet[Any] = UserSession.objects.filter(user__site_id=asks.site_id).select_related("user")
    rows = rows if allowed(asks, Permission.ADMINISTER) else rows.filter(user_id=asks.user_id or 0)
    return rows.order_by("-last_seen_at", "-pk")


def shown(row: UserSession, current: str | None) -> dict[str, Any]:
    """A session as people see it; `current` is the key of the one that asks."""
    return {
        "id": row.pk,
        "username": row.user.username,
        "address": row.ip,
        "browser": browser(row.user_agent),
        "began": row.created_at,
        "last_seen": row.last_seen_at,
        "current": row.session_key == current,
    }


def browser(user_agent: str) -> str:
    """A browser in two words: `Firefox, Android`."""
    names = (
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    )
    systems = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")
    name = next((words for mark, words in names if f"{mark}/" in user_agent), user_agent[:40] or "Unknown")
    system = next((mark for mark in systems if mark in user_agent), "")
    return f"{name}, {system}" if system else name


def end(rows: Iterable[UserSession]) -> int:
    """Log these out; returns how many they were."""
    ended = list(rows)
    for row in ended:
        row.end()
    return len(ended)


def end_all(user: User, *, but: str | None = None) -> int:
    """Log a user out everywhere (but in the session of this key)."""
    return end(row for row in of_user(user) if row.session_key != but)
