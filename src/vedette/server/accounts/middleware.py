"""Nothing answers without a login or a token."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.deprecation import MiddlewareMixin

from vedette.server.accounts import sessions
from vedette.server.accounts.audit import audit
from vedette.server.accounts.models import ApiToken, By, Role, User
from vedette.server.accounts.policy import PER_OPERATION, PUBLIC, SHARED, Principal, allowed, declared
from vedette.server.accounts.refusals import link_ended, refuse
from vedette.server.accounts.shares import note_opened, opened
from vedette.server.accounts.tokens import find_token

_FOR_PROGRAMS = ("/api/", "/metrics")
_BEFORE_PASSWORD = frozenset({"/profile/password", "/logout"})


def principal_of(request: HttpRequest) -> Principal | None:
    """Who asks, by bearer token or session; a wrong token is not made good by a session."""
    header = request.headers.get("Authorization", "")
    if header:
        scheme, _, text = header.partition(" ")
        token = find_token(text.strip()) if scheme.lower() == "bearer" else None
        return token_principal(token) if token else None
    user = request.user
    if not isinstance(user, User) or not user.is_active or not sessions.lives(request):
        return None
    return user_principal(user)


def user_principal(user: User) -> Principal:
    """Somebody who is logged in."""
    return Principal(
        user.username, user.role, user.site_id, by_session=True, user_id=user.pk, cameras=user.camera_ids()
    )


def token_principal(token: ApiToken) -> Principal:
    """A program with a token; one of a user may what both may."""
    role, cameras = token.role, token.camera_ids()
    if (user := token.user) is not None:
        role = min(role, user.role, key=Role.values.index)
        cameras = _both(cameras, None if user.role == Role.ADMINISTRATOR else user.camera_ids())
    return Principal(
        token.name,
        role,
        token.site_id,
        by_session=False,
        by=By.TOKEN,
        user_id=token.user_id,
        token_id=token.pk,
        cameras=cameras,
        scopes=frozenset(token.scopes) or None,
    )


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return other if one is None else one if other is None else one & other


def principal_again(request: HttpRequest) -> Principal | None:
    """Who asks as of now, for answers that take long: the session may have ended, the user been disabled."""
    request.session = type(request.session)(request.session.session_key)
    request.user = get_user(request)
    return principal_of(request)


class AccessMiddleware(MiddlewareMixin):
    """Sets `request.principal` and refuses what the policy does not allow, before any view runs."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse, or let the view answer."""
        permission = declared(request, view)
        if permission == PUBLIC:
            return None
        if permission is not None and permission.startswith(SHARED):
            return _open_share(request, permission.removeprefix(SHARED).strip(), str(kwargs.get("token", "")))
        principal = principal_of(request)
        request.principal = principal  # type: ignore[attr-defined]
        if principal is None or (getattr(view, "vedette_by_session", False) and not principal.by_session):
            return _who_are_you(request)
        if principal.by_session and request.user.must_change_password:  # type: ignore[union-attr]
            return _password_first(request)
        if permission == PER_OPERATION or (permission is not None and allowed(principal, permission)):
            return None
        return _you_may_not(request)


def _open_share(request: HttpRequest, kind: str, token: str) -> HttpResponse | None:
    row = opened(token)
    if row is None or row.kind != kind:
        return link_ended(request)
    request.share = row  # type: ignore[attr-defined]
    request.principal = Principal(row.made_by, "", row.site_id, by_session=False, by=By.SHARE)  # type: ignore[attr-defined]
    if request.path.rstrip("/").endswith(token):  # the page itself, not its pictures
        note_opened(row)
        audit(request, "share.opened", subject=row.subject, detail={"kind": row.kind}, once_s=60)
    return None


def _who_are_you(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith(_FOR_PROGRAMS):
        return redirect_to_login(request.get_full_path())
    error = {"error": "Not logged in.", "hint": "Send 'Authorization: Bearer TOKEN', or log in at /login."}
    return JsonResponse(error, status=401, headers={"WWW-Authenticate": 'Bearer realm="vedette"'})


def _password_first(request: HttpRequest) -> HttpResponse | None:
    """Somebody with a generated password changes it, logs out, or stays outside."""
    if request.path in _BEFORE_PASSWORD:
        return None
    if not request.path.startswith(_FOR_PROGRAMS):
        return redirect("account_change_password")
    error = {"error": "Change your password first.", "hint": "Log in with a browser; it asks for a new one."}
    return JsonResponse(error, status=403)


def _you_may_not(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith(_FOR_PROGRAMS):
        words = "You may not see this page. An administrator can give you the role for it."
        return refuse(request, 403, "Not for you", words)
    return JsonResponse({"error": "Your role does not allow this.", "hint": ""}, status=403)
