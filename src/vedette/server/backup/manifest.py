"""What is in a backup: the first file of the archive."""

from typing import Literal

import msgspec

FORMAT = 1
NAME = "manifest.json"
SQLITE, SETTINGS, KEYS, TABLES = "vedette.sqlite3", "vedette.yaml", "keys.sealed", "tables/"

Engine = Literal["sqlite", "postgresql"]


class Part(msgspec.Struct, kw_only=True, frozen=True):
    """One file of the archive: `columns` where it is a table of Postgres."""

    name: str
    size_bytes: int
    sha256: str
    columns: tuple[str, ...] = ()


class Manifest(msgspec.Struct, kw_only=True, frozen=True):
    """All that must be known before anything is restored.

    Attributes:
        format: of the archive; readers refuse a newer one.
        version: of Vedette.
        made: ISO 8601, UTC.
        engine: what the database is.
        migrations: applied ones, as `app.name`: the form of the database.
        keys: fingerprints of the keys that stored secrets are encrypted with.
        parts: the other files, in their order.
    """

    format: int = FORMAT
    version: str
    made: str
    engine: Engine
    migrations: tuple[str, ...]
    keys: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    def part(self, name: str) -> Part | None:
        """The part of this name, if there is one."""
        return next((part for part in self.parts if part.name == name), None)
