"""Share links of events: they open one thing, for a while, and can be ended."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from tests.integration.events.conftest import Tell
from vedette.server.accounts.models import AuditEntry, Role, Share, Site
from vedette.server.cameras.models import Camera
from vedette.server.events.models import Event

pytestmark = pytest.mark.usefixtures("cameras")


@pytest.fixture
def api(bearer: Callable[[str], Client]) -> Client:
    """An operator's."""
    return bearer(Role.OPERATOR)


def make(api: Client, event_id: str, **fields: Any) -> Any:
    """POST a link."""
    return api.post(f"/api/v1/events/{event_id}/shares", json.dumps(fields), content_type="application/json")


def path(made: Any) -> str:
    """Of the link's address."""
    return urlsplit(made.json()["url"]).path


def test_a_link_opens_one_event(api: Client, tell: Tell, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever has it sees the event and its picture, without a login, and nothing that leads on."""
    picture = settings.HOME.snapshots / "shared.jpg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(b"\xff\xd8picture")
    event = tell(snapshot="shared.jpg")
    made = make(api, event.id, lifetime_s=3600)
    assert made.status_code == 201
    assert made.json()["url"].startswith("http://testserver/shared/")
    stranger = Client()
    page = stranger.get(path(made))
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["Cache-Control"] == "private, no-store"
    assert page["X-Robots-Tag"] == "noindex"
    words = page.content.decode()
    assert "<a " not in words
    assert "Front door" not in words
    assert event.id not in words
    assert stranger.get(f"{path(made)}/snapshot.jpg").content == b"\xff\xd8picture"
    assert stranger.get(f"{path(made)}/clip.mp4").status_code == 404  # nothing was recorded
    assert stranger.get(f"/events/{event.id}").status_code == 302
    assert Share.objects.get().opened == 1
    assert stranger.post(path(made)).status_code == 405
    assert path(made) not in caplog.text


def test_making_and_opening_is_noted(api: Client, tell: Tell) -> None:
    """Who made a link, that it was opened, who ended it: all in the audit log, without its secret."""
    event = tell()
    made = make(api, event.id)
    Client().get(path(made))
    api.delete(f"/api/v1/events/{event.id}/shares/{made.json()['id']}")
    entries = {entry.action: entry for entry in AuditEntry.objects.all()}
    assert {"share.made", "share.opened", "share.withdrawn"} <= set(entries)
    secret = path(made).rsplit("/", 1)[1]
    assert all(secret not in f"{entry.subject} {entry.detail}" for entry in entries.values())


def test_a_link_ends(api: Client, tell: Tell) -> None:
    """After its time, or when it is withdrawn, it opens nothing, and is listed no more."""
    event = tell()
    short, long = make(api, event.id, lifetime_s=60), make(api, event.id, lifetime_s=86400)
    listed = api.get(f"/api/v1/events/{event.id}/shares").json()
    assert [row["id"] for row in listed] == [long.json()["id"], short.json()["id"]]
    assert "url" not in listed[0]
    Share.objects.filter(pk=short.json()["id"]).update(expires=timezone.now() - timedelta(seconds=1))
    assert Client().get(path(short)).status_code == 404
    assert api.delete(f"/api/v1/events/{event.id}/shares/{long.json()['id']}").status_code == 204
    assert Client().get(path(long)).status_code == 404
    assert api.get(f"/api/v1/events/{event.id}/shares").json() == []
    assert api.delete(f"/api/v1/events/{event.id}/shares/{long.json()['id']}").status_code == 404


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00", "x" * 3000])
def test_what_is_no_link_opens_nothing(db: None, token: str) -> None:
    """Whatever stands in its place."""
    answer = Client().get(f"/shared/{token}")
    assert answer.status_code == 404


def test_a_changed_link_opens_nothing(api: Client, tell: Tell) -> None:
    """The signature covers every character."""
    link = path(make(api, tell().id))
    for at in (9, len(link) // 2, len(link) - 1):
        other = "A" if link[at] != "A" else "B"
        assert Client().get(link[:at] + other + link[at + 1 :]).status_code == 404


@pytest.mark.parametrize("lifetime", [0, 59, 31 * 86400, "long"])
def test_lifetimes_are_bounded(api: Client, tell: Tell, lifetime: Any) -> None:
    """From a minute to thirty days."""
    assert make(api, tell().id, lifetime_s=lifetime).status_code == 422
    assert not Share.objects.exists()


def test_viewers_share_nothing(bearer: Callable[[str], Client], tell: Tell) -> None:
    """P6: looking is not handing on; and nobody shares what they do not see."""
    event = tell()
    assert make(bearer(Role.VIEWER), event.id).status_code == 403
    assert bearer(Role.VIEWER).get(f"/api/v1/events/{event.id}/shares").status_code == 403
    Camera.objects.filter(pk="door").update(site=Site.objects.create(slug="other", name="Other"))
    assert make(bearer(Role.OPERATOR), event.id).status_code == 404


def test_what_is_gone_is_not_shown(api: Client, tell: Tell) -> None:
    """Neither an event that retention removed nor a camera that went to another site."""
    moved, removed = tell("yard"), tell("door")
    links = [path(make(api, event.id)) for event in (moved, removed)]
    Camera.objects.filter(pk="yard").update(site=Site.objects.create(slug="other", name="Other"))
    Event.objects.filter(pk=removed.id).delete()
    assert [Client().get(link).status_code for link in links] == [404, 404]


def test_links_use_the_public_address(api: Client, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one is set, people are sent there."""
    public = settings.VEDETTE.model_copy(update={"public_url": "https://cams.example.org/"})
    monkeypatch.setattr(settings, "VEDETTE", public)
    assert make(api, tell().id).json()["url"].startswith("https://cams.example.org/shared/")
