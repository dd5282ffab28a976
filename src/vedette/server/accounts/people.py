"""What administrators do with the users and tokens of their site, noted in the audit log."""

from collections.abc import Collection
from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts import service, sessions
from vedette.server.accounts.audit import audit
from vedette.server.accounts.models import ApiToken, Role, User
from vedette.server.accounts.policy import Permission, Principal, allowed, visible_cameras
from vedette.server.accounts.tokens import create_token, token_of
from vedette.server.cameras.models import Camera


def principal(request: HttpRequest) -> Principal:
    """Who asks; the access middleware has made sure that somebody does."""
    found: Principal = request.principal  # type: ignore[attr-defined]
    return found


def users(asks: Principal) -> QuerySet[User]:
    """The users they may see: those of their site, or only themselves."""
    rows = User.objects.filter(site_id=asks.site_id).order_by("username")
    return rows if allowed(asks, Permission.ADMINISTER) else rows.filter(pk=asks.user_id or 0)


def tokens(asks: Principal) -> QuerySet[ApiToken]:
    """The tokens they may see: those of their site, or only their own."""
    rows = ApiToken.objects.filter(site_id=asks.site_id).select_related("user").order_by("-created", "-pk")
    return rows if allowed(asks, Permission.ADMINISTER) else rows.filter(user_id=asks.user_id or 0)


def find_user(asks: Principal, user_id: int) -> User:
    """One of them.

    Raises:
        Http404: there is none, or not for them.
    """
    user = users(asks).filter(pk=user_id).first()
    if user is None:
        raise Http404("There is no such user.")
    return user


def find_token(asks: Principal, token_id: int) -> ApiToken:
    """One of them.

    Raises:
        Http404: there is none, or not for them.
    """
    token = tokens(asks).filter(pk=token_id).first()
    if token is None:
        raise Http404("There is no such token.")
    return token


def chosen_cameras(asks: Principal, ids: Collection[str] | None) -> list[Camera] | None:
    """The cameras of these ids; None (all) stays None.

    Raises:
        ConfigurationError: one of them is none that they may see.
    """
    if ids is None:
        return None
    found = list(visible_cameras(asks).filter(id__in=ids))
    if missing := set(ids) - {camera.id for camera in found}:
        raise ConfigurationError(f"There is no camera {min(missing)!r}.")
    return found


@transaction.atomic
def add_user(
    request: HttpRequest, username: str, role: str, cameras: Collection[str] | None, password: str | None
) -> tuple[User, str | None]:
    """Make a user of the site; returns the generated password when none was given.

    Raises:
        ConfigurationError: see `service.create_user`.
    """
    asks = principal(request)
    user, generated = service.create_user(
        username,
        role,
        site=service.site_of(asks.site_id),
        password=password,
        cameras=chosen_cameras(asks, cameras),
    )
    audit(request, "user.added", subject=username, detail={"role": role, **_shown(cameras)})
    return user, generated


@transaction.atomic
def change_user(
    request: HttpRequest,
    user: User,
    *,
    role: str | None = None,
    active: bool | None = None,
    cameras: Collection[str] | None = None,
    all_cameras: bool = False,
) -> None:
    """Change a user; what is None stays.

    Raises:
        ConfigurationError: the site would have no administrator left; there is no such role or camera.
    """
    if role is not None and role not in Role.values:
        raise ConfigurationError(f"There is no role {role!r}.", hint=f"Roles: {', '.join(Role.values)}.")
    if active is False or (role is not None and role != Role.ADMINISTRATOR):
        keep_an_administrator(user)
    user.role = role or user.role
    user.is_active = user.is_active if active is None else active
    if all_cameras or cameras is not None:
        user.limited = not all_cameras
        user.cameras.set((not all_cameras and chosen_cameras(principal(request), cameras)) or ())
    user.save(update_fields=["role", "is_active", "limited"])
    detail = {"role": user.role, "active": user.is_active}
    audit(request, "user.changed", subject=user.username, detail=detail | _shown(user.camera_ids()))


@transaction.atomic
def remove_user(request: HttpRequest, user: User) -> None:
    """Remove a user with their sessions, tokens and share links.

    Raises:
        ConfigurationError: it is the one who asks, or the last administrator.
    """
    if user.pk == principal(request).user_id:
        raise ConfigurationError("You cannot remove yourself.", hint="Another administrator can.")
    keep_an_administrator(user)
    sessions.end_all(user)
    user.delete()
    audit(request, "user.removed", subject=user.username)


def keep_an_administrator(user: User) -> None:
    """Refuse what would leave a site without anybody who administers it.

    Raises:
        ConfigurationError: it would.
    """
    others = User.objects.filter(site=user.site_id, role=Role.ADMINISTRATOR, is_active=True).exclude(
        pk=user.pk
    )
    if user.role == Role.ADMINISTRATOR and user.is_active and not others.exists():
        raise ConfigurationError(
            f"{user.username} is the only administrator.", hint="Make another user administrator first."
        )


@transaction.atomic
def give_password(request: HttpRequest, user: User) -> str:
    """Give a user a generated password, which they must change; they are logged out everywhere."""
    password = service.set_password(user)
    sessions.end_all(user)
    audit(request, "user.password-reset", subject=user.username)
    return password


@transaction.atomic
def remove_second_factor(request: HttpRequest, user: User) -> None:
    """For somebody who has lost their second factor and the codes; they are logged out everywhere."""
    Authenticator.objects.filter(user=user).delete()
    sessions.end_all(user)
    audit(request, "user.second-factor-removed", subject=user.username)


def has_second_factor(user: User) -> bool:
    """Whether a password alone does not open the door."""
    return bool(is_mfa_enabled(user))


def log_out(request: HttpRequest, user: User) -> int:
    """End all sessions of a user (but the one that asks); returns how many."""
    ended = sessions.end_all(user, but=request.session.session_key)
    audit(request, "session.ended", subject=user.username, detail={"sessions": ended})
    return ended


@transaction.atomic
def add_token(
    request: HttpRequest,
    name: str,
    role: str,
    *,
    scopes: Collection[str] = (),
    cameras: Collection[str] | None = None,
    days: float | None = None,
    own: bool = False,
) -> tuple[ApiToken, str]:
    """Make a token of the site, or one of the user's own; returns its row and its text, shown this once.

    Raises:
        ConfigurationError: see `create_token`; or it is to be somebody's own who is no user.
    """
    asks = principal(request)
    owner = User.objects.filter(pk=asks.user_id or 0).first() if own else None
    if own and owner is None:
        raise ConfigurationError("Only users have tokens of their own.")
    text = create_token(
        name,
        role,
        site=service.site_of(asks.site_id),
        user=owner,
        scopes=scopes,
        cameras=chosen_cameras(asks, cameras),
        expires=timezone.now() + timedelta(days=days) if days else None,
    )
    detail = {"role": role, "scopes": sorted(scopes), "days": days, **_shown(cameras)}
    audit(request, "token.added", subject=name, detail=detail)
    return token_of(text), text


def withdraw_token(request: HttpRequest, token: ApiToken) -> None:
    """End a token now."""
    token.delete()
    audit(request, "token.withdrawn", subject=token.name, detail={"prefix": token.prefix})


def _shown(cameras: Collection[str] | None) -> dict[str, object]:
    return {} if cameras is None else {"cameras": sorted(cameras)}
