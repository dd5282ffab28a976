"""The keys of an installation, sealed with a password, so that a backup may hold them.

scrypt (RFC 7914) makes the key from the password: 64 MB and about a fifth of a second for each guess.
"""

import base64
import os
import re
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from vedette.domain.errors import ConfigurationError
from vedette.server.secrets import FERNET, replace_key

SHORTEST = 8
_NAME = re.compile(r"[a-z]+\.key\Z")
_COST = 2**16
_MOST_COST = 2**20


class _Sealed(msgspec.Struct):
    salt: bytes
    cost: int
    token: str


def seal(keys: dict[str, str], password: str) -> bytes:
    """The keys by file name, as bytes that only the password opens.

    Raises:
        ConfigurationError: the password is too short.
    """
    if len(password) < SHORTEST:
        raise ConfigurationError(f"The password of a backup has at least {SHORTEST} characters.")
    salt = os.urandom(16)
    token = _fernet(password, salt, _COST).encrypt(msgspec.json.encode(keys)).decode()
    return msgspec.json.encode(_Sealed(salt=salt, cost=_COST, token=token))


def unseal(sealed: bytes, password: str) -> dict[str, str]:
    """The keys again.

    Raises:
        ConfigurationError: it is another password.
    """
    try:
        found = msgspec.json.decode(sealed, type=_Sealed)
        text = _fernet(password, found.salt, found.cost).decrypt(found.token.encode())
        return msgspec.json.decode(text, type=dict[str, str])
    except (InvalidToken, ValueError, msgspec.MsgspecError):
        raise ConfigurationError(
            "This password does not open the keys of the backup.", hint="Nothing was changed. Try again."
        ) from None


def _fernet(password: str, salt: bytes, cost: int) -> Fernet:
    if not 2 <= cost <= _MOST_COST:
        raise InvalidToken  # a file of somebody else's must not eat the memory
    key = Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(password.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def read_keys(folder: Path) -> dict[str, str]:
    """The keys of a home by file name."""
    return {path.name: path.read_text(encoding="ascii") for path in sorted(folder.glob("*.key"))}


def put_keys(folder: Path, keys: dict[str, str]) -> None:
    """Put keys into a home. Those that stored secrets are encrypted with join the ones that are there.

    So both the database of the backup and the one that it replaces can be read.
    """
    for name in filter(_NAME.match, keys):
        path = folder / name
        had = path.read_text(encoding="ascii").split() if name == FERNET and path.exists() else []
        replace_key(path, "\n".join(dict.fromkeys([*keys[name].split(), *had])) if had else keys[name])
