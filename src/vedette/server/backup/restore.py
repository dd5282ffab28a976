"""Restoring a backup: everything is checked first, and what is replaced is kept aside."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from django.db import DatabaseError, connection

from vedette.domain.errors import ConfigurationError, StorageError
from vedette.node.home import Home
from vedette.server.backup import postgres, sqlite
from vedette.server.backup.archive import Archive, OnProgress
from vedette.server.backup.keys import put_keys, unseal
from vedette.server.backup.manifest import KEYS, SETTINGS, SQLITE, TABLES, Manifest
from vedette.server.forms import migrate_to, unknown
from vedette.server.secrets import fingerprint, home_vault
from vedette.settings import Settings

AskPassword = Callable[[], str | None]
"""Gives the password of the keys, or None to restore without them."""


class Restored(msgspec.Struct, kw_only=True):
    """What was done.

    Attributes:
        manifest: of the backup.
        database_aside: file or schema of the database that was replaced; empty when there was none.
        keys: whether keys were restored.
        settings: the file that was written; empty when none was.
        closed: whether stored secrets cannot be opened with the keys that are here.
    """

    manifest: Manifest
    database_aside: str = ""
    keys: bool = False
    settings: str = ""
    closed: bool = False


def restore_backup(
    settings: Settings, source: Path, *, ask_password: AskPassword = lambda: None, on_progress: OnProgress
) -> Restored:
    """Bring database, settings and keys back. Django must be set up, not migrated.

    Raises:
        ConfigurationError: Vedette runs, the engine is another, or the password is wrong.
        StorageError: the file is damaged, too new, or the database fails. Nothing has changed then.
    """
    home = settings.layout().prepare()
    lock = home.lock()
    try:
        with closing(Archive(source)) as archive, _folder_in(home) as folder:
            _check(archive.manifest, settings)
            archive.unpack(folder, lambda share: on_progress(share / 2))
            keys = _keys(archive.manifest, folder, ask_password)
            done = Restored(manifest=archive.manifest)
            staged = _Staged(home, folder, archive.manifest, lambda share: on_progress(0.5 + share / 2))
            staged.prepare()
            if keys:
                put_keys(home.secrets, keys)
                done.keys = True
            done.database_aside = staged.put_in_place()
            done.settings = _put_settings(home, folder)
            done.closed = not set(archive.manifest.keys) <= set(map(fingerprint, home_vault().keys))
            return done
    finally:
        lock.release()


@contextmanager
def _folder_in(home: Home) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=home.path, prefix=".restore-") as name:
        yield Path(name)


def _check(manifest: Manifest, settings: Settings) -> None:
    engine = "postgresql" if settings.reveal("database_url") else "sqlite"
    if manifest.engine != engine:
        raise ConfigurationError(
            f"This backup is of a database in {manifest.engine}, and the settings name one in {engine}.",
            hint="Set or unset database_url. Moving from one to the other is another matter: see the docs.",
        )
    if newer := unknown(manifest.migrations):
        raise StorageError(
            f"This backup is of a newer Vedette ({manifest.version}; it has {newer}).",
            hint="Install that version or a newer one, then restore.",
        )


def _keys(manifest: Manifest, folder: Path, ask_password: AskPassword) -> dict[str, str]:
    if manifest.part(KEYS) is None or (password := ask_password()) is None:
        return {}
    return unseal((folder / KEYS).read_bytes(), password)


def _put_settings(home: Home, folder: Path) -> str:
    """The settings file where there is none; else beside it, for people to compare."""
    found = folder / SETTINGS
    if not found.exists():
        return ""
    target = home.settings_file
    if target.exists():
        if target.read_bytes() == found.read_bytes():
            return ""
        target = target.with_name(f"{target.name}.restored")
    found.chmod(0o600)
    found.replace(target)
    return str(target)


class _Staged:
    """The database of the backup, brought to the newest form, before it takes the place of the old one."""

    def __init__(self, home: Home, folder: Path, manifest: Manifest, on_progress: OnProgress) -> None:
        self._home, self._folder, self._manifest = home, folder, manifest
        self._on_progress = on_progress
        self._now = f"{datetime.now(UTC):%Y%m%d_%H%M%S}"

    def prepare(self) -> None:
        """Check it, and bring it to the newest form; Postgres does that when it is put in place."""
        if self._manifest.engine == "sqlite":
            path = self._folder / SQLITE
            sqlite.check_database(path)
            original = connection.settings_dict["NAME"]
            connection.close()
            connection.settings_dict["NAME"] = str(path)
            try:
                _migrate(None)
            finally:
                connection.close()
                connection.settings_dict["NAME"] = original
            sqlite.settle(path)
            self._on_progress(1)

    def put_in_place(self) -> str:
        """At once; returns where the old one is."""
        aside = f"before_restore_{self._now}"
        if self._manifest.engine == "sqlite":
            database = self._home.database
            kept = database.with_name(f"{database.name}.{aside}")
            return str(kept) if sqlite.put_in_place(self._folder / SQLITE, database, kept) else ""
        tables = [part for part in self._manifest.parts if part.name.startswith(TABLES)]
        try:
            kept_some = postgres.restore_tables(
                tables, self._folder, self._manifest.migrations, _migrate, aside, self._on_progress
            )
        except DatabaseError as error:
            raise StorageError(
                f"The backup cannot be restored: {error}.", hint="Nothing was changed."
            ) from error
        return f"the schema {aside}" if kept_some else ""


def _migrate(form: Sequence[str] | None) -> None:
    try:
        migrate_to(form)
    except DatabaseError as error:
        raise StorageError(
            f"The database of the backup cannot be brought to the newest form: {error}.",
            hint="Nothing was changed.",
        ) from error
