"""Secrets are planted everywhere, and looked for in everything that leaves the program (promise P6)."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.product import Product, done, vedette
from tests.support.processes import wait_until

CAMERA = "pl4nted-camera"
CHANNEL = "cGw0bnRlZC1jaGFubmVsLXNlY3JldC0xMjM0NTY3ODkwMTI="
HEARTBEAT = "pl4nted-heartbeat"
REFERRED = "pl4nted-credential"
WRONG = "pl4nted-in-a-bad-request"
PASSWORD = "pl4nted-login"
PLANTED = (CAMERA, CHANNEL, HEARTBEAT, REFERRED, WRONG, PASSWORD)


def leaks(text: str) -> list[str]:
    """The planted secrets that are in a text."""
    return [secret for secret in PLANTED if secret in text]


@pytest.mark.servers
def test_nothing_that_leaves_the_program_holds_a_secret(tmp_path: Path) -> None:
    """Answers, pages, errors, logs of all processes, metrics, exports, doctor, backup, database, outboxes."""
    home, credentials = tmp_path / "home", tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "yard").write_text(REFERRED)
    env = {
        "CREDENTIALS_DIRECTORY": str(credentials),
        "VEDETTE_HEARTBEAT_URL": f"http://127.0.0.1:9/{HEARTBEAT}",
        "VEDETTE_LOG_LEVEL": "debug",
        "VEDETTE_WORKERS": "1",
    }
    with Product(home, env=env) as product:
        product.wait_ready()
        seen = "".join(plant(product))
        wait_until(lambda: (product.camera("yard")["status"] or {}).get("state"), what="the worker reports")
        seen += "".join(look(product))
    seen += product.output
    seen += done("config", "export", home=home, env=env)
    seen += "".join(part for said in commands(home, env, tmp_path) for part in (said.stdout, said.stderr))
    assert leaks(seen) == []
    assert [path.name for path in files(home, tmp_path) if leaks(path.read_bytes().decode("latin1"))] == []


def plant(product: Product) -> list[str]:
    """Give secrets in every way there is, rightly and wrongly; returns the answers."""
    client = product.client
    door = {"id": "door", "name": "Door", "main_url": f"rtsp://ada:{CAMERA}@127.0.0.1:9/1"}
    yard = {"id": "yard", "name": "Yard", "main_url": "rtsp://127.0.0.1:9/2", "username": "ada"}
    bad: list[dict[str, Any]] = [
        {"name": "x", "main_url": f"rtsp://ada:{WRONG}@:99999/1"},
        {"name": "x", "main_url": f"gopher://ada:{WRONG}@cam/1"},
        {"name": "x", "main_url": ["rtsp://cam/1"], "password": WRONG},
        {"name": "x", "main_url": "rtsp://cam/1", "password": WRONG, "recording_mode": "never"},
        {"name": "x", "main_url": "rtsp://cam/1", "password": WRONG * 100},
    ]
    hook = {"name": "hook", "kind": "webhook", "config": {"url": "http://127.0.0.1:9/", "secret": CHANNEL}}
    bad_hook = hook | {"kind": "?", "config": {"secret": WRONG}}
    answers = [client.post("/api/v1/cameras", json=door), client.post("/api/v1/cameras", json=yard)]
    answers += [client.patch("/api/v1/cameras/yard", json={"password": "credential:yard"})]
    answers += [client.post("/api/v1/cameras", json=body) for body in bad]
    channels = [client.post("/api/v1/alerts/channels", json=body) for body in (hook, bad_hook)]
    assert [answer.status_code for answer in channels] == [201, 422], channels[0].text
    answers += [*channels, client.post(f"/api/v1/alerts/channels/{channels[0].json()['id']}/test")]
    answers += [client.get("/api/v1/cameras", headers={"Authorization": f"Bearer {WRONG}"})]
    answers += [client.post("/login", data={"username": "admin", "password": PASSWORD})]
    assert [answer.status_code for answer in answers[:3]] == [201, 201, 200]
    return [answer.text for answer in answers]


def look(product: Product) -> list[str]:
    """Everything that may be read: what the interface describes, and pages."""
    paths = product.get("openapi.json")["paths"].items()
    listed = [path for path, operations in paths if "get" in operations and "{" not in path]
    plain = [path for path in listed if not path.endswith("/live")]  # it does not end
    assert len(plain) > 20
    more = ["/api/v1/cameras/door", "/api/v1/openapi.json", "/metrics", "/admin/cameras/camera/door/change/"]
    pages = ["/", "/cameras/door", "/alerts", "/system", "/access"]
    return [product.client.get(path).text for path in [*plain, *more, *pages]]


def commands(home: Path, env: dict[str, str], folder: Path) -> list[Any]:
    """What people type."""
    lines = (
        ["camera", "list"],
        ["doctor"],
        ["secrets", "check"],
        ["camera", "add", "Bad", f"rtsp://u:{WRONG}@:99999/"],
        ["backup", folder / "copy.vedette-backup"],
    )
    return [vedette(*line, home=home, env=env) for line in lines]


def files(home: Path, folder: Path) -> list[Path]:
    """What lies on the disk, besides the keys; the database is packed so that nothing hides in a log."""
    with closing(sqlite3.connect(home / "vedette.sqlite3")) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    found = [path for path in home.rglob("*") if path.is_file() and path.parent.name != "secrets"]
    return [*found, folder / "copy.vedette-backup"]


def test_a_newer_database_is_refused_by_run(tmp_path: Path) -> None:
    """The whole way: words, status 2, nothing touched, nothing started."""
    home = tmp_path / "home"
    done("camera", "list", home=home)
    with closing(sqlite3.connect(home / "vedette.sqlite3")) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('events', '9999_later', 0)"
        )
        database.commit()
        before = list(database.iterdump())
    refused = vedette("run", "--port", "0", home=home)
    assert refused.returncode == 2, refused.stderr
    assert "written by a newer Vedette" in refused.stderr
    assert "restore the backup from before the upgrade" in refused.stderr
    assert "Traceback" not in refused.stderr
    with closing(sqlite3.connect(home / "vedette.sqlite3")) as database:
        assert list(database.iterdump()) == before


def test_listening_in_the_open_is_warned_of(tmp_path: Path) -> None:
    """Once, with what to do; the server runs all the same."""
    with Product(tmp_path / "home", "--host", "0.0.0.0") as product:
        product.wait_ready()
        assert product.output.count("without encryption") == 1
