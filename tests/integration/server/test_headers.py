"""What answers tell browsers, and no page that needs more than the policy allows."""

from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import ConsoleMessage

from tests.integration.server.conftest import PASSWORD, ServerProcess
from tests.support.browser import open_browser
from vedette.server.accounts.models import User
from vedette.server.security import content_security_policy

PAGES = ("/", "/events", "/admin/", "/admin/cameras/camera/add/", "/api/v1/docs")


def test_the_policy_is_strict() -> None:
    """Nothing inline, nothing evaluated, nothing from elsewhere; a login may lead to its provider."""
    policy = dict(part.split(" ", 1) for part in content_security_policy().split("; "))
    assert "unsafe" not in content_security_policy()
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'self'",) * 3
    assert policy["frame-ancestors"] == "'none'"
    assert "form-action 'self' https://id.example;" in content_security_policy("https://id.example/realms/x")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login", "/api/v1/nothing", "/static/dashboard/style.css", "/nowhere"])
def test_every_answer_carries_them(path: str, administrator: User) -> None:
    """Pages, the interface, files and errors alike; nobody from elsewhere may read or frame them."""
    client = Client()
    client.force_login(administrator)
    headers = client.get(path, headers={"Origin": "https://evil.example"}).headers
    assert headers["Content-Security-Policy"] == content_security_policy()
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    assert "Server" not in headers


def complaint(line: ConsoleMessage) -> list[str]:
    """What the console says, unless it is only news, or the icon that browsers ask for by themselves."""
    bad = line.type in {"error", "warning"} and not line.location["url"].endswith("/favicon.ico")
    return [f"{line.text} {line.location}"] if bad else []


@pytest.mark.browser
def test_pages_work_under_the_policy(server: ServerProcess, tmp_path: Path) -> None:
    """In a real browser nothing is refused and nothing fails, also in the admin and the API's own page."""
    server.python(
        "from vedette.server.accounts.models import User\n"
        f"User.objects.create_user('ada', {PASSWORD!r}, 'administrator')"
    )
    said: list[str] = []
    with open_browser() as browser:
        page = browser.new_page(base_url=f"http://127.0.0.1:{server.port}")
        page.on("console", lambda line: said.extend(complaint(line)))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto("/login")
        page.fill("[name=username]", "ada")
        page.fill("[name=password]", PASSWORD)
        page.click("button[type=submit]")
        for path in PAGES:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            page.wait_for_load_state("load")
        page.get_by_text("/api/v1/events", exact=True).first.wait_for()
    assert said == []
