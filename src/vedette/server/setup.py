"""Makes Django ready in a process: the server, and every command that reads or writes the database."""

import os
from pathlib import Path

import structlog

from vedette import __version__
from vedette.domain.errors import StorageError
from vedette.settings import Settings, activate

_log = structlog.get_logger(__name__)


def setup_django(settings: Settings, *, migrate: bool = True) -> None:
    """Prepare the home, load Django with these settings, and bring the database up to date.

    Raises:
        ConfigurationError: the home cannot be written, or the database URL is wrong.
        StorageError: the database cannot be opened or migrated, or is of a newer Vedette.
    """
    activate(settings)
    home = settings.layout().prepare()
    if not settings.reveal("database_url"):
        home.database.touch(mode=0o600)  # SQLite gives its other files the same permissions
    os.environ["DJANGO_SETTINGS_MODULE"] = "vedette.server.settings"
    import django  # noqa: PLC0415  costs time that commands without a database need not spend

    django.setup()
    if migrate:
        migrate_database(settings)


def migrate_database(settings: Settings | None = None) -> None:
    """Apply the migrations that are missing, all or none; quick when none is.

    Args:
        settings: with them, what is in the database is copied before.

    Raises:
        StorageError: see `setup_django`; the database is as it was.
    """
    from django.db import DatabaseError  # noqa: PLC0415  needs Django to be set up

    from vedette.server import forms  # noqa: PLC0415

    try:
        if forms.is_newest():
            return
        if forms.is_empty():
            forms.make_newest()
            return
        copy = _copy_before(settings) if settings is not None else None
        try:
            forms.migrate_to(None)
        except forms.UpgradeError as error:
            kept = f" A copy from before is {copy}." if copy else ""
            hint = f"The database is as it was: the previous version can be started again.{kept}"
            raise StorageError(error.args[0], hint=hint) from error
    except DatabaseError as error:
        raise StorageError(
            f"The database cannot be used: {error}.",
            hint="Check that the disk is not full or read-only and that no other program holds the database.",
        ) from error


def _copy_before(settings: Settings) -> Path | None:
    """A backup of the database as it is before an upgrade.

    Raises:
        StorageError: there is no room for it.
    """
    from vedette.server.backup.keep import BEFORE_UPGRADE, UPGRADES_KEPT, keep_backup  # noqa: PLC0415

    if not settings.backup.before_upgrade:
        return None
    try:
        copy = keep_backup(settings, BEFORE_UPGRADE, UPGRADES_KEPT)
    except StorageError as error:
        hint = "Make room, or set backup.before_upgrade to false to do without."
        raise StorageError(f"No copy could be made before the upgrade. {error.args[0]}", hint=hint) from error
    _log.warning("The database is brought to a newer form", version=__version__, copy=str(copy))
    return copy
