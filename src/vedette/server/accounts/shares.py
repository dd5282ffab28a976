"""Share links: signed, they expire, they open one thing, and they can be withdrawn."""

from datetime import timedelta
from uuid import UUID

from django.core import signing
from django.db.models import F, QuerySet
from django.utils import timezone

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.models import Share
from vedette.server.accounts.policy import Permission, Principal, allowed

LONGEST = timedelta(days=30)
_SALT = "vedette.share"
_MAX_LENGTH = 200


def share(kind: str, subject: str, principal: Principal, lifetime: timedelta) -> str:
    """Make a link's secret part, which opens the one thing until it expires.

    The caller has made sure that the principal sees the thing. The link lives no longer than the user or
    the token that made it.

    Args:
        kind: what is shared: `event`.
        subject: its id.
        principal: who shares.
        lifetime: up to `LONGEST`.

    Raises:
        ConfigurationError: a lifetime that is none or too long.
    """
    if not timedelta() < lifetime <= LONGEST:
        raise ConfigurationError(f"A share link lives between one second and {LONGEST.days} days.")
    row = Share.objects.create(
        kind=kind,
        subject=subject,
        site_id=principal.site_id,
        made_by=principal.name,
        user_id=principal.user_id,
        token_id=principal.token_id,
        expires=timezone.now() + lifetime,
    )
    return signing.dumps(row.id.hex, salt=_SALT)


def opened(token: str) -> Share | None:
    """What the link opens, or None when it is none of ours, has expired, or was withdrawn."""
    if len(token) > _MAX_LENGTH:
        return None
    try:
        row_id = UUID(signing.loads(token, salt=_SALT))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
    row = Share.objects.select_related("user", "token").filter(pk=row_id).first()
    return row if row is not None and _lives(row) else None


def visible(asks: Principal) -> QuerySet[Share]:
    """The links they may see: those of their site, or only the ones they made."""
    rows = Share.objects.filter(site_id=asks.site_id).order_by("-created", "-pk")
    if allowed(asks, Permission.ADMINISTER):
        return rows
    return rows.filter(user_id=asks.user_id) if asks.user_id else rows.filter(token_id=asks.token_id or 0)


def note_opened(row: Share) -> None:
    """Count a visit."""
    Share.objects.filter(pk=row.pk).update(opened=F("opened") + 1, last_opened=timezone.now())


def withdraw(row: Share) -> None:
    """End a link now; it stays in the list."""
    Share.objects.filter(pk=row.pk, withdrawn=None).update(withdrawn=timezone.now())


def _lives(row: Share) -> bool:
    now = timezone.now()
    if row.withdrawn is not None or row.expires <= now:
        return False
    if row.user is not None:
        return row.user.is_active
    return row.token is None or row.token.expires is None or row.token.expires > now
