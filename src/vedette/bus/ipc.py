"""ZeroMQ endpoints as Unix sockets in one folder."""

from pathlib import Path

from vedette.bus.lock import FileLock, LockedError
from vedette.domain.errors import ConfigurationError

MAX_ADDRESS_BYTES = 107
"""sun_path of unix(7) without its closing zero."""


def endpoint(folder: Path, name: str) -> str:
    """The ZeroMQ address of a socket file.

    Raises:
        ConfigurationError: the path is longer than Unix sockets allow.
    """
    path = folder / f"{name}.sock"
    if len(bytes(path)) > MAX_ADDRESS_BYTES:
        raise ConfigurationError(
            f"The socket path {path} is longer than {MAX_ADDRESS_BYTES} bytes.", hint="Use a shorter folder."
        )
    return f"ipc://{path}"


def claim(folder: Path, name: str) -> FileLock:
    """Become the one process that binds this name; binding replaces socket files that the dead left behind.

    Without the lock ZeroMQ would silently take the address away from a living reader.

    Raises:
        ConfigurationError: another process, which is named, has it.
    """
    lock = FileLock(folder / f"{name}.lock")
    try:
        return lock.acquire()
    except LockedError as locked:
        raise ConfigurationError(
            f"{name} in {folder} is already served by process {locked.pid}.", hint="Stop that one first."
        ) from None
