"""The profile: one's own password, second factor, sessions, tokens and links."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from vedette.server.accounts import people, sessions, shares
from vedette.server.accounts.audit import audit
from vedette.server.accounts.configuration import PROVIDER
from vedette.server.accounts.models import User
from vedette.server.accounts.policy import Permission, granted, own
from vedette.server.api.access import principal
from vedette.server.dashboard.pages import page, show
from vedette.server.dashboard.token_forms import LIFETIMES, read_token


@own
@page(Permission.VIEW, "GET", "HEAD", "POST")
def profile(request: HttpRequest) -> HttpResponse:
    """Everything that is one's own, and the form for a token."""
    me = _me(request)
    context: dict[str, Any] = {"form": {"days": "90"}}
    if request.method == "POST":
        context = read_token(request, own=True, cameras=None)
    asks = principal(request)
    current = request.session.session_key
    frame = {
        "section": "profile",
        "user": me,
        "second_factor": people.has_second_factor(me),
        "codes_left": _codes_left(me),
        "provider": _provider(me),
        "provider_id": PROVIDER,
        "sessions": [sessions.shown(row, current) for row in sessions.of_user(me)],
        "tokens": me.tokens.order_by("-created"),
        "shares": [row for row in shares.visible(asks).filter(user=me)[:100] if row.state == "open"],
        "scopes": [str(scope) for scope in Permission if scope in granted(me.role)],
        "lifetimes": LIFETIMES,
        "back": "profile",
        "done": request.GET.get("done", ""),
    }
    return show(request, "accounts/profile.html", frame | context, 422 if "problem" in context else 200)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # tokens do not come this far
    return request.user


def _codes_left(me: User) -> int:
    row = Authenticator.objects.filter(user=me, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(row.wrap().get_unused_codes()) if row else 0


def _provider(me: User) -> dict[str, Any] | None:
    if not settings.VEDETTE.oidc.on:
        return None
    connected = SocialAccount.objects.filter(user=me).exists()
    return {"name": settings.VEDETTE.oidc.name, "connected": connected}


@own
@page(Permission.VIEW, "POST")
def log_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """End all sessions but this one."""
    me = _me(request)
    ended = sessions.end_all(me, but=request.session.session_key)
    audit(request, "session.ended", subject=me.username, detail={"sessions": ended})
    messages.success(request, "You are logged out everywhere else.")
    return redirect("profile")


@own
@page(Permission.VIEW, "POST")
def disconnect(request: HttpRequest) -> HttpResponse:
    """Log in without the provider from now on; needs a password."""
    me = _me(request)
    if me.has_usable_password():
        SocialAccount.objects.filter(user=me).delete()
        audit(request, "user.provider-disconnected", subject=me.username)
        messages.success(request, "The connection is removed.")
    else:
        messages.error(request, "You have no password here: without the provider you could not log in.")
    return redirect("profile")
