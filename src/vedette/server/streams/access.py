"""Who opens a live socket, and what they may see: the same policy as everywhere, asked again and again."""

from importlib import import_module
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest

from vedette.server.accounts.audit import audit
from vedette.server.accounts.middleware import principal_again, principal_of
from vedette.server.accounts.policy import Permission, Principal, allowed, visible_cameras

Scope = Any

AUDIT_ONCE_S = 60.0
"""A camera that is looked at again within this time is the same look: tiles come and go."""


class Visitor:
    """Whoever opened a socket, as a request that the policy can be asked about."""

    def __init__(self, request: HttpRequest, principal: Principal) -> None:
        self._request = request
        self.principal = principal

    async def may_see(self, camera: str) -> bool:
        """Whether the camera is one of theirs."""
        return camera in await _visible(self.principal, (camera,))

    async def note(self, camera: str, stream: str) -> None:
        """Write into the audit log that they look at it."""
        await _note(self._request, camera, stream)

    async def refreshed(self, cameras: tuple[str, ...]) -> frozenset[str] | None:
        """Which of these cameras they may see now; None when they may not look at all any more."""
        principal = await _principal_now(self._request)
        if principal is None:
            return None
        self.principal = principal
        return await _visible(principal, cameras)


async def visitor(scope: Scope) -> Visitor | None:
    """Who opens this socket; None when they may not."""
    return await _visitor(scope)


@sync_to_async
def _visitor(scope: Scope) -> Visitor | None:
    close_old_connections()
    request = _request(scope)
    if not _is_named_rightly(request):
        return None
    principal = principal_of(request)
    if principal is None or not allowed(principal, Permission.VIEW):
        return None
    if principal.by_session and not (_from_our_pages(request) and _has_own_password(request)):
        return None
    request.principal = principal  # type: ignore[attr-defined]
    return Visitor(request, principal)


def _request(scope: Scope) -> HttpRequest:
    """The opening handshake as the HTTP request that it is, with its session."""
    request = ASGIRequest({**scope, "type": "http", "method": "GET"}, BytesIO())
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    request.user = get_user(request)
    return request


def _is_named_rightly(request: HttpRequest) -> bool:
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True


def _from_our_pages(request: HttpRequest) -> bool:
    """A session is sent by the browser whoever asks for it: only our own pages may."""
    origin = request.headers.get("Origin", "")
    return origin in settings.CSRF_TRUSTED_ORIGINS or urlsplit(origin).netloc == request.get_host()


def _has_own_password(request: HttpRequest) -> bool:
    """Whoever has a generated password sees nothing before it is changed."""
    return not getattr(request.user, "must_change_password", False)


@sync_to_async
def _principal_now(request: HttpRequest) -> Principal | None:
    close_old_connections()
    principal = principal_again(request)
    if principal is None or (principal.by_session and not _has_own_password(request)):
        return None
    return principal if allowed(principal, Permission.VIEW) else None


@sync_to_async
def _visible(principal: Principal, cameras: tuple[str, ...]) -> frozenset[str]:
    close_old_connections()
    return frozenset(visible_cameras(principal).filter(id__in=cameras).values_list("id", flat=True))


@sync_to_async
def _note(request: HttpRequest, camera: str, stream: str) -> None:
    close_old_connections()
    audit(request, "live.watched", camera=camera, subject=stream, once_s=AUDIT_ONCE_S)
