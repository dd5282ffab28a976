"""Renewing the keys of an installation."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from vedette.domain.errors import ConfigurationError, StorageError
from vedette.server.sealed import reencrypt, sealed_values, unreadable
from vedette.server.secrets import DJANGO, FERNET, home_vault, new_key, replace_key


class Rotated(NamedTuple):
    """What was done.

    Attributes:
        values: how many were encrypted anew.
        aside: where the old keys are; None when the keys are in the settings.
    """

    values: int
    aside: Path | None


def rotate_keys() -> Rotated:
    """Make a new key, encrypt everything with it, and put the old keys aside.

    At every moment the key file opens everything that is stored: this may be interrupted and run again, and a
    server may run beside it. Keys in the settings stay: then everything is encrypted with the first of them.

    Raises:
        SecretError: a value cannot be decrypted with any key; nothing has changed then.
    """
    if settings.VEDETTE.reveal("encryption_keys"):
        return Rotated(reencrypt(home_vault()), None)
    path: Path = settings.HOME.secrets / FERNET
    old = home_vault().keys
    new = new_key()
    replace_key(path, "\n".join((new, *old)))
    count = reencrypt(home_vault())
    count += reencrypt(home_vault())  # what a running server stored in between, with the old key
    if _left():
        raise StorageError("Secrets are being changed all the time.", hint="Try again in a moment.")
    if not old:
        return Rotated(count, None)
    aside = path.with_name(f"{FERNET}.before-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    replace_key(aside, "\n".join(old))
    replace_key(path, new)
    return Rotated(count, aside)


def _left() -> bool:
    vault = home_vault()
    return any(not vault.is_newest(token) for sealed in sealed_values() for token in sealed.tokens)


def rotate_session_key() -> None:
    """A new key for sessions and signed links; the running server takes it at its next start."""
    replace_key(settings.HOME.secrets / DJANGO, secrets.token_urlsafe(64))


def check_keys() -> str:
    """What is wrong with the keys at the start, in words; empty when all is well."""
    try:
        vault = home_vault()
        closed = unreadable(vault)
    except ConfigurationError as error:
        return str(error)
    if not closed:
        return ""
    why = "not the right ones" if vault.keys else f"missing ({settings.HOME.secrets / FERNET})"
    return (
        f"The keys of stored secrets are {why}: nothing opens {_listed(closed)}. "
        "Restore them from a backup with keys, or enter these secrets again."
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
