"""The database by URL."""

from pathlib import Path

import pytest

from vedette.domain.errors import ConfigurationError
from vedette.server.database import database_config


def test_sqlite_is_durable_and_patient(tmp_path: Path) -> None:
    """P2 needs WAL with full synchronisation; writers queue."""
    options = database_config("", tmp_path / "x.sqlite3")["OPTIONS"]
    assert "journal_mode=WAL" in options["init_command"]
    assert "synchronous=FULL" in options["init_command"]
    assert options["transaction_mode"] == "IMMEDIATE"


def test_postgres_by_url() -> None:
    """Every part may be encoded or absent."""
    config = database_config("postgresql://u:p%40ss@db:5433/ved%2Fette", Path())
    parts = {key: config[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert parts == {"NAME": "ved/ette", "USER": "u", "PASSWORD": "p@ss", "HOST": "db", "PORT": "5433"}


@pytest.mark.parametrize("url", ["mysql://u:s3cret@h/x", "postgresql://u:s3cret@h", "nonsense"])
def test_other_databases_are_refused(url: str) -> None:
    """The error names the form and repeats no password."""
    with pytest.raises(ConfigurationError, match="postgresql://") as caught:
        database_config(url, Path())
    assert "s3cret" not in str(caught.value)
