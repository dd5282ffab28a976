"""Making a backup, also while Vedette runs."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import BaseModel, SecretStr

from vedette import __version__
from vedette.domain.errors import StorageError
from vedette.secrets.references import is_reference
from vedette.server.backup import postgres, sqlite
from vedette.server.backup.archive import OnProgress, part_of, quiet, write_archive
from vedette.server.backup.keys import read_keys, seal
from vedette.server.backup.manifest import KEYS, SETTINGS, SQLITE, Manifest, Part
from vedette.server.secrets import fingerprint, home_vault
from vedette.settings import Settings

ENDING = ".vedette-backup"


def create_backup(
    settings: Settings, target: Path, *, password: str | None = None, on_progress: OnProgress = quiet
) -> Manifest:
    """Write database and settings into one file; with a password the keys too. Django must be set up.

    Raises:
        StorageError: the database cannot be read, or the file cannot be written.
        ConfigurationError: the password is too short.
    """
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as name:
            folder = Path(name)
            manifest = _gather(settings, folder, password, lambda share: on_progress(share / 2))
            write_archive(target, manifest, folder, lambda share: on_progress(0.5 + share / 2))
    except OSError as error:
        raise StorageError(f"The backup {target} cannot be written: {error.strerror or error}.") from error
    return manifest


def name_of(prefix: str) -> str:
    """A file name that sorts by time."""
    return f"{prefix}-{datetime.now(UTC):%Y%m%d-%H%M%S}{ENDING}"


def _gather(settings: Settings, folder: Path, password: str | None, on_progress: OnProgress) -> Manifest:
    if settings.reveal("database_url"):
        applied, tables = postgres.copy_out(folder, on_progress)
        parts = [part_of(folder / name, name, columns) for name, columns in tables.items()]
    else:
        sqlite.copy_database(settings.layout().database, folder / SQLITE, on_progress)
        applied, parts = sqlite.migrations(folder / SQLITE), [part_of(folder / SQLITE, SQLITE)]
    parts += _settings_part(settings, folder)
    if password is not None:
        (folder / KEYS).write_bytes(seal(read_keys(settings.layout().secrets), password))
        parts.append(part_of(folder / KEYS, KEYS))
    return Manifest(
        version=__version__,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        engine="postgresql" if settings.reveal("database_url") else "sqlite",
        migrations=applied,
        keys=tuple(map(fingerprint, home_vault().keys)),
        parts=tuple(parts),
    )


def _settings_part(settings: Settings, folder: Path) -> list[Part]:
    """The settings file, as it is, or without the secrets that stand in it."""
    path = settings.layout().settings_file
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    plain = _without_secrets(content) if isinstance(content, dict) else content
    (folder / SETTINGS).write_text(text if plain == content else yaml.safe_dump(plain), encoding="utf-8")
    return [part_of(folder / SETTINGS, SETTINGS)]


def _without_secrets(content: dict[str, Any], model: type[BaseModel] = Settings) -> dict[str, Any]:
    kept = {}
    for name, value in content.items():
        field = model.model_fields.get(name)
        kind = field.annotation if field else None
        if kind is SecretStr and not is_reference(str(value)):
            continue
        nested = isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(value, dict)
        kept[name] = _without_secrets(value, cast("type[BaseModel]", kind)) if nested else value
    return kept
