"""Logins that last: how long, which there are, and their end."""

import time
from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from vedette.server.accounts.models import User

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


def end(rows: Iterable[UserSession]) -> int:
    """Log these out; returns how many they were."""
    ended = list(rows)
    for row in ended:
        row.end()
    return len(ended)


def end_all(user: User, *, but: str | None = None) -> int:
    """Log a user out everywhere (but in the session of this key)."""
    return end(row for row in of_user(user) if row.session_key != but)
