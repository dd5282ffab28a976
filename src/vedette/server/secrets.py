"""Secrets at rest: key files of mode 0600 below the home, and the vault that encrypts with them.

The key file holds one key or more, a line each, newest first: what was encrypted with any of them opens, and
what is encrypted now is encrypted with the first. Keys of the settings (`encryption_keys`) take its place.
"""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from vedette.domain.errors import ConfigurationError, VedetteError
from vedette.secrets.references import reveal_stored

FERNET, DJANGO = "fernet.key", "django.key"


class SecretError(VedetteError):
    """A stored secret that the keys at hand do not open."""


def key_file(folder: Path, name: str, make: Callable[[], str]) -> str:
    """Read a key from the folder; the first caller ever makes it (several at once get the same one)."""
    path = folder / name
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return _make_key(path, make())


def _make_key(path: Path, key: str) -> str:
    temporary = _written(path, key)
    try:
        os.link(temporary, path)  # unlike rename, fails when another process was first
    except FileExistsError:
        return path.read_text(encoding="ascii")
    finally:
        temporary.unlink()
    return key


def replace_key(path: Path, text: str) -> None:
    """Put other keys in place of those in a file, at once or not at all."""
    _written(path, text).replace(path)


def _written(path: Path, text: str) -> Path:
    """A file beside, for this user only, on the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(temporary)


def django_key(folder: Path) -> str:
    """The key that signs sessions."""
    return key_file(folder, DJANGO, lambda: secrets.token_urlsafe(64))


def new_key() -> str:
    """A fresh key for a vault."""
    return Fernet.generate_key().decode()


def fingerprint(key: str) -> str:
    """By what a key is recognised without being told."""
    return hashlib.sha256(b"vedette key " + key.encode()).hexdigest()[:16]


def home_vault() -> "Vault":
    """The vault of the installation that Django runs with.

    Raises:
        ConfigurationError: `encryption_keys` cannot be read.
    """
    given = settings.VEDETTE.reveal("encryption_keys").replace("\n", ",").split(",")
    return Vault(settings.HOME.secrets, [key.strip() for key in given if key.strip()])


class Vault:
    """Encrypts with Fernet keys (AES-128-CBC and HMAC-SHA256).

    Args:
        folder: of the key file.
        given: keys that are used instead of the file's.
    """

    def __init__(self, folder: Path, given: Sequence[str] = ()) -> None:
        self._path, self._given = folder / FERNET, tuple(given)

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, the newest first; none before something was encrypted."""
        if self._given:
            return self._given
        try:
            return tuple(self._path.read_text(encoding="ascii").split())
        except FileNotFoundError:
            return ()

    def encrypt(self, text: str) -> str:
        """The text as a token; an empty text stays empty. The first text ever makes the key."""
        if not text:
            return ""
        if not self.keys:
            key_file(self._path.parent, FERNET, new_key)
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """The text again.

        Raises:
            SecretError: the key is missing, or the token was made with another one.
        """
        if not token:
            return ""
        if not self.keys:
            raise SecretError(
                f"A stored password cannot be decrypted: the key file {self._path} is missing.",
                hint="Restore it from a backup with keys, or enter the password again.",
            )
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise SecretError(
                "A stored password cannot be decrypted: the key file is not the one it was stored with.",
                hint=f"Restore secrets/{FERNET} from a backup with keys, or enter the password again.",
            ) from None

    def reveal(self, token: str) -> str:
        """The secret itself: the text again, or what it refers to (`credential:...`, `op://...`).

        Raises:
            SecretError: as `decrypt`.
            ConfigurationError: it refers to nothing that can be read.
        """
        return reveal_stored(self.decrypt(token))

    def rotate(self, token: str) -> str:
        """The same text as a token of the newest key.

        Raises:
            SecretError: as `decrypt`.
        """
        return self.encrypt(self.decrypt(token))

    def opens(self, token: str) -> bool:
        """Whether a key is there for it."""
        try:
            self.decrypt(token)
        except SecretError:
            return False
        return True

    def is_newest(self, token: str) -> bool:
        """Whether the newest key opens it."""
        try:
            Fernet(self.keys[0]).decrypt(token.encode())
        except InvalidToken:
            return False
        return True

    @cached_property
    def _fernet(self) -> MultiFernet:
        try:
            return MultiFernet([Fernet(key) for key in self.keys])
        except ValueError:
            where = "encryption_keys" if self._given else str(self._path)
            raise ConfigurationError(
                f"{where} holds something that is no key.", hint="Make one with `vedette secrets key`."
            ) from None
