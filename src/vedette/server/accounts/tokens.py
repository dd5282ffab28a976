"""API tokens: shown once, stored as SHA-256 (their entropy makes a slow hash pointless)."""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.models import ApiToken, Role, Site, User
from vedette.server.accounts.policy import granted
from vedette.server.cameras.models import Camera

_SCHEME = "vdt_"
_MAX_LENGTH = 128
_LAST_USED_STEP = timedelta(minutes=1)


def create_token(
    name: str,
    role: str = Role.VIEWER,
    *,
    expires: datetime | None = None,
    site: Site | None = None,
    user: User | None = None,
    scopes: Collection[str] = (),
    cameras: Iterable[Camera] | None = None,
) -> str:
    """Store a new token and return its text, which is never seen again.

    Args:
        name: what it is for.
        role: what it may.
        expires: when it ends by itself; None for never.
        site: whose rows it sees; the default site when nothing is said.
        user: whose it is; it ends with them and may no more than they may.
        scopes: the permissions of the role that it is limited to; none for all.
        cameras: the cameras it is limited to; None for all of the site.

    Raises:
        ConfigurationError: there is no such role or scope, or the name is empty or too long.
    """
    if role not in Role.values:
        raise ConfigurationError(f"There is no role {role!r}.", hint=f"Roles: {', '.join(Role.values)}.")
    if unknown := set(scopes) - set(granted(role)):
        raise ConfigurationError(f"The role {role} has no scope {', '.join(sorted(unknown))}.")
    if not 0 < len(name) <= 120:
        raise ConfigurationError("A token needs a name of 1 to 120 characters.")
    text = _SCHEME + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = ApiToken.objects.create(
            name=name,
            role=role,
            scopes=sorted(scopes),
            site=user.site if user else site or Site.default(),
            user=user,
            limited=cameras is not None,
            digest=_digest(text),
            prefix=text[:10],
            expires=expires,
        )
        row.cameras.set(cameras or ())
    return text


def token_of(text: str) -> ApiToken:
    """The row of a token that was made a moment ago."""
    return ApiToken.objects.get(digest=_digest(text))


def find_token(text: str) -> ApiToken | None:
    """The stored token of this text, unless it is unknown or has expired."""
    if not text.startswith(_SCHEME) or len(text) > _MAX_LENGTH or not text.isascii():
        return None
    digest = _digest(text)
    token = ApiToken.objects.select_related("user").filter(digest=digest).first()
    if token is None or not hmac.compare_digest(token.digest, digest):
        return None
    now = timezone.now()
    if token.expires is not None and token.expires <= now:
        return None
    if token.user is not None and not token.user.is_active:
        return None
    if token.last_used is None or now - token.last_used > _LAST_USED_STEP:
        ApiToken.objects.filter(pk=token.pk).update(last_used=now)
    return token


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()
