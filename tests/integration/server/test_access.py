"""Promise P6: nothing answers without a login or a token, and the one policy decides."""

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.server.conftest import PASSWORD
from vedette.server.accounts.models import ApiToken, Role, User
from vedette.server.accounts.tokens import create_token


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer vdt_" + "a" * 43,
        "Basic YWRhOmFkYQ==",
        "Bearer vdt_ü",
        "a" * 5000,
    ],
)
@pytest.mark.django_db
def test_wrong_tokens_are_refused(header: str) -> None:
    """Malformed, unknown and overlong tokens answer 401."""
    answer = Client().get("/api/v1/events", headers={"Authorization": header})
    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "hint"}


@pytest.mark.django_db
def test_tokens_are_stored_hashed_and_expire() -> None:
    """The text of a token is nowhere in the database; an expired one is refused."""
    text = create_token("phone", Role.VIEWER, expires=timezone.now())
    row = ApiToken.objects.get()
    assert text not in json.dumps([str(getattr(row, field.name)) for field in ApiToken._meta.fields])
    assert Client(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/events").status_code == 401


@pytest.mark.django_db
def test_using_a_token_is_noted(bearer: Callable[[str], Client]) -> None:
    """The time of last use is kept."""
    assert bearer(Role.VIEWER).get("/api/v1/events").status_code == 200
    assert ApiToken.objects.get().last_used is not None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_administrators_configure(bearer: Callable[[str], Client], role: str) -> None:
    """Viewers and operators read; they add no camera."""
    client = bearer(role)
    body = {"name": "Door", "main_url": "rtsp://cam/1"}
    answer = client.post("/api/v1/cameras", body, content_type="application/json")
    assert answer.status_code == 403
    assert client.get("/api/v1/cameras").status_code == 200


def test_sessions_need_the_csrf_token(administrator: User) -> None:
    """A browser session changes nothing without the CSRF token, and does with it."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator)
    body = json.dumps({"name": "Door", "main_url": "rtsp://cam/1"})
    refused = client.post("/api/v1/cameras", body, content_type="application/json")
    assert refused.status_code == 403
    client.get("/login")
    client.logout()
    page = client.get("/login")
    token = page.cookies["vedette_csrf"].value
    login = {"username": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token}
    assert client.post("/login", login).status_code == 302
    headers = {"X-CSRFToken": client.cookies["vedette_csrf"].value}
    accepted = client.post("/api/v1/cameras", body, content_type="application/json", headers=headers)
    assert accepted.status_code == 201


def test_a_disabled_user_is_out_at_once(administrator: User) -> None:
    """Disabling a user ends their sessions."""
    client = Client()
    client.force_login(administrator)
    assert client.get("/api/v1/events").status_code == 200
    User.objects.filter(pk=administrator.pk).update(is_active=False)
    assert client.get("/api/v1/events").status_code == 401


@pytest.mark.django_db
def test_the_admin_is_for_administrators() -> None:
    """A viewer sees no admin page; an administrator does."""
    for role, status in ((Role.VIEWER, 403), (Role.ADMINISTRATOR, 200)):
        client = Client()
        client.force_login(User.objects.create_user(f"user-{role}", PASSWORD, role))
        assert client.get("/admin/").status_code == status


@pytest.mark.django_db
def test_every_answer_carries_the_security_headers() -> None:
    """CSP, frame, sniffing and referrer headers are set, cross-origin sharing is not."""
    answer = Client().get("/login")
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer
    assert "Access-Control-Allow-Origin" not in Client().get("/static/accounts/login.css")


@pytest.mark.django_db
def test_unknown_hosts_are_refused() -> None:
    """A request for another host name (DNS rebinding) is answered with 400."""
    answer = Client().get("/login", headers={"Host": "evil.example"})
    assert (answer.status_code, b"allowed_hosts" in answer.content) == (400, True)
