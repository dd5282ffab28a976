"""Time line, exports and limits on a real Postgres."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vedette.testing.postgres import MissingError, postgres

pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'vedette[postgres]'")

SCENE = """
import time
from collections import Counter
from vedette.settings import load_settings
from vedette.server.setup import setup_django
setup_django(load_settings())
from django.conf import settings
from django.db import connection
from django.test import Client
from tests.integration.server.worker import segment
from vedette.server.accounts.tokens import create_token
from vedette.server.cameras.configuration import apply_config
from vedette.server.ingest import store_batch
from vedette.server.recordings import exporter, exports
from vedette.server.times import from_utc_s, iso

assert connection.vendor == "postgresql"
settings.ALLOWED_HOSTS.append("testserver")
settings.HOME.prepare()
apply_config("cameras: {door: {main_url: 'rtsp://cam/1'}}")
begin = time.time() // 60 * 60 - 600
for number in range(6):
    at = begin + 10 * number
    busy = bytes([0, 255]) if number == 2 else b""
    store_batch([segment(start_utc_s=at, end_utc_s=at + 10, activity=busy)], Counter())
api = Client(headers={"Authorization": "Bearer " + create_token("t", "administrator")})
span = {"from": iso(from_utc_s(begin - 60)), "to": iso(from_utc_s(begin + 60)), "step": 10}
found = api.get("/api/v1/cameras/door/timeline", span).json()
assert [s["start"] for s in found["spans"]] == [iso(from_utc_s(begin))], found
assert [number for number, share in enumerate(found["density"]) if share] == [8], found
assert len(api.get("/api/v1/cameras/door/days", {"month": iso(from_utc_s(begin))[:10]}).json()) == 1
limits = {"max_age_days": 3, "max_disk_share": 0.5}
assert api.put("/api/v1/recordings/retention", limits, content_type="application/json").status_code == 204
assert api.put("/api/v1/cameras/door/retention", limits, content_type="application/json").status_code == 204
found = api.get("/api/v1/recordings/retention").json()
assert found["cameras"][0]["limit"] == "age", found
exports.SPARE_BYTES = 0
export = exports.order("door", from_utc_s(begin), from_utc_s(begin + 60), "ada")
assert exporter.make_waiting() == 1
export.refresh_from_db()
assert export.state == "failed" and "no recording" in export.message, export.message
print("done")
"""


def test_on_postgres(tmp_path: Path) -> None:
    """The queries that differ between databases give the same there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VEDETTE_", "DJANGO_"))}
    try:
        with postgres("fsync=off") as url:
            given = {"VEDETTE_HOME": str(tmp_path / "home"), "VEDETTE_DATABASE_URL": url}
            command = [sys.executable, "-W", "error::RuntimeWarning", "-c", SCENE]
            done = subprocess.run(command, env=kept | given, capture_output=True, text=True, check=False)
    except MissingError as missing:
        pytest.skip(str(missing))
    assert done.stdout.endswith("done\n"), done.stdout + done.stderr
