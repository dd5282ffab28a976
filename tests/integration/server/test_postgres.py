"""The same server on a real Postgres."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import PATIENCE_S
from vedette.testing.ports import free_port
from vedette.testing.postgres import MissingError, postgres

pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'vedette[postgres]'")

SCENE = """
from collections import Counter
from vedette.settings import load_settings
from vedette.server.setup import setup_django
setup_django(load_settings())
from django.db import connection
from django.test import Client
from django.conf import settings
from tests.integration.server.worker import event, segment, visit
from vedette.server.accounts.tokens import create_token
from vedette.server.cameras.configuration import apply_config
from vedette.server.cameras.desired import desired_state
from vedette.server.ingest import store_batch
from vedette.server.recordings.check import check_recordings
from vedette.server.recordings.retention import keep_limits
from vedette.server.runtime import runtime

assert connection.vendor == "postgresql"
settings.ALLOWED_HOSTS.append("testserver")
apply_config("cameras: {door: {main_url: 'rtsp://u:p@cam/1'}, yard: {main_url: 'rtsp://cam/2'}}")
revision, assignments, placed = desired_state(["worker-1", "worker-2"])
assert sorted(placed.values()) == ["worker-1", "worker-2"], placed
counters = Counter()
messages = [event(zones=(visit("drive"),)), event("yard", label="car"), event(label="x" * 65), segment()]
for _ in range(2):
    store_batch(messages, counters)
assert counters == {"messages_rejected": 2}, counters
api = Client(headers={"Authorization": "Bearer " + create_token("t", "viewer")})
first = api.get("/api/v1/events?limit=1").json()
second = api.get("/api/v1/events", {"limit": 1, "cursor": first["next"]}).json()
assert {first["items"][0]["id"], second["items"][0]["id"]} == {m.id for m in messages[:2]}
def ids(query):
    return {e["id"] for e in api.get(f"/api/v1/events?{query}").json()["items"]}
assert ids("zone=drive") == ids("zone=drive&camera=door&camera=yard") == {messages[0].id}
assert ids("label=car") == ids("label=car&camera=yard&min_score=0.5&kind=object") == {messages[1].id}
assert ids("camera=door&camera=yard&feedback=none") == {m.id for m in messages[:2]}
from vedette.server.events.feedback import give_feedback
from vedette.server.events.models import Event
from vedette.server.events.retention import remove_unused_facets
give_feedback(Event.objects.get(pk=messages[1].id), "wrong", "", "ada")
assert ids("feedback=wrong&label=car") == {messages[1].id} == ids("") - ids("feedback=none")
assert remove_unused_facets() == 0
assert len(api.get("/api/v1/recordings?camera=door").json()["items"]) == 1
root = settings.HOME.recordings
assert [d.kind for d in check_recordings(root, repair=True)] == ["missing_file"]
assert keep_limits(settings.VEDETTE.retention, root, runtime) == 0
print("done")
"""


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """The URL of an empty database in a cluster of its own."""
    try:
        with postgres("fsync=off") as url:
            yield url
    except MissingError as missing:
        pytest.skip(str(missing))


def test_everything_works_on_postgres(database: str, tmp_path: Path) -> None:
    """Migrations, configuration, placement, idempotent storing, pages, filters, check and retention."""
    environment = {**os.environ, "VEDETTE_HOME": str(tmp_path), "VEDETTE_DATABASE_URL": database}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCENE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().endswith("done"), done.stderr


def test_an_unreachable_database_is_explained(tmp_path: Path) -> None:
    """The server ends with status 2 and a sentence, not a traceback, and names no password."""
    url = f"postgresql://u:s3cret@127.0.0.1:{free_port()}/x"
    environment = {**os.environ, "VEDETTE_HOME": str(tmp_path), "VEDETTE_DATABASE_URL": url}
    command = [sys.executable, "-m", "vedette.server", "--port", str(free_port())]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert done.returncode == 2
    assert "database cannot be used" in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr
