"""Users, tokens, sessions and the audit log by REST, and from the command line."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from typer.testing import CliRunner

from tests.integration.server.access.test_login import PASSWORD, log_in
from vedette.cli import accounts as command
from vedette.server.accounts.audit import AuditEntry
from vedette.server.accounts.models import ApiToken, Role, Site, User
from vedette.server.cameras.service import add_camera

Bearer = Callable[[str], Client]


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    """A request with JSON."""
    return client.generic(method, f"/api/v1/{path}", _json(body), "application/json")


def _json(body: Any) -> str:
    return "" if body is None else json.dumps(body)


def test_a_user_from_beginning_to_end(admin_api: Client) -> None:
    """Add, look, change, give a password, remove; each step stands in the log."""
    add_camera("Door", "rtsp://cam/1", camera_id="door")
    made = send(admin_api, "POST", "users", {"username": "vic", "cameras": ["door"]})
    assert made.status_code == 201
    user = made.json()
    assert (user["role"], user["cameras"], user["must_change_password"]) == ("viewer", ["door"], True)
    assert len(user["password"]) >= 16
    path = f"users/{user['id']}"
    assert "password" not in admin_api.get(f"/api/v1/{path}").json()
    changed = send(admin_api, "PATCH", path, {"role": "operator", "cameras": None}).json()
    assert (changed["role"], changed["cameras"], changed["active"]) == ("operator", None, True)
    password = send(admin_api, "POST", f"{path}/password").json()["password"]
    assert User.objects.get(username="vic").check_password(password)
    assert send(admin_api, "DELETE", path).status_code == 204
    assert admin_api.get(f"/api/v1/{path}").status_code == 404
    log = admin_api.get("/api/v1/audit?action=user").json()["items"]
    assert [row["action"] for row in log] == [
        "user.removed",
        "user.password-reset",
        "user.changed",
        "user.added",
    ]
    assert log[0]["by"] == "token"


@pytest.mark.parametrize(
    "body",
    [
        {"username": ""},
        {"username": "a b"},
        {"username": "x" * 65},
        {"username": "vic", "role": "king"},
        {"username": "vic", "password": "short"},
        {"username": "vic", "cameras": ["nowhere"]},
        {"username": "vic", "site": 2},
        {"username": "taken"},
    ],
)
def test_wrong_users_are_refused(admin_api: Client, body: dict[str, Any]) -> None:
    """Bounds, unknown fields, weak passwords, cameras that are not there, names that are taken."""
    User.objects.create_user("taken")
    answer = send(admin_api, "POST", "users", body)
    assert answer.status_code == 422
    assert User.objects.count() == 1


def test_a_site_keeps_an_administrator(admin_api: Client) -> None:
    """The last one is neither demoted, nor disabled, nor removed; with two, one may go."""
    ada = User.objects.create_user("ada", None, Role.ADMINISTRATOR)
    for method, body in (("PATCH", {"role": "viewer"}), ("PATCH", {"active": False}), ("DELETE", None)):
        assert send(admin_api, method, f"users/{ada.pk}", body).status_code == 422
    User.objects.create_user("bob", None, Role.ADMINISTRATOR)
    assert send(admin_api, "PATCH", f"users/{ada.pk}", {"role": "viewer"}).status_code == 200


def test_a_token_makes_no_token(bearer: Bearer, admin_api: Client) -> None:
    """A leaked token of a viewer cannot outlive itself; an administrator's makes tokens of the site."""
    assert send(bearer(Role.VIEWER), "POST", "tokens", {"name": "t"}).status_code == 403
    made = send(admin_api, "POST", "tokens", {"name": "t", "own": False, "scopes": ["view"], "days": 1})
    assert made.status_code == 201
    client = Client(headers={"Authorization": f"Bearer {made.json()['token']}"})
    assert client.get("/api/v1/events").status_code == 200
    assert "token" not in admin_api.get("/api/v1/tokens").json()[0]
    assert send(admin_api, "DELETE", f"tokens/{made.json()['id']}").status_code == 204
    assert client.get("/api/v1/events").status_code == 401


def test_own_tokens_and_sessions(db: None) -> None:
    """A viewer sees and ends their own, and nobody else's."""
    User.objects.create_user("vic", PASSWORD)
    User.objects.create_user("eve", PASSWORD)
    here, there, eve = Client(), Client(), Client()
    log_in(here, "vic")
    log_in(there, "vic")
    log_in(eve, "eve")
    rows = here.get("/api/v1/sessions").json()
    assert [row["username"] for row in rows] == ["vic", "vic"]
    assert [row["current"] for row in rows].count(True) == 1
    other = next(row["id"] for row in rows if not row["current"])
    assert send(eve, "DELETE", f"sessions/{other}").status_code == 404
    assert send(here, "DELETE", f"sessions/{other}").status_code == 204
    assert there.get("/api/v1/events").status_code == 401
    made = send(here, "POST", "tokens", {"name": "phone", "role": "administrator"}).json()
    assert made["username"] == "vic"
    phone = Client(headers={"Authorization": f"Bearer {made['token']}"})
    assert phone.get("/api/v1/users").status_code == 403
    assert send(eve, "DELETE", f"tokens/{made['id']}").status_code == 404


def test_the_log_in_pages(admin_api: Client) -> None:
    """Keyset pages and filters."""
    for number in range(5):
        AuditEntry.objects.create(by="system", action="camera.changed", subject=str(number))
    first = admin_api.get("/api/v1/audit?limit=3").json()
    assert [row["subject"] for row in first["items"]] == ["4", "3", "2"]
    second = admin_api.get(f"/api/v1/audit?limit=3&cursor={first['next']}").json()
    assert [row["subject"] for row in second["items"]] == ["1", "0"]
    assert second["next"] is None
    assert admin_api.get("/api/v1/audit?by=nobody").status_code == 422
    assert admin_api.get("/api/v1/audit?after=2100-01-01").json()["items"] == []
    assert admin_api.get("/api/v1/audit/actions").json() == ["camera.changed"]


@pytest.fixture
def run(db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run a command against the database of the test: `run("user", "create", "vic")`."""
    monkeypatch.setattr(command, "use_database", lambda _: None)
    groups = {"user": command.users, "token": command.tokens, "site": command.sites}

    def call(group: str, *arguments: str, text: str = "") -> str:
        result = CliRunner().invoke(groups[group], list(arguments), input=text, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return call


def test_the_command_line_makes_users_tokens_and_sites(run: Callable[..., str]) -> None:
    """What it makes can log in; what it does stands in the log."""
    words = run("site", "create", "cabin", "--name", "The cabin")
    password = words.split()[-1]
    assert log_in(Client(), "admin@cabin", password).status_code == 302
    run("user", "create", "vic", "--role", "operator", "--site", "cabin")
    assert User.objects.get(username="vic").site.name == "The cabin"
    run("user", "password", "vic", "--stdin", text=f"{PASSWORD}\n")
    assert log_in(Client(), "vic").headers["Location"] == "/"
    run("token", "create", "t", "--role", "operator", "--scope", "view", "--days", "1", "--site", "cabin")
    row = ApiToken.objects.get()
    assert (row.scopes, row.site.slug, row.expires is not None) == (["view"], "cabin", True)
    assert "vic" in run("user", "list")
    assert "cabin" in run("site", "list")
    noted = AuditEntry.objects.filter(site=Site.objects.get(slug="cabin"), who="command line")
    assert set(noted.values_list("action", flat=True)) == {"user.added", "user.password-reset", "token.added"}
