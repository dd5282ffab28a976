"""Who sees what on the pages, and who may change what (promise P6)."""

import re

import pytest
from django.test import Client

from tests.integration.dashboard.conftest import NOON, Login, add_events
from vedette.server.accounts.models import Role, Site
from vedette.server.cameras.models import Camera

PAGES = ("/", "/events", "/cameras/door", "/system", "/?part=1")


@pytest.mark.parametrize("path", PAGES)
def test_strangers_are_sent_to_the_login(db: None, path: str) -> None:
    """Without a session every page leads to the login page, and back from there."""
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login?next=")


@pytest.mark.parametrize("path", PAGES)
def test_a_viewer_looks(login: Login, door: Camera, path: str) -> None:
    """Viewers see every page, and no form that changes anything but the way out."""
    answer = login(Role.VIEWER).get(path)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.count('method="post"') == page.count('action="/logout"')
    assert "192.168.1.20" not in page


@pytest.mark.parametrize(
    ("role", "change", "remove", "add"),
    [(Role.VIEWER, 403, 403, 403), (Role.OPERATOR, 302, 403, 403), (Role.ADMINISTRATOR, 302, 302, 302)],
)
def test_the_role_decides(login: Login, door: Camera, role: str, change: int, remove: int, add: int) -> None:
    """Operators change how a camera works; only administrators add and remove cameras."""
    client = login(role)
    assert client.post("/cameras/door/change", {"analyse": "off"}).status_code == change
    assert Camera.objects.get().analyse is (change == 403)
    form = {"name": "Yard", "address": "rtsp://cam/1"}
    assert client.post("/add-camera", form).status_code == add
    assert client.post("/cameras/door/remove").status_code == remove
    assert set(Camera.objects.values_list("id", flat=True)) == (
        {"yard"} if role == Role.ADMINISTRATOR else {"door"}
    )


def test_nothing_changes_by_a_link(login: Login, door: Camera) -> None:
    """Changing and removing take POST with a CSRF token, and nothing else."""
    client = login()
    assert client.get("/cameras/door/remove").status_code == 405
    assert client.get("/cameras/door/change?enabled=off").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post("/cameras/door/remove").status_code == 403
    assert Camera.objects.filter(pk="door").exists()


def test_other_sites_do_not_exist(login: Login, door: Camera, elsewhere: Camera) -> None:
    """Cameras and events of another site are on no page and answer 404, for reading and for changing."""
    hidden = add_events("vault", start=NOON)[0]
    client = login(Role.ADMINISTRATOR)
    for path in ("/", "/events", "/events?camera=vault", "/health"):
        page = client.get(path).content.decode()
        assert "Vault" not in page
        assert str(hidden.id) not in page
    assert client.get("/cameras/vault").status_code == 404
    assert client.get(f"/events/{hidden.id}").status_code == 404
    assert client.post("/cameras/vault/change", {"enabled": "off"}).status_code == 404
    assert client.post("/cameras/vault/remove").status_code == 404
    assert Camera.objects.get(pk="vault").enabled
    theirs = login(Role.VIEWER, site=Site.objects.get(slug="other"))
    assert "Vault" in theirs.get("/").content.decode()
    assert theirs.get("/cameras/door").status_code == 404


def test_passwords_are_on_no_page(login: Login, door: Camera) -> None:
    """The address is shown to those who may change it, without its credentials."""
    client = login()
    assert "rtsp://192.168.1.20:554/1" in client.get("/cameras/door/connection").content.decode()
    for section in ("", "/zones", "/detection", "/recording", "/connection"):
        assert "s3cret" not in client.get(f"/cameras/door{section}").content.decode()


def test_pages_need_nothing_inline(login: Login, door: Camera) -> None:
    """No inline script, style or handler, and nothing loaded from elsewhere: the strict policy holds."""
    event = add_events("door")[0]
    client = login()
    for path in (*PAGES, "/add-camera", f"/events/{event.id}"):
        answer = client.get(path)
        page = answer.content.decode()
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert "style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
        assert page.count("<script") == page.count('<script type="module" src="/static/')
        assert not re.search(r'(?:src|action|poster)="https?:', page)
        assert not re.search(r'<link[^>]+href="https?:', page)
