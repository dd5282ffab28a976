"""Counts and notes logins, failed ones, and changes of second factors."""

from typing import Any

import structlog
from allauth.mfa import signals as mfa
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from vedette.server.accounts import sessions
from vedette.server.accounts.audit import audit_login
from vedette.server.accounts.models import User
from vedette.server.runtime import runtime

_log = structlog.get_logger(__name__)


def watch() -> None:
    """Follow the signals of Django and of django-allauth."""
    user_logged_in.connect(_logged_in, dispatch_uid="note-logins")
    user_logged_out.connect(_logged_out, dispatch_uid="note-logouts")
    user_login_failed.connect(_failed, dispatch_uid="note-failed-logins")
    mfa.authentication_failed.connect(_wrong_code, dispatch_uid="note-wrong-codes")
    for signal, action in (
        (mfa.authenticator_added, "user.second-factor-added"),
        (mfa.authenticator_removed, "user.second-factor-removed"),
        (mfa.authenticator_reset, "user.recovery-codes-made"),
    ):
        signal.connect(_noting(action), weak=False, dispatch_uid=f"note {action}")


def _logged_in(request: HttpRequest, user: User, **_: Any) -> None:
    runtime.counters["logins"] += 1
    sessions.begin(request)
    audit_login(request, user, "user.logged-in")


def _logged_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        audit_login(request, user, "user.logged-out")


def _failed(request: HttpRequest | None, credentials: dict[str, Any], **_: Any) -> None:
    """The name is noted only when it is one of ours: people type passwords into the wrong field."""
    runtime.counters["logins_failed"] += 1
    _log.warning("A login failed")
    user = User.objects.filter(username=credentials.get("username") or "").first()
    audit_login(request, user, "login.failed")


def _wrong_code(request: HttpRequest, user: User, **_: Any) -> None:
    runtime.counters["logins_failed"] += 1
    audit_login(request, user, "login.failed", {"step": "second factor"})


def _noting(action: str) -> Any:
    def note(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
        audit_login(request, user, action, {"kind": str(authenticator.type)})

    return note
