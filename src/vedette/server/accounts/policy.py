"""The one policy: who may do what, on which rows (promise P6).

Every way in asks here. A route without a declared permission answers nobody; rows are filtered where they
are read (`visible_cameras`, `visible`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from vedette.server.accounts.models import By, RemovedCamera, Role, Site
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
SHARED = "shared"

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
        name: of the user, the token, or whoever made the share link.
        role: see `Role`; empty for a share link, which may nothing but what its route opens.
        site_id: the only site whose rows they see.
        by_session: whether a browser session (and so CSRF protection) is involved.
        by: a user, a token, or a share link (`By`).
        user_id: the user, also when they use a token of theirs.
        token_id: the token, when one is used.
        cameras: the cameras they are limited to; None for all of the site.
        scopes: the permissions they are limited to; None for all of the role.
    """

    name: str
    role: str
    site_id: int
    by_session: bool
    by: str = By.USER
    user_id: int | None = None
    token_id: int | None = None
    cameras: frozenset[str] | None = None
    scopes: frozenset[str] | None = None


def granted(role: str) -> frozenset[Permission]:
    """What a role may; an unknown one nothing."""
    return frozenset(_GRANTS[Role(role)]) if role in Role.values else frozenset()


def allowed(principal: Principal | None, permission: str) -> bool:
    """Whether they may; nobody unknown may anything."""
    if principal is None or permission not in granted(principal.role):
        return False
    return principal.scopes is None or permission in principal.scopes


def needs(permission: Permission) -> Callable[[View], View]:
    """Declare the permission that a Django view asks for."""
    return _declare(permission)


def own(view: View) -> View:
    """Declare that a view is about the session of whoever looks: logged-in people only, no tokens."""
    view.vedette_by_session = True  # type: ignore[attr-defined]
    return needs(Permission.VIEW)(view)


def public(view: View) -> View:
    """Declare that a view answers everybody: the login page, and nothing that shows a row."""
    return _declare(PUBLIC)(view)


def shared(kind: str) -> Callable[[View], View]:
    """Declare that a view answers whoever holds a share link of this kind.

    The view takes the link's secret part as `token`; by then it has been checked, `request.share` is the row
    (`subject` is the id of the one thing it opens), and the visit is noted.
    """
    return _declare(f"{SHARED} {kind}")


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
    rows = Camera.objects.filter(site_id=principal.site_id)
    if principal.by == By.SHARE:
        return rows.none()
    if principal.cameras is None or allowed(principal, Permission.ADMINISTER):
        return rows
    return rows.filter(id__in=principal.cameras)


def visible(principal: Principal, rows: QuerySet[Row], field: str = "camera") -> QuerySet[Row]:
    """The rows of cameras they may see; administrators also see those of their site's removed cameras."""
    if not allowed(principal, Permission.ADMINISTER):
        return rows.filter(**{f"{field}__in": visible_cameras(principal).values("id")})
    if not Site.objects.exclude(pk=principal.site_id).exists():
        return rows  # there is but one site: everything is its own, and lists stay on their indexes
    if principal.site_id == Site.default().pk:  # it also has what no site ever laid claim to
        others = Camera.objects.exclude(site_id=principal.site_id).values("id")
        removed = RemovedCamera.objects.exclude(site_id=principal.site_id).values("id")
        return rows.exclude(Q(**{f"{field}__in": others}) | Q(**{f"{field}__in": removed}))
    own = Q(**{f"{field}__in": visible_cameras(principal).values("id")})
    removed = RemovedCamera.objects.filter(site_id=principal.site_id).values("id")
    return rows.filter(own | Q(**{f"{field}__in": removed}))


INSTALLATION = frozenset({"cameras.profile", "nodes.nodestatus", "nodes.incident", "jobs.job"})
"""Rows of these are the whole installation's: administrators of every site see them."""


def rows_of_site(principal: Principal, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows of any model that belong to the site of the one who asks; none where nothing says so."""
    options = rows.model._meta  # noqa: SLF001  Django's documented way
    fields = {field.name: field for field in options.get_fields()}
    if rows.model is Site:
        return rows.filter(pk=principal.site_id)
    if "site" in fields:
        return rows.filter(site_id=principal.site_id)
    if "camera" in fields and fields["camera"].is_relation:
        return rows.filter(camera__in=visible_cameras(principal))
    if "camera" in fields:
        return visible(principal, rows)
    return rows if options.label_lower in INSTALLATION else rows.none()
