"""Makes Django ready in a process: the server, and every command that reads or writes the database."""

import os
from typing import TYPE_CHECKING

from vedette.domain.errors import StorageError
from vedette.settings import Settings, activate

if TYPE_CHECKING:
    from django.db.migrations.executor import MigrationExecutor


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
        migrate_database()


def migrate_database() -> None:
    """Apply the migrations that are missing; quick when none is.

    Raises:
        StorageError: see `setup_django`.
    """
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import DatabaseError, connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    try:
        executor = MigrationExecutor(connection)
        _refuse_newer(executor)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise StorageError(
            f"The database cannot be used: {error}.",
            hint="Check that the disk is not full or read-only and that no other program holds the database.",
        ) from error


def _refuse_newer(executor: "MigrationExecutor") -> None:
    known = executor.loader.disk_migrations or {}
    ours = {app for app, _ in known}
    newer = [name for name in executor.loader.applied_migrations if name[0] in ours and name not in known]
    if newer:
        raise StorageError(
            f"The database was written by a newer Vedette (it has {newer[0][0]} {newer[0][1]}).",
            hint="Install that version again, or restore the backup from before the upgrade.",
        )
