"""The one policy: who may do what, on which rows (promise P6).

Every way in asks here. A route without a declared permission answers nobody; rows are filtered where they
are read (`visible_cameras`, `visible`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from vedette.server.accounts.models import Role
from vedette.server.cameras.models import Camera

View = TypeVar("View", bound=Callable[..., Any])
Row = TypeVar("Row", bound=Model)


class Permission(StrEnum):
    """What a route asks for."""

    VIEW = "view"
    OPERATE = "operate"
    ADMINISTER = "administer"


PUBLIC = "public"
PER_OPERATION = "per operation"

_GRANTS = {
    Role.VIEWER: {Permission.VIEW},
    Role.OPERATOR: {Permission.VIEW, Permission.OPERATE},
    Role.ADMINISTRATOR: {Permission.VIEW, Permission.OPERATE, Permission.ADMINISTER},
}
_NAMESPACES: dict[str, str] = {
    "admin": Permission.ADMINISTER,
    # Every operation of the API declares its own (`api.access.Needs`); undeclared ones refuse.
    "ninja": PER_OPERATION,
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        site_id: the only site whose rows they see.
        by_session: whether a browser session (and so CSRF protection) is involved.
    """

    name: str
    role: str
    site_id: int
    by_session: bool


def allowed(principal: Principal | None, permission: str) -> bool:
    """Whether they may; nobody unknown may anything."""
    if principal is None or principal.role not in Role.values:
        return False
    return permission in _GRANTS[Role(principal.role)]


def needs(permission: Permission) -> Callable[[View], View]:
    """Declare the permission that a Django view asks for."""
    return _declare(permission)


def public(view: View) -> View:
    """Declare that a view answers everybody: the login page, and nothing that shows a row."""
    return _declare(PUBLIC)(view)


def _declare(permission: str) -> Callable[[View], View]:
    def declare(view: View) -> View:
        view.vedette_permission = permission  # type: ignore[attr-defined]
        return view

    return declare


def declared(request: HttpRequest, view: Callable[..., Any]) -> str | None:
    """The permission that the view asks for, or None when it never said."""
    if (own := getattr(view, "vedette_permission", None)) is not None:
        return str(own)
    match = request.resolver_match
    spaces = match.app_names if match else []
    return next((_NAMESPACES[space] for space in spaces if space in _NAMESPACES), None)


def visible_cameras(principal: Principal) -> QuerySet[Camera]:
    """The cameras whose rows they may see."""
    return Camera.objects.filter(site_id=principal.site_id)


def visible(principal: Principal, rows: QuerySet[Row], field: str = "camera") -> QuerySet[Row]:
    """The rows of cameras they may see; administrators also see those of cameras that were removed."""
    hidden = Camera.objects.exclude(site_id=principal.site_id).values("id")
    if principal.role == Role.ADMINISTRATOR:
        return rows.exclude(**{f"{field}__in": hidden})
    return rows.filter(**{f"{field}__in": visible_cameras(principal).values("id")})
