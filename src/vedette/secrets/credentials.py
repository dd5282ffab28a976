"""Secrets that the service manager hands over as files: systemd's `LoadCredential=` and Docker secrets.

systemd.exec(5) names the folder in `CREDENTIALS_DIRECTORY`; Docker mounts `/run/secrets`.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from vedette.domain.errors import ConfigurationError

LARGEST_BYTES = 65536
DOCKER = Path("/run/secrets")
_NAME = re.compile(r"(?!\.)[\w.-]{1,128}\Z")


def folders() -> list[Path]:
    """Where credentials may lie, the most particular first."""
    named = os.environ.get("CREDENTIALS_DIRECTORY")
    return [folder for folder in (Path(named) if named else None, DOCKER) if folder and folder.is_dir()]


def read_credential(name: str) -> str:
    """The credential of this name, without the line break at its end.

    Raises:
        ConfigurationError: there is none, or it cannot be read.
    """
    found = [folder / name for folder in folders() if _NAME.match(name) and (folder / name).is_file()]
    if not found:
        raise ConfigurationError(
            f"There is no credential {name!r}.",
            hint=f"Give it by LoadCredential={name}:/path in the unit, or as a Docker secret.",
        )
    return read_file(found[0])


def names() -> Iterator[str]:
    """The credentials that are there."""
    for folder in folders():
        yield from sorted(path.name for path in folder.iterdir() if _NAME.match(path.name) and path.is_file())


def read_file(path: Path) -> str:
    """The text of a small file without the line break at its end.

    Raises:
        ConfigurationError: it cannot be read, or is no secret by its size.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LARGEST_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigurationError(f"The secret in {path} cannot be read: {why}.") from None
    if len(text) > LARGEST_BYTES:
        raise ConfigurationError(f"{path} is larger than a secret: more than {LARGEST_BYTES} bytes.")
    return text.rstrip("\r\n")
