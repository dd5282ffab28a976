"""The first administrator."""

import secrets

from django.db import transaction

from vedette.server.accounts.models import Role, User


@transaction.atomic
def ensure_administrator() -> str | None:
    """Make the user `admin` when there is no user at all; returns the generated password that one time."""
    if User.objects.exists():
        return None
    password = secrets.token_urlsafe(15)
    User.objects.create_user("admin", password, Role.ADMINISTRATOR)
    return password
