"""What the supervisor runs, for the server to read: one small file, replaced as a whole at every change."""

import os
from pathlib import Path

import msgspec


class ProcessStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One supervised process.

    Attributes:
        pid: 0 while it waits to be started again.
        restarts: how often it was started again.
        last_status: exit status of its last end, negative for the signal that ended it; None before.
    """

    pid: int = 0
    restarts: int = 0
    last_status: int | None = None
    started_utc_s: float = 0.0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor and its processes by name."""

    pid: int
    started_utc_s: float
    counters: dict[str, int] = msgspec.field(default_factory=dict)
    processes: dict[str, ProcessStanding] = msgspec.field(default_factory=dict)


def standing_file(runtime: Path) -> Path:
    """Where it lies, given the runtime folder of a home."""
    return runtime / "supervisor.json"


def write_standing(path: Path, standing: Standing) -> None:
    """Replace the file.

    Raises:
        OSError: the folder cannot be written.
    """
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(standing))
    fresh.replace(path)


def read_standing(path: Path) -> Standing | None:
    """What the supervisor wrote last; None where none runs or the file is not to be understood."""
    try:
        standing = msgspec.json.decode(path.read_bytes(), type=Standing)
        os.kill(standing.pid, 0)
    except (OSError, ValueError, RecursionError, OverflowError):
        return None
    return standing
