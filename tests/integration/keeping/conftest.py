"""Homes: an empty one, and one as the previous release left it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.product import environment
from vedette.testing.postgres import MissingError
from vedette.testing.postgres import postgres as running_postgres

RELEASE = Path(__file__).parents[2] / "data" / "release-0.1.0"
"""Made by that release: two profiles, three cameras, zones, events, segments, users, a token."""


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of an empty database of a server of its own."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'vedette[postgres]'")
    try:
        with running_postgres() as url:
            yield url
    except MissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Nothing in it."""
    return tmp_path / "home"


@pytest.fixture
def previous(home: Path) -> Path:
    """With the database and the key of the previous release."""
    (home / "secrets").mkdir(parents=True)
    (home / "secrets" / "fernet.key").write_text((RELEASE / "fernet.key").read_text().strip())
    with closing(sqlite3.connect(home / "vedette.sqlite3")) as database:
        database.executescript((RELEASE / "database.sql").read_text())
    return home


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment without settings."""
    kept = environment()
    return {name: value for name, value in kept.items() if not name.startswith("VEDETTE_")}
