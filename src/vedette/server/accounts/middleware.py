"""Nothing answers without a login or a token."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.utils.deprecation import MiddlewareMixin

from vedette.server.accounts.models import User
from vedette.server.accounts.policy import PER_OPERATION, PUBLIC, Principal, allowed, declared
from vedette.server.accounts.tokens import find_token

_FOR_PROGRAMS = ("/api/", "/metrics")


def principal_of(request: HttpRequest) -> Principal | None:
    """Who asks, by bearer token or session; a wrong token is not made good by a session."""
    header = request.headers.get("Authorization", "")
    if header:
        scheme, _, text = header.partition(" ")
        token = find_token(text.strip()) if scheme.lower() == "bearer" else None
        return Principal(token.name, token.role, token.site_id, by_session=False) if token else None
    user = request.user
    if isinstance(user, User) and user.is_active:
        return Principal(user.username, user.role, user.site_id, by_session=True)
    return None


def principal_again(request: HttpRequest) -> Principal | None:
    """Who asks as of now, for answers that take long: the session may have ended, the user been disabled."""
    request.session = type(request.session)(request.session.session_key)
    request.user = get_user(request)
    return principal_of(request)


class AccessMiddleware(MiddlewareMixin):
    """Sets `request.principal` and refuses what the policy does not allow, before any view runs."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Refuse, or let the view answer."""
        permission = declared(request, view)
        if permission == PUBLIC:
            return None
        principal = principal_of(request)
        request.principal = principal  # type: ignore[attr-defined]
        if principal is None:
            return _who_are_you(request)
        if permission == PER_OPERATION or (permission is not None and allowed(principal, permission)):
            return None
        return _you_may_not(request)


def _who_are_you(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith(_FOR_PROGRAMS):
        return redirect_to_login(request.get_full_path())
    error = {"error": "Not logged in.", "hint": "Send 'Authorization: Bearer TOKEN', or log in at /login."}
    return JsonResponse(error, status=401, headers={"WWW-Authenticate": 'Bearer realm="vedette"'})


def _you_may_not(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith(_FOR_PROGRAMS):
        return HttpResponseForbidden("You may not see this page.", content_type="text/plain")
    return JsonResponse({"error": "Your role does not allow this.", "hint": ""}, status=403)
