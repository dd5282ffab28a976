"""Copying the tables of Postgres out and in, by COPY: no other program is needed.

What is restored is built up in a schema of its own; then the old tables move to a schema that is kept, and
the new ones to where the old ones were, all in one transaction.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.db import connection, connections, transaction

from vedette.domain.errors import StorageError
from vedette.server.backup.archive import CHUNK_BYTES, OnProgress
from vedette.server.backup.manifest import TABLES, Part

Migrate = Callable[[Sequence[str] | None], None]
"""Brings the database to a form; None is the newest."""

_TABLES = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND a.attgenerated = ''
GROUP BY c.relname ORDER BY c.relname
"""
_SERIALS = """
SELECT c.relname, a.attname, pg_get_serial_sequence(quote_ident(c.relname), a.attname)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL
"""


def copy_out(folder: Path, on_progress: OnProgress) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Write every table into `tables/NAME` of the folder, all as of one moment.

    Returns:
        The applied migrations, and the columns of each part.
    """
    (folder / TABLES).mkdir(mode=0o700)
    fresh = connections.create_connection("default")
    try:
        with fresh.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            tables = _tables(cursor)
            applied = _applied(cursor) if "django_migrations" in tables else ()
            for number, (table, columns) in enumerate(tables.items(), 1):
                _copy_table_out(cursor, folder / TABLES / table, table, columns)
                on_progress(number / len(tables))
            cursor.execute("COMMIT")
    finally:
        fresh.close()
    return applied, {TABLES + table: columns for table, columns in tables.items()}


def _tables(cursor: Any) -> dict[str, tuple[str, ...]]:
    cursor.execute(_TABLES)
    return {str(table): tuple(columns) for table, columns in cursor.fetchall()}


def _applied(cursor: Any) -> tuple[str, ...]:
    cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id")
    return tuple(name for (name,) in cursor.fetchall())


def _copy_table_out(cursor: Any, path: Path, table: str, columns: Sequence[str]) -> None:
    with path.open("wb") as file, cursor.copy(f"COPY {_name(table)} ({_names(columns)}) TO STDOUT") as rows:
        for chunk in rows:
            file.write(chunk)


def restore_tables(
    parts: Sequence[Part], folder: Path, migrations: Sequence[str], migrate: Migrate, aside: str,
    on_progress: OnProgress,
) -> bool:  # fmt: skip
    """Build the tables up and put them in place of the old ones, which are kept in the schema `aside`.

    Args:
        parts: the tables.
        folder: where their files are.
        migrations: the form that the tables have.
        migrate: works on the empty, and then on the filled tables.
        aside: a schema that is not there yet.
        on_progress: called with the share that is done.

    Returns:
        Whether there were old tables.
    """
    _refuse_company()
    staging = f"{aside}_new"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        home = cursor.fetchone()[0]
        cursor.execute(f"CREATE SCHEMA {_name(staging)}")
        cursor.execute(f"SET LOCAL search_path TO {_name(staging)}")
        migrate(migrations)
        _fill(cursor, parts, folder, on_progress)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        migrate(None)
        new = list(_tables(cursor))
        cursor.execute(f"SET LOCAL search_path TO {_name(home)}")
        old = [table for table in _tables(cursor) if table in new]
        cursor.execute(f"CREATE SCHEMA {_name(aside)}")
        for table in old:
            cursor.execute(f"ALTER TABLE {_name(table)} SET SCHEMA {_name(aside)}")
        for table in new:
            cursor.execute(f"ALTER TABLE {_name(staging)}.{_name(table)} SET SCHEMA {_name(home)}")
        cursor.execute(f"DROP SCHEMA {_name(staging)} CASCADE")
    return bool(old)


def _refuse_company() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        if cursor.fetchone()[0]:
            raise StorageError(
                "Somebody else is connected to the database.",
                hint="Stop Vedette on every machine, and other tools.",
            )


def _fill(cursor: Any, parts: Sequence[Part], folder: Path, on_progress: OnProgress) -> None:
    tables = _tables(cursor)
    unknown = [part.name for part in parts if part.name.removeprefix(TABLES) not in tables]
    wanted = [part for part in parts if part.name not in unknown]  # not tables of others
    cursor.execute(f"TRUNCATE {', '.join(map(_name, tables))} CASCADE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for number, part in enumerate(wanted, 1):
        table = _name(part.name.removeprefix(TABLES))
        command = f"COPY {table} ({_names(part.columns)}) FROM STDIN"
        with cursor.copy(command) as rows, (folder / part.name).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                rows.write(chunk)
        on_progress(number / len(wanted))
    cursor.execute(_SERIALS)
    for table, column, sequence in cursor.fetchall():
        highest = f"max({_name(column)})"
        cursor.execute(
            f"SELECT setval(%s, coalesce({highest}, 1), {highest} IS NOT NULL) FROM {_name(table)}",  # noqa: S608
            [sequence],
        )


def _name(text: str) -> str:
    return connection.ops.quote_name(text.replace('"', ""))


def _names(columns: Sequence[str]) -> str:
    return ", ".join(map(_name, columns))
