"""Every operation of the API declares what it needs; one that does not declares nothing and refuses."""

from typing import Any

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from vedette.server.accounts.policy import Permission, Principal, allowed

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Needs(AuthBase):
    """Lets those in whose role has the permission; sessions must pass the CSRF check to change things."""

    openapi_type: str = "http"
    openapi_scheme: str = "bearer"

    def __init__(self, permission: Permission) -> None:
        super().__init__()
        self.permission = permission

    def __call__(self, request: HttpRequest) -> Any:
        """The principal, or None (401) when nobody is known."""
        principal = who(request)
        if principal is None:
            return None
        if not allowed(principal, self.permission):
            raise HttpError(403, "Your role does not allow this.")
        if principal.by_session and request.method not in _SAFE and check_csrf(request):
            raise HttpError(403, "The CSRF token is missing or wrong.")
        return principal


class Undeclared(AuthBase):
    """The default of the API: nobody."""

    openapi_type: str = "http"
    openapi_scheme: str = "bearer"

    def __call__(self, request: HttpRequest) -> Any:  # noqa: ARG002
        """Refuse."""
        raise HttpError(403, "This route has declared no permission.")


def who(request: HttpRequest) -> Principal | None:
    """Who asks, as the access middleware found out."""
    return getattr(request, "principal", None)


def principal(request: HttpRequest) -> Principal:
    """Who asks, in an operation that only lets known ones in."""
    found = who(request)
    assert found is not None
    return found


VIEW = Needs(Permission.VIEW)
ADMINISTER = Needs(Permission.ADMINISTER)
