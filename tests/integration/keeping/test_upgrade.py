"""From the previous release's data to the newest form, on SQLite and Postgres, and when that fails."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db.migrations.loader import MigrationLoader

from tests.integration.keeping.conftest import RELEASE
from tests.integration.keeping.program import rows, run, try_running

OF_DJANGO = {"django_migrations", "django_content_type", "auth_permission", "sqlite_sequence"}

MEANING = """
import json
from django.conf import settings as django_settings
from django.test import Client
from vedette.server.accounts.models import User
from vedette.server.cameras.specs import camera_specs
django_settings.ALLOWED_HOSTS.append("testserver")
api = Client(headers={"Authorization": "Bearer TOKEN"})
events = api.get("/api/v1/events?limit=50").json()["items"]
specs = {spec.id: spec for spec in camera_specs()}
door = specs["door"]
print(json.dumps({
    "events": sorted((event["id"], event["camera"], event["label"], event["start"][:19]) for event in events),
    "segments": len(api.get("/api/v1/recordings?camera=door").json()["items"]),
    "login": User.objects.get(username="ada").check_password("correct horse battery"),
    "users": sorted(User.objects.values_list("username", "role", "is_active")),
    "door": [door.main.url, door.main.username, door.main.password.value, door.sub.url, door.name],
    "zones": sorted((zone.name, zone.kind, zone.min_dwell_s, len(zone.polygon)) for zone in door.zones),
    "yard": [specs["yard"].enabled, specs["yard"].recording.mode, specs["yard"].profile.label_scores],
}))
""".replace("TOKEN", (RELEASE / "token.txt").read_text().strip())

CAMERA = "rtsp://192.168.1.20:554"
EXPECTED = {
    "events": [
        ["01990000-0000-7000-8000-000000000001", "door", "person", "2026-09-21T14:14:20"],
        ["01990000-0000-7000-8000-000000000002", "door", "car", "2026-09-21T14:15:20"],
        ["01990000-0000-7000-8000-000000000003", "yard", "motion", "2026-09-21T14:16:20"],
    ],
    "segments": 3,
    "login": True,
    "users": [["ada", "administrator", True], ["bob", "viewer", False], ["eve", "operator", True]],
    "door": [
        "rtsp://192.168.1.20:554/stream1",
        "ada",
        "s3cret",
        "rtsp://192.168.1.20:554/stream2",
        "Front door ☃",
    ],
    "zones": [["drive", "include", 2.5, 3], ["street", "exclude", 0.0, 3]],
    "yard": [False, "motion", {"person": 0.4}],
}

TO_POSTGRES = """
import json, sqlite3
from django.db import connection
from vedette.server import forms
TYPES = "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = %s"
source = sqlite3.connect(settings.layout().path / "vedette.sqlite3")
source.row_factory = sqlite3.Row
form = [row[0] for row in source.execute("SELECT app || '.' || name FROM django_migrations")]
forms.migrate_to(form)
with connection.cursor() as cursor:
    tables = connection.introspection.table_names(cursor)
    cursor.execute("BEGIN")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
    for table in tables:
        cursor.execute(TYPES, [table])
        types = dict(cursor.fetchall())
        for row in source.execute(f'SELECT * FROM "{table}"'):
            casts = ", ".join(f"%s::text::{types[name]}" for name in row.keys())
            names = ", ".join(f'"{name}"' for name in row.keys())
            values = [None if value is None else str(value) for value in row]
            cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({casts})", values)
        if types.get("id", "text").startswith("int"):
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), 1000)", [table])
    cursor.execute("COMMIT")
assert not forms.is_newest()
migrate_database(settings)
assert forms.is_newest()
"""

BREAK = """
import os
from django.db.migrations import Migration, RunPython, RunSQL
from django.db.migrations.loader import MigrationLoader
load = MigrationLoader.load_disk
def boom(apps, editor):
    HOW
class Broken(Migration):
    operations = [RunSQL("CREATE TABLE half_way (x integer)"), RunPython(boom)]
def load_more(self):
    load(self)
    last = sorted(name for app, name in self.disk_migrations if app == "events")[-1]
    broken = Broken("9998_broken", "events")
    broken.dependencies = [("events", last)]
    self.disk_migrations["events", "9998_broken"] = broken
MigrationLoader.load_disk = load_more
migrate_database(settings)
"""


def test_every_row_means_the_same_afterwards(previous: Path) -> None:
    """Row by row, column by column as far as there still is one; and what the interface says of them."""
    before = rows(previous / "vedette.sqlite3")
    assert json.loads(run(previous, MEANING)) == EXPECTED
    after = rows(previous / "vedette.sqlite3")
    for table in before.keys() - OF_DJANGO:
        assert kept(before[table], after[table]), table
    stored = [row["password_encrypted"] for row in after["cameras_camera"]]
    assert sum(map(bool, stored)) == 1


def kept(old: list[dict[str, object]], new: list[dict[str, object]]) -> bool:
    """Whether every old row is there, with the columns that there still are; changes of use are not."""
    shared = old[0].keys() & new[0].keys() - {"last_used"} if old and new else set()
    return [{name: row[name] for name in shared} for row in old] == [
        {name: row[name] for name in shared} for row in new[: len(old)]
    ]


def test_the_same_on_postgres(previous: Path, postgres: str) -> None:
    """The old form is made by the old migrations, filled with the same rows, and upgraded."""
    run(previous, TO_POSTGRES, migrate=False, database_url=postgres)
    assert json.loads(run(previous, MEANING, database_url=postgres)) == EXPECTED


def test_the_database_is_copied_before(previous: Path) -> None:
    """Once for an upgrade; a start without one makes none, and neither does a new home."""
    run(previous, "")
    run(previous, "")
    copies = list((previous / "backups").iterdir())
    assert len(copies) == 1
    assert copies[0].name.startswith("before-upgrade-")
    run(previous.parent / "new", "")
    assert not (previous.parent / "new" / "backups").exists()


def test_a_failed_upgrade_changes_nothing(previous: Path) -> None:
    """Every migration before the one that fails is taken back too; the words say where the copy is."""
    before = dump(previous)
    done = try_running(previous, BREAK.replace("HOW", "raise RuntimeError('no')"), migrate=False)
    assert (
        "The upgrade of the database failed at events.9998_broken: no. The database is as it was"
        in done.stderr
    )
    copy = re.search(r"A copy from before is (\S+)\.", done.stderr)
    assert copy is not None
    assert Path(copy[1]).is_file()
    assert dump(previous) == before
    assert json.loads(run(previous, MEANING)) == EXPECTED


def test_an_upgrade_that_is_killed_changes_nothing(previous: Path) -> None:
    """kill -9 in the middle: the next start finds the old database, and upgrades it."""
    before = dump(previous)
    done = try_running(previous, BREAK.replace("HOW", "os.kill(os.getpid(), 9)"), migrate=False)
    assert done.returncode == -9
    assert dump(previous) == before
    assert json.loads(run(previous, MEANING)) == EXPECTED


def dump(home: Path) -> list[str]:
    """Tables and rows as text."""
    with closing(sqlite3.connect(home / "vedette.sqlite3")) as reader:
        return list(reader.iterdump())


def test_without_room_for_the_copy_nothing_begins(previous: Path) -> None:
    """The words say how to do without."""
    (previous / "backups").write_text("in the way")
    before = dump(previous)
    done = try_running(previous, "")
    assert "No copy could be made before the upgrade." in done.stderr
    assert "backup.before_upgrade" in done.stderr
    assert dump(previous) == before


@pytest.mark.django_db
def test_no_migration_of_ours_is_outside_of_the_transaction() -> None:
    """All or nothing holds only if every migration can be taken back."""
    loader = MigrationLoader(None)
    ours = {app.split(".")[-1] for app in loader.migrated_apps}
    loose = [
        str(key) for key, one in (loader.disk_migrations or {}).items() if not one.atomic and key[0] in ours
    ]
    assert loose == []
