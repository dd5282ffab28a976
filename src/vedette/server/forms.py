"""The form of the database, which is the set of its migrations: comparing it, and bringing it to another."""

from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from vedette.domain.errors import StorageError

_log = structlog.get_logger(__name__)


class UpgradeError(StorageError):
    """A migration failed; the database is as it was."""


def is_empty() -> bool:
    """Whether nothing was ever migrated."""
    return not MigrationRecorder(connection).applied_migrations()


def is_newest() -> bool:
    """Whether nothing is left to apply.

    Raises:
        StorageError: the database was written by a newer Vedette.
    """
    executor = MigrationExecutor(connection)
    if newer := unknown(f"{app}.{name}" for app, name in executor.loader.applied_migrations):
        raise StorageError(
            f"The database was written by a newer Vedette (it has {newer}).",
            hint="Install that version again, or restore the backup from before the upgrade.",
        )
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def unknown(form: Iterable[str]) -> str:
    """The first migration, as `app.name`, that an app of ours has not; empty when we know all of them."""
    known = MigrationExecutor(connection).loader.disk_migrations or {}
    ours = {app for app, _ in known}
    pairs = ((one, (one.partition(".")[0], one.partition(".")[2])) for one in form)
    return next((one for one, key in pairs if key[0] in ours and key not in known), "")


def make_newest() -> None:
    """Make the tables of an empty database as the models have them; all, or none.

    The migrations lead to the same tables, but take a second to live through our history.
    """
    with connection.constraint_checks_disabled(), transaction.atomic():
        with connection.schema_editor() as editor:
            for model in apps.get_models():
                if model._meta.can_migrate(connection):  # noqa: SLF001  Django's own way
                    editor.create_model(model)
        call_command("createcachetable", verbosity=0)
        _record_all()
        call_command("migrate", verbosity=0, interactive=False)  # signals; nothing is left to apply


def _record_all() -> None:
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    for app, name in MigrationExecutor(connection).loader.disk_migrations or {}:
        recorder.record_applied(app, name)


def migrate_to(form: Sequence[str] | None) -> None:
    """Apply what is missing in one transaction: all of it, or nothing.

    Args:
        form: migrations as `app.name` that the database shall have then; None is the newest form.

    Raises:
        UpgradeError: a migration failed.
        DatabaseError: the database does not answer.
    """
    at: list[str] = []

    def note(action: str, migration: Any = None, *_: object) -> None:
        if action == "apply_start":
            at.append(str(migration))

    with connection.constraint_checks_disabled(), transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:  # rows and tables may then change in one transaction
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        executor = MigrationExecutor(connection, progress_callback=note)
        try:
            executor.migrate(_leaves(executor, form))
            if form is None:
                call_command("migrate", verbosity=0, interactive=False)  # signals; nothing is left to apply
        except Exception as error:
            if not at:
                raise
            _log.error("A migration failed", migration=at[-1], exc_info=error)
            raise UpgradeError(f"The upgrade of the database failed at {at[-1]}: {error}.") from error


def _leaves(executor: MigrationExecutor, form: Sequence[str] | None) -> list[Any]:
    graph = executor.loader.graph
    if form is None:
        return list(graph.leaf_nodes())
    wanted = [key for one in form if (key := (one.partition(".")[0], one.partition(".")[2])) in graph.nodes]
    return [
        key
        for key in wanted
        if not any(child.key[0] == key[0] and child.key in wanted for child in graph.node_map[key].children)
    ]
