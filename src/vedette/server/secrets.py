"""Secrets at rest: key files of mode 0600 below the home, and the vault that encrypts with them."""

import os
import secrets
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from vedette.domain.errors import VedetteError

_NAMES = {"fernet": "fernet.key", "django": "django.key"}


class SecretError(VedetteError):
    """A stored secret that the key at hand does not open."""


def key_file(folder: Path, name: str, make: Callable[[], str]) -> str:
    """Read a key from the folder; the first caller ever makes it (several at once get the same one)."""
    path = folder / name
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return _make_key(path, make())


def _make_key(path: Path, key: str) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # unlike rename, fails when another process was first
    except FileExistsError:
        return path.read_text(encoding="ascii")
    finally:
        Path(temporary).unlink()
    return key


def django_key(folder: Path) -> str:
    """The key that signs sessions."""
    return key_file(folder, _NAMES["django"], lambda: secrets.token_urlsafe(64))


class Vault:
    """Encrypts with the Fernet key in a folder (AES-128-CBC and HMAC-SHA256)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _fernet(self) -> Fernet:
        return Fernet(key_file(self._folder, _NAMES["fernet"], lambda: Fernet.generate_key().decode()))

    def encrypt(self, text: str) -> str:
        """The text as a token; an empty text stays empty."""
        return self._fernet.encrypt(text.encode()).decode("ascii") if text else ""

    def decrypt(self, token: str) -> str:
        """The text again.

        Raises:
            SecretError: the token was made with another key.
        """
        try:
            return self._fernet.decrypt(token.encode()).decode() if token else ""
        except InvalidToken:
            raise SecretError(
                "A stored password cannot be decrypted: the key file is not the one it was stored with.",
                hint="Restore secrets/fernet.key from the backup, or enter the password again.",
            ) from None
