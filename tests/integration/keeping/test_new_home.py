"""The database of a new home (see `vedette.server.forms.make_newest`)."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

CODE = """
import sys
from pathlib import Path
from vedette.settings import load_settings
from vedette.server.setup import setup_django
setup_django(load_settings(home=Path(sys.argv[1])), migrate=False)
from vedette.server import forms
assert forms.is_empty()
forms.make_newest() if sys.argv[2] == "models" else forms.migrate_to(None)
assert forms.is_newest()
"""


def made(home: Path, way: str, env: dict[str, str]) -> Path:
    """A database that was made one way or the other."""
    subprocess.run([sys.executable, "-c", CODE, str(home), way], check=True, env=env, cwd=Path.cwd())
    return home / "vedette.sqlite3"


def form(database: Path) -> dict[str, object]:
    """Columns, keys and indexes of every table, whatever their order."""
    with closing(sqlite3.connect(database)) as connection:
        ask = connection.execute
        named = ask("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
        tables = [name for (name,) in named]
        return {table: _form_of(connection, table) for table in tables}


def _form_of(connection: sqlite3.Connection, table: str) -> object:
    ask = connection.execute
    columns = sorted(row[1:] for row in ask(f"pragma table_info('{table}')"))
    keys = sorted(row[2:] for row in ask(f"pragma foreign_key_list('{table}')"))
    indexes = sorted(
        ("" if row[3] == "u" else row[1], row[2], [c[2:5] for c in ask(f"pragma index_xinfo('{row[1]}')")])
        for row in ask(f"pragma index_list('{table}')")
    )
    return columns, keys, indexes


@pytest.fixture
def both(tmp_path: Path, bare: dict[str, str]) -> tuple[Path, Path]:
    """One database made of the models, one by all migrations."""
    return made(tmp_path / "models", "models", bare), made(tmp_path / "history", "history", bare)


def test_a_new_database_is_as_migrations_would_make_it(both: tuple[Path, Path]) -> None:
    """The short way to a new home's tables ends where the long one does, to the last index."""
    new, migrated = (form(database) for database in both)
    assert new.keys() == migrated.keys()
    for table, what in migrated.items():
        assert new[table] == what, table


def test_a_new_database_has_the_same_rows(both: tuple[Path, Path]) -> None:
    """The same migrations are noted, and no table has rows that the other has not."""
    counts = []
    for database in both:
        with closing(sqlite3.connect(database)) as connection:
            tables = sorted(form(database))
            counts.append(
                {t: connection.execute(f'select count(*) from "{t}"').fetchone()[0] for t in tables}
            )
    assert counts[0] == counts[1]
