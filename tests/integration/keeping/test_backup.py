"""`vedette backup` and `vedette restore`, as people use them."""

import json
import sqlite3
import tarfile
from contextlib import ExitStack, closing
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.acceptance.product import done, vedette
from tests.integration.keeping.program import rows, run
from tests.integration.keeping.test_upgrade import EXPECTED, MEANING
from vedette.node.home import Home
from vedette.server.backup import jobs, keep
from vedette.server.backup.archive import Archive
from vedette.server.backup.create import create_backup
from vedette.settings import load_settings

PASSWORD = {"VEDETTE_BACKUP_PASSWORD": "correct horse"}


def database_of(home: Path) -> dict[str, Any]:
    """Tables that people care about."""
    found = rows(home / "vedette.sqlite3")
    return {name: found[name] for name in ("cameras_camera", "accounts_user", "events_event")}


def test_into_an_empty_home_with_keys(previous: Path, tmp_path: Path) -> None:
    """Cameras with their passwords, users, events, tokens, settings: all is there."""
    (previous / "vedette.yaml").write_text("# ours\nport: 9000\n")
    run(previous, "")
    said = done("backup", tmp_path / "b", "--with-keys", home=previous, env=PASSWORD)
    assert "kB" in said
    other = tmp_path / "other"
    said = done("restore", tmp_path / "b", home=other, env=PASSWORD)
    assert "The keys were restored" in said
    assert "vedette check" in said
    assert database_of(other) == database_of(previous)
    assert json.loads(run(other, MEANING)) == EXPECTED
    assert (other / "vedette.yaml").read_text() == "# ours\nport: 9000\n"


def test_an_older_backup_is_brought_to_the_newest_form(previous: Path, tmp_path: Path) -> None:
    """Made before the upgrade, restored after it; what was there meanwhile is kept aside."""
    done("backup", tmp_path / "b", home=previous)
    run(previous, "from vedette.server.cameras.models import Camera; Camera.objects.all().delete()")
    said = done("restore", tmp_path / "b", home=previous)
    assert json.loads(run(previous, MEANING)) == EXPECTED
    kept = next(previous.glob("vedette.sqlite3.before_restore_*"))
    assert str(kept) in said
    assert rows(kept)["cameras_camera"] == []


def test_without_keys_passwords_stay_closed(previous: Path, tmp_path: Path) -> None:
    """And it is said; no key is in the file."""
    run(previous, "")
    done("backup", tmp_path / "b", home=previous)
    key = (previous / "secrets" / "fernet.key").read_bytes()
    with tarfile.open(tmp_path / "b") as tar:
        assert all(key not in tar.extractfile(entry).read() for entry in tar)  # type: ignore[union-attr]
    restored = vedette("restore", tmp_path / "b", home=tmp_path / "other")
    assert restored.returncode == 0, restored.stderr
    assert "do not open the stored passwords" in restored.stderr
    checked = vedette("secrets", "check", home=tmp_path / "other")
    assert checked.returncode == 1
    assert "camera door" in checked.stdout


@pytest.mark.parametrize("spoil", ["cut", "flip", "password", "running", "newer", "engine"])
def test_what_cannot_be_restored_changes_nothing(previous: Path, tmp_path: Path, spoil: str) -> None:
    """Status 2, words, and every file of the home as it was."""
    run(previous, "")
    backup = tmp_path / "b"
    done("backup", backup, "--with-keys", home=previous, env=PASSWORD)
    before = {path: path.read_bytes() for path in previous.rglob("*") if path.is_file()}
    words = spoiled(spoil, backup)
    with ExitStack() as running:
        if spoil == "running":
            running.callback(Home(previous).lock().release)
        password = "wrong horse" if spoil == "password" else "correct horse"
        refused = vedette("restore", backup, "--password", password, home=previous)
    assert (refused.returncode, "Traceback" in refused.stderr) == (2, False), refused.stderr
    assert words in refused.stderr
    after = {path: path.read_bytes() for path in previous.rglob("*") if path.is_file()}
    assert {path.name for path in before if before[path] != after.get(path)} <= {"vedette.lock"}
    assert not list(previous.glob(".restore-*"))


def spoiled(how: str, backup: Path) -> str:
    """Spoil the file in this way; returns the words to expect."""
    content = backup.read_bytes()
    half = len(content) // 2
    if how == "cut":
        backup.write_bytes(content[:half])
    elif how == "flip":
        backup.write_bytes(content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :])
    elif how == "newer":
        rewrite(backup, {"migrations": ("events.9999_later",)})
    elif how == "engine":
        rewrite(backup, {"engine": "postgresql"})
    return {
        "password": "does not open the keys",
        "running": "already runs",
        "newer": "newer Vedette",
        "engine": "database in postgresql",
    }.get(how, "cannot be restored")


def rewrite(backup: Path, changes: dict[str, Any]) -> None:
    """The same backup with another manifest."""
    with tarfile.open(backup) as tar:
        members = [(entry, tar.extractfile(entry).read()) for entry in tar]  # type: ignore[union-attr]
    manifest = msgspec.json.encode(msgspec.json.decode(members[0][1]) | changes)
    members[0][0].size = len(manifest)
    members[0] = (members[0][0], manifest)
    with tarfile.open(backup, "w:gz") as tar:
        for entry, content in members:
            tar.addfile(entry, BytesIO(content))


def test_settings_lose_their_secrets_and_keep_references(home: Path, tmp_path: Path, db: None) -> None:
    """What stands in the settings file as plain text is left out; where it can be found is not."""
    home.mkdir()
    with closing(sqlite3.connect(home / "vedette.sqlite3")):
        pass
    (home / "vedette.yaml").write_text(
        "port: 1\nheartbeat_url: https://hc.example/s3cret\nencryption_keys: credential:keys\n"
    )
    settings = load_settings(home=home)
    create_backup(settings, tmp_path / "b")
    with closing(Archive(tmp_path / "b")) as archive:
        archive.unpack(tmp_path)
    text = (tmp_path / "vedette.yaml").read_text()
    assert "s3cret" not in text
    assert "credential:keys" in text


def test_settings_that_are_there_stay(previous: Path, tmp_path: Path) -> None:
    """Those of the backup are put beside them."""
    (previous / "vedette.yaml").write_text("port: 9000\n")
    done("backup", tmp_path / "b", home=previous)
    (previous / "vedette.yaml").write_text("port: 9001\n")
    assert "vedette.yaml.restored" in done("restore", tmp_path / "b", home=previous)
    assert (previous / "vedette.yaml").read_text() == "port: 9001\n"
    assert (previous / "vedette.yaml.restored").read_text() == "port: 9000\n"


def test_the_daily_backup_keeps_so_many(previous: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """The oldest go, others' files stay; 0 makes none."""
    names = iter(f"daily-2026010{number}-000000.vedette-backup" for number in range(1, 6))
    monkeypatch.setattr(keep, "name_of", lambda _: next(names))
    monkeypatch.setattr(jobs, "active", lambda: load_settings(home=previous, backup={"keep": 3}))
    (previous / "backups").mkdir()
    (previous / "backups" / "mine").touch()
    said = [jobs.backup() for _ in range(5)]
    assert "daily-20260105" in said[-1]
    left = sorted(path.name[:14] for path in (previous / "backups").iterdir())
    assert left == ["daily-20260103", "daily-20260104", "daily-20260105", "mine"]
    monkeypatch.setattr(jobs, "active", lambda: load_settings(home=previous, backup={"keep": 0}))
    assert "Switched off" in jobs.backup()


def test_the_same_on_postgres(previous: Path, postgres: str, tmp_path: Path) -> None:
    """Back and forth, while a schema keeps what was replaced; numbers go on where they were."""
    env = {"VEDETTE_DATABASE_URL": postgres}
    make = (
        "from vedette.server.cameras.service import add_camera\n"
        "from vedette.server.accounts.models import User\n"
        "add_camera('Before ☃', 'rtsp://u:s3cret@cam/1')\n"
        "User.objects.create_user('before', 'x', 'viewer')\n"
    )
    run(previous, make, database_url=postgres)
    done("backup", tmp_path / "b", home=previous, env=env)
    run(previous, make.replace("Before", "After").replace("'before'", "'after'"), database_url=postgres)
    assert "kept: the schema before_restore_" in done("restore", tmp_path / "b", home=previous, env=env)
    look = (
        "from vedette.server.cameras.specs import camera_specs\n"
        "from vedette.server.accounts.models import User\n"
        "from vedette.server import forms\n"
        "User.objects.create_user('next', 'x', 'viewer')\n"
        "print([s.name for s in camera_specs()], camera_specs()[0].main.password.value,\n"
        "      sorted(User.objects.values_list('username', flat=True)), forms.is_newest())\n"
    )
    assert run(previous, look, database_url=postgres) == "['Before ☃'] s3cret ['before', 'next'] True"


def test_company_in_postgres_is_refused(previous: Path, postgres: str, tmp_path: Path) -> None:
    """While somebody else is connected nothing is replaced."""
    psycopg = pytest.importorskip("psycopg")
    env = {"VEDETTE_DATABASE_URL": postgres}
    run(previous, "", database_url=postgres)
    done("backup", tmp_path / "b", home=previous, env=env)
    with psycopg.connect(postgres):
        refused = vedette("restore", tmp_path / "b", home=previous, env=env)
    assert refused.returncode == 2
    assert "Somebody else is connected" in refused.stderr
