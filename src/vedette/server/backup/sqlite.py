"""Copying and replacing the SQLite file."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from vedette.domain.errors import StorageError
from vedette.server.backup.archive import OnProgress

PAGES_AT_ONCE = 2000
_SIDE_FILES = ("-wal", "-shm")


def copy_database(source: Path, target: Path, on_progress: OnProgress) -> None:
    """A consistent copy, also while others write: all of it is as of one moment (sqlite.org/backup.html).

    A read transaction is held meanwhile: without, every change by another process would start the copy anew.

    Raises:
        StorageError: the database cannot be read, or there is no room.
    """

    def progress(_status: int, remaining: int, total: int) -> None:
        on_progress(1 - remaining / total if total else 1.0)

    with _trouble(source), closing(sqlite3.connect(source, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with closing(sqlite3.connect(target)) as writer:
            reader.backup(writer, pages=PAGES_AT_ONCE, progress=progress)
            writer.execute("PRAGMA journal_mode=DELETE")  # one file, without others beside it


def migrations(path: Path) -> tuple[str, ...]:
    """What was applied to a database, as `app.name`; nothing where nothing was.

    Raises:
        StorageError: it cannot be read.
    """
    with _trouble(path), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        known = reader.execute("SELECT 1 FROM sqlite_schema WHERE name = 'django_migrations'").fetchone()
        query = "SELECT app || '.' || name FROM django_migrations ORDER BY id"
        return tuple(name for (name,) in reader.execute(query)) if known else ()


def check_database(path: Path) -> None:
    """Look whether a file is a sound database.

    Raises:
        StorageError: it is not.
    """
    with _trouble(path), closing(sqlite3.connect(path)) as reader:
        (words,) = reader.execute("PRAGMA quick_check(1)").fetchone()
        if words != "ok":
            raise StorageError(f"The database in {path} is damaged: {words}.")


def settle(path: Path) -> None:
    """Make a database one file again, after it was worked on."""
    with _trouble(path), closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode=DELETE")


def put_in_place(staged: Path, database: Path, aside: Path) -> bool:
    """Replace the database by another file at once, and keep the old one aside; whether there was one.

    The supervisor's lock is held by the caller: nobody else has the database open.
    """
    existed = _holds_something(database)
    if database.exists():
        _fold_in(database)
        _move_side_files(database, aside)  # another database's log would spoil the new one
    if existed:
        os.link(database, aside)
    staged.chmod(0o600)
    _sync(staged)
    staged.replace(database)
    _sync(database.parent)
    return existed


def _holds_something(database: Path) -> bool:
    try:
        return database.exists() and bool(migrations(database))
    except StorageError:
        return True  # it is damaged; somebody may want to save from it what can be saved


def _fold_in(database: Path) -> None:
    """Bring what lies in the write-ahead log into the file, unless it is damaged."""
    try:
        with closing(sqlite3.connect(database, timeout=5)) as writer:
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.DatabaseError:
        return  # it is being replaced for that, perhaps; its files go aside as they are


def _move_side_files(database: Path, aside: Path) -> None:
    for ending in _SIDE_FILES:
        side = database.with_name(database.name + ending)
        if side.exists():
            side.rename(aside.with_name(aside.name + ending))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _trouble(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(
            f"The database {path} cannot be copied: {error}.", hint="Is the disk full?"
        ) from error
