"""The daily backup."""

from rich.filesize import decimal

from vedette.server.backup.keep import DAILY, keep_backup
from vedette.server.jobs.registry import job
from vedette.settings import active, load_settings


@job("backup", every_s=86400, title="Back up database and settings")
def backup() -> str:
    """Keep as many daily backups as the settings say."""
    settings = active() or load_settings()
    if not settings.backup.keep:
        return "Switched off: backup.keep is 0."
    target = keep_backup(settings, DAILY, settings.backup.keep)
    return f"{target.name}, {decimal(target.stat().st_size)}."
