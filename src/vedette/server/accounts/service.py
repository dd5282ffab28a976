"""The first administrator, and passwords that were forgotten."""

import secrets

from django.db import transaction

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.models import Role, User


@transaction.atomic
def ensure_administrator() -> str | None:
    """Make the user `admin` when there is no user at all; returns the generated password that one time."""
    if User.objects.exists():
        return None
    password = _new_password()
    User.objects.create_user("admin", password, Role.ADMINISTRATOR)
    return password


def reset_password(username: str) -> str:
    """Give a user a new generated password and return it; their sessions end.

    Raises:
        ConfigurationError: there is no such user.
    """
    user = User.objects.filter(username=username).first()
    if user is None:
        names = (
            ", ".join(User.objects.order_by("username").values_list("username", flat=True)[:20]) or "nobody"
        )
        raise ConfigurationError(f"There is no user {username!r}.", hint=f"Users: {names}.")
    password = _new_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    return password


def _new_password() -> str:
    return secrets.token_urlsafe(15)
