"""No path from a request ever reaches the file system, whatever route takes it (promise P6)."""

import re
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from vedette.server.accounts.models import User
from vedette.server.api.app import api
from vedette.server.cameras.service import add_camera

MARK = "vedette-was-here"
ATTEMPTS = (
    f"../../../../etc/{MARK}",
    f"..%2f..%2f{MARK}",
    f"/etc/{MARK}",
    f"....//....//{MARK}",
    f"..\\..\\{MARK}",
    f"{MARK}\x00.jpg",
    f"file:///etc/{MARK}",
    f"{MARK}/../../..",
)
_WATCHED = ("open", "os.", "shutil.", "glob.", "sqlite3.", "subprocess.", "tempfile.")

touched: list[str] = []
_listening = [False]


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    watched = event.startswith(_WATCHED) and event != "os.putenv"  # pytest tells the name of the test so
    if _listening[0] and watched and MARK in repr(arguments):
        touched.append(f"{event} {arguments!r}"[:300])


@pytest.fixture
def watched() -> Iterator[list[str]]:
    """Every use of the file system with something from our requests in it (PEP 578)."""
    if MARK not in getattr(sys, "_vedette_hooks", ()):
        sys.addaudithook(_hook)
        sys._vedette_hooks = (MARK,)  # type: ignore[attr-defined]
    touched.clear()
    _listening[0] = True
    yield touched
    _listening[0] = False


def patterns(found: Any = None, before: str = "/") -> Iterator[str]:
    """Every route, with `{}` for each part that a request fills in."""
    for entry in found or get_resolver().url_patterns:
        route = re.sub(r"<[^>]+>", "{}", str(entry.pattern)).lstrip("^").rstrip("$")
        route = re.sub(r"\(\?P[^)]*\)", "{}", route)
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns, before + route)
        elif isinstance(entry, URLPattern):
            yield before + route


def test_the_routes_are_found() -> None:
    """Pages, the admin and the interface; some of them take something from the address."""
    found = list(patterns())
    assert len(found) > 50
    assert len([route for route in found if "{}" in route]) > 20


@pytest.fixture
def client(administrator: User) -> Client:
    """May do everything; there is one camera, `door`."""
    add_camera("Door", "rtsp://cam/1", camera_id="door")
    client = Client(raise_request_exception=False)
    client.force_login(administrator)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_part_of_an_address_becomes_a_path(attempt: str, client: Client, watched: list[str]) -> None:
    """With every method: the answer is no crash, and no file is looked for."""
    for route in (route for route in patterns() if "{}" in route):
        path = route.replace("{}", quote(attempt, safe="/.\\:"))
        closed = route.replace("{}", quote(attempt, safe=""))
        for method, address in (("GET", path), ("GET", closed), ("POST", closed), ("DELETE", closed)):
            answer = client.generic(method, address, "{}", content_type="application/json")
            assert answer.status_code < 500, f"{method} {address}: {answer.status_code}"
    assert watched == []


@pytest.mark.django_db
def test_no_query_becomes_a_path(client: Client, watched: list[str]) -> None:
    """Every parameter of every operation that takes text; streams that do not end are left out."""
    for path, operations in api.get_openapi_schema()["paths"].items():
        found = operations.get("get", {}).get("parameters", [])
        names = [str(one["name"]) for one in found if one["in"] == "query"]
        address = re.sub(r"\{[^}]+\}", "door", path)
        for attempt in ATTEMPTS if names and "live" not in path else ():
            answer = client.get(address, dict.fromkeys(names, attempt))
            assert answer.status_code < 500, f"{address} {attempt!r}"
    assert watched == []


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["../settings.py", "%2e%2e/settings.py", "/etc/passwd", "..%5csettings.py"])
def test_files_of_the_pages_lead_nowhere_else(path: str) -> None:
    """Only what was collected at the start is given out."""
    assert Client().get(f"/static/{path}").status_code in {302, 404}
