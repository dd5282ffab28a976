"""Making the database ready."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from vedette.domain.errors import StorageError
from vedette.server.accounts.models import Role, User
from vedette.server.accounts.service import ensure_administrator, reset_password
from vedette.server.setup import migrate_database

pytestmark = pytest.mark.django_db


def test_models_and_migrations_agree() -> None:
    """Nobody forgot to commit a migration."""
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_a_newer_database_is_refused() -> None:
    """After a downgrade nothing is touched, and the error says what to do."""
    MigrationRecorder(connection).record_applied("events", "9999_from_the_future")
    with pytest.raises(StorageError, match="newer Vedette"):
        migrate_database()


def test_an_up_to_date_database_is_left_alone() -> None:
    """No migration runs a second time."""
    before = MigrationRecorder(connection).migration_qs.count()
    migrate_database()
    assert MigrationRecorder(connection).migration_qs.count() == before


def test_the_first_administrator_is_made_once() -> None:
    """The password is returned one time, works, and is stored only hashed; it can be replaced."""
    password = ensure_administrator()
    assert password is not None
    admin = User.objects.get()
    assert (admin.username, admin.role) == ("admin", Role.ADMINISTRATOR)
    assert admin.check_password(password)
    assert password not in admin.password
    assert ensure_administrator() is None
    renewed = reset_password("admin")
    assert User.objects.get().check_password(renewed)


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b""])
def test_a_damaged_database_file_is_explained(tmp_path: Path, content: bytes) -> None:
    """Garbage ends with a sentence; an empty file is a new database."""
    (tmp_path / "vedette.sqlite3").write_bytes(content)
    code = (
        "from vedette.settings import load_settings; from vedette.server.setup import setup_django\n"
        f"setup_django(load_settings(home={str(tmp_path)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (content == b"")
    assert content == b"" or "The database cannot be used" in done.stderr
