"""Recordings that exceed the limits go, oldest first (promise P4)."""

from pathlib import Path

from vedette.server.runtime import Runtime
from vedette.settings import RetentionSettings


def keep_limits(limits: RetentionSettings, root: Path, runtime: Runtime) -> int:
    """Remove what exceeds the limits; returns how many segments."""
    return 0
