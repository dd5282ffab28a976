"""API tokens: shown once, stored as SHA-256 (their entropy makes a slow hash pointless)."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.utils import timezone

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.models import ApiToken, Role, Site

_SCHEME = "vdt_"
_MAX_LENGTH = 128
_LAST_USED_STEP = timedelta(minutes=1)


def create_token(name: str, role: str = Role.VIEWER, *, expires: datetime | None = None) -> str:
    """Store a new token of the default site and return its text, which is never seen again.

    Raises:
        ConfigurationError: there is no such role, or the name is empty or too long.
    """
    if role not in Role.values:
        raise ConfigurationError(f"There is no role {role!r}.", hint=f"Roles: {', '.join(Role.values)}.")
    if not 0 < len(name) <= 120:
        raise ConfigurationError("A token needs a name of 1 to 120 characters.")
    text = _SCHEME + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        name=name, role=role, site=Site.default(), digest=_digest(text), prefix=text[:10], expires=expires
    )
    return text


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
