"""A secret may be given as a reference to the place where it lies; it is fetched when it is used.

| Reference | Gives |
|---|---|
| `env:NAME` | an environment variable |
| `file:/PATH` | the content of a file, without the line break at its end |
| `credential:NAME` | a systemd credential or a Docker secret |
| `op://VAULT/ITEM/FIELD` | a field of 1Password, by its SDK (`vedette[onepassword]`) |

Anything else is the secret itself. What comes by REST or a form is not allowed to name files or any variable:
whoever may set a camera's password must not read the machine's files that way (see `reveal_stored`).
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

from vedette.domain.errors import ConfigurationError
from vedette.secrets.credentials import read_credential, read_file
from vedette.secrets.onepassword import read_item

Resolver = Callable[[str], str]
"""Takes what follows the scheme and gives the secret; raises `ConfigurationError` with what to do."""

STORED_VARIABLES = "VEDETTE_SECRET_"
"""Stored references may name variables that begin so, and no others."""


def reveal(text: str) -> str:
    """The secret: the text itself, or what it refers to.

    Raises:
        ConfigurationError: it refers to nothing that can be read; the secret is in no message.
    """
    match = _REFERENCE.match(text)
    return SCHEMES[match[1]](match[2]) if match else text


def reveal_stored(text: str) -> str:
    """As `reveal`, for values that came by REST or a form: no files, and only variables meant for this."""
    return reveal(text) if _STORED.match(text) else text


def is_reference(text: str) -> bool:
    """Whether the text says where a secret lies, and is none itself."""
    return _REFERENCE.match(text) is not None


def _environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise ConfigurationError(f"The environment variable {name} is not set.")
    return value


def _file(name: str) -> str:
    return read_file(Path(name).expanduser())


SCHEMES: dict[str, Resolver] = {
    "env:": _environment,
    "file:": _file,
    "credential:": read_credential,
    "op://": read_item,
}

_REFERENCE = re.compile(
    r"(env:(?=\w+\Z)|file:(?=[/~])|credential:(?=[\w.-]+\Z)|op://(?=\S+/\S+/\S+\Z))(.+)\Z"
)
_STORED = re.compile(rf"env:{STORED_VARIABLES}\w+\Z|credential:[\w.-]+\Z|op://\S+/\S+/\S+\Z")
