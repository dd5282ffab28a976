"""Making users, the first administrator, and passwords that were forgotten."""

import secrets
from collections.abc import Collection, Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.audit import audit_system
from vedette.server.accounts.models import Role, Site, User
from vedette.server.cameras.models import Camera


@transaction.atomic
def ensure_administrator() -> str | None:
    """Make the user `admin` when there is no user at all; returns the generated password that one time."""
    if User.objects.exists():
        return None
    password = new_password()
    User.objects.create_user("admin", password, Role.ADMINISTRATOR, must_change_password=True)
    return password


def create_user(
    username: str,
    role: str = Role.VIEWER,
    *,
    site: Site | None = None,
    password: str | None = None,
    cameras: Iterable[Camera] | None = None,
) -> tuple[User, str | None]:
    """Store a user.

    Args:
        username: letters, digits and @.+-_ only.
        role: what they may.
        site: whose rows they see; the default site when nothing is said.
        password: one that follows the rules; without it one is generated, which they must change.
        cameras: the cameras they are limited to; None for all of the site.

    Returns:
        The user, and the generated password.

    Raises:
        ConfigurationError: no such role, a name that is taken or not one, a password that is too weak.
    """
    if role not in Role.values:
        raise ConfigurationError(f"There is no role {role!r}.", hint=f"Roles: {', '.join(Role.values)}.")
    user = User(username=username, role=role, site=site or Site.default(), limited=cameras is not None)
    generated = None if password else new_password()
    _check(user, password)
    user.set_password(password or generated)
    user.must_change_password = generated is not None
    with transaction.atomic():
        user.save()
        user.cameras.set(cameras or ())
    return user, generated


def _check(user: User, password: str | None) -> None:
    try:
        user.clean_fields(exclude=["password", "cameras"])
        user.validate_unique()
        if password:
            validate_password(password, user)
    except ValidationError as error:
        raise ConfigurationError(" ".join(error.messages)) from None


def find_site(slug: str) -> Site:
    """The site of this short name.

    Raises:
        ConfigurationError: there is none.
    """
    site = Site.objects.filter(slug=slug).first() if slug != "default" else Site.default()
    if site is None:
        known = ", ".join(Site.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise ConfigurationError(f"There is no site {slug!r}.", hint=f"Sites: {known or 'none yet'}.")
    return site


def reset_password(username: str, password: str | None = None, *, who: str = "") -> str:
    """Give a user a new password and return it; their sessions end.

    A generated one (when none is given) they must change at their next login.

    Raises:
        ConfigurationError: there is no such user, or the password is too weak.
    """
    user = User.objects.filter(username=username).first()
    if user is None:
        names = (
            ", ".join(User.objects.order_by("username").values_list("username", flat=True)[:20]) or "nobody"
        )
        raise ConfigurationError(f"There is no user {username!r}.", hint=f"Users: {names}.")
    chosen = set_password(user, password)
    audit_system("user.password-reset", who=who, subject=username, site_id=user.site_id)
    return chosen


def set_password(user: User, password: str | None = None) -> str:
    """As `reset_password`, for a row."""
    if password is not None:
        _check(user, password)
    chosen = password if password is not None else new_password()
    user.set_password(chosen)
    user.must_change_password = password is None
    user.save(update_fields=["password", "must_change_password"])
    return chosen


def new_password() -> str:
    """One that nobody guesses."""
    return secrets.token_urlsafe(15)


def cameras_of(site: Site, ids: Collection[str] | None) -> list[Camera] | None:
    """The cameras of these ids; none for all of them.

    Raises:
        ConfigurationError: one of them is none of the site.
    """
    if not ids:
        return None
    found = list(Camera.objects.filter(site=site, id__in=ids))
    if missing := set(ids) - {camera.id for camera in found}:
        raise ConfigurationError(f"There is no camera {min(missing)!r}.")
    return found


@transaction.atomic
def create_site(slug: str, name: str) -> tuple[Site, str, str | None]:
    """Make a site with an administrator of its own; returns their name and generated password, too.

    Raises:
        ConfigurationError: the short name is taken or none.
    """
    site = Site(slug=slug, name=name)
    try:
        site.full_clean()
    except ValidationError as error:
        raise ConfigurationError(" ".join(error.messages)) from None
    site.save()
    user, password = create_user(f"admin@{slug}", Role.ADMINISTRATOR, site=site)
    audit_system("site.added", subject=slug, site_id=site.pk)
    return site, user.username, password


def site_of(site_id: int) -> Site:
    """The site of this id."""
    return Site.objects.get(pk=site_id)
