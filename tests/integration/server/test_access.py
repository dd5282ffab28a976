"""Promise P6: nothing answers without a login or a token, and the one policy decides."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from tests.integration.server.conftest import PASSWORD
from vedette.server.accounts.models import ApiToken, Role, User
from vedette.server.accounts.policy import PUBLIC, Permission
from vedette.server.accounts.tokens import create_token
from vedette.server.api.access import Needs
from vedette.server.api.app import api

PUBLIC_PATHS = {"/login", "/login/x/callback"}
VALUES = {"uuid": "018f0000-0000-7000-8000-000000000000", "int": "1", "path": "x", "str": "x", "slug": "x"}


def every_path(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    """Every address of the project, parameters filled in."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^").removesuffix("$").replace("\\Z", "")
        if isinstance(pattern, URLResolver):
            yield from every_path(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield filled(route)


def filled(route: str) -> str:
    """A route with something in the place of its parameters."""
    route = re.sub(r"\(\?P<\w+>[^)]*\)", "x", route)
    return re.sub(r"<(?:(\w+):)?\w+>", lambda match: VALUES.get(match[1], "x"), route).replace("\\", "")


def own_views(patterns: list[Any] | None = None) -> Iterator[tuple[str, Any]]:
    """Every view outside the admin and the API."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLPattern):
            yield str(pattern.pattern), pattern.callback
        elif pattern.app_name not in {"admin", "ninja"}:
            yield from own_views(pattern.url_patterns)


PATHS = sorted(set(every_path(get_resolver().url_patterns)))


@pytest.mark.django_db
@pytest.mark.parametrize("path", [path for path in PATHS if path not in PUBLIC_PATHS])
def test_no_address_answers_strangers(path: str) -> None:
    """Without login or token every address refuses or sends to the login page."""
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = Client().generic(method, path)
        refused = answer.status_code in {401, 404} or answer.get("Location", "").startswith("/login")
        assert refused, (method, answer.status_code)


def test_the_walk_sees_the_project() -> None:
    """The walk above covers API, admin, metrics and logout."""
    assert {"/metrics", "/logout", "/api/v1/events", "/api/v1/openapi.json", "/admin/"} <= set(PATHS)
    assert len(PATHS) > 60


def test_every_operation_declares_its_permission() -> None:
    """No operation of the API relies on the default, which refuses."""
    for _, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                assert operation.auth_callbacks, path
                assert all(isinstance(callback, Needs) for callback in operation.auth_callbacks), path


def test_every_view_declares_its_permission() -> None:
    """Views outside API and admin name a permission; only the login page is public."""
    declared = {path: getattr(view, "vedette_permission", None) for path, view in own_views()}
    assert set(declared.values()) <= {*Permission, PUBLIC, "shared event"}
    assert all(path.startswith("login") for path, permission in declared.items() if permission == PUBLIC)


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
