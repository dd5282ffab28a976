"""Run Python against a home, in a process of its own: `run(home, code)` gives what it prints."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

PREAMBLE = """
from pathlib import Path
from vedette.node.logging import configure_logging
from vedette.settings import load_settings
from vedette.server.setup import migrate_database, setup_django
configure_logging(level="warning")
settings = load_settings()
setup_django(settings, migrate={migrate})
"""


def try_running(
    home: Path, code: str, *, migrate: bool = True, database_url: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run it after Django was set up; it may fail."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VEDETTE_")}
    environment = {**kept, "VEDETTE_HOME": str(home), "VEDETTE_DATABASE_URL": database_url}
    command = [sys.executable, "-W", "error", "-c", PREAMBLE.format(migrate=migrate) + code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def run(home: Path, code: str, *, migrate: bool = True, database_url: str = "") -> str:
    """Run it; it must succeed. Returns the last line that it printed."""
    done = try_running(home, code, migrate=migrate, database_url=database_url)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().rpartition("\n")[2]


def rows(database: Path) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables."""
    with closing(sqlite3.connect(database)) as reader:
        reader.row_factory = sqlite3.Row
        names = [name for (name,) in reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: [dict(row) for row in reader.execute(f'SELECT * FROM "{name}"')] for name in names}
