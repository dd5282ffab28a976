"""Backups that are made without being asked for: every day, and before an upgrade."""

from pathlib import Path

from vedette.server.backup.create import ENDING, create_backup, name_of
from vedette.settings import Settings

DAILY, BEFORE_UPGRADE = "daily", "before-upgrade"
UPGRADES_KEPT = 3


def backup_folder(settings: Settings) -> Path:
    """Where they lie."""
    return settings.backup.folder or settings.layout().path / "backups"


def keep_backup(settings: Settings, prefix: str, most: int) -> Path:
    """Make one, then remove the oldest of the same kind that are too many.

    Raises:
        StorageError: see `create_backup`; none is removed then.
    """
    folder = backup_folder(settings)
    target = folder / name_of(prefix)
    create_backup(settings, target)
    for old in sorted(folder.glob(f"{prefix}-*{ENDING}"))[:-most]:
        old.unlink()
    return target
