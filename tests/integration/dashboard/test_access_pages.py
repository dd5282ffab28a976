"""The pages of access and the profile: users, tokens, links, sessions, the audit log."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from tests.integration.dashboard.conftest import Login
from vedette.server.accounts.audit import AuditEntry, audit_system
from vedette.server.accounts.middleware import user_principal
from vedette.server.accounts.models import ApiToken, Role, Share, Site, User
from vedette.server.accounts.shares import opened, share
from vedette.server.cameras.models import Camera

PAGES = ("/access", "/access/tokens", "/access/shares", "/access/audit", "/profile")


def secret(page: str) -> str:
    """What a page shows this once."""
    found = re.search(r'<code id="secret">([^<]+)</code>', page)
    assert found
    return found[1]


@pytest.fixture
def ada(login: Login) -> Client:
    """An administrator's browser."""
    return login(Role.ADMINISTRATOR)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens(ada: Client, door: Camera, path: str) -> None:
    """Each page answers an administrator and needs nothing inline."""
    audit_system("camera.changed", camera="door", detail={"fields": ["name"]})
    answer = ada.get(path)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "style=" not in page
    assert "<style" not in page


def test_a_user_is_added_with_a_password_shown_once(ada: Client, door: Camera, elsewhere: Camera) -> None:
    """The form makes a user of the site who sees the chosen camera; the password must be changed."""
    page = ada.post("/access", {"username": "vic", "role": "viewer", "which": "chosen", "camera": "door"})
    password = secret(page.content.decode())
    vic = User.objects.get(username="vic")
    assert vic.camera_ids() == {"door"}
    assert password not in ada.get("/access").content.decode()
    browser = Client()
    assert browser.post("/login", {"username": "vic", "password": password}).status_code == 302
    assert browser.get("/")["Location"] == "/profile/password"
    assert browser.get("/api/v1/cameras").status_code == 403


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"username": "a b", "role": "viewer"}, "letters, digits"),
        ({"username": "ada", "role": "king"}, "letters, digits"),
        ({"username": "taken", "role": "viewer"}, "already exists"),
        ({"username": "vic", "role": "viewer", "which": "chosen", "camera": "vault"}, "no camera"),
    ],
)
def test_a_wrong_form_says_why(ada: Client, elsewhere: Camera, form: dict[str, str], words: str) -> None:
    """Nothing is made of it; the reason stands above the form."""
    User.objects.create_user("taken")
    before = User.objects.count()
    answer = ada.post("/access", form)
    assert (answer.status_code, User.objects.count()) == (422, before)
    assert words in answer.content.decode()


def test_a_user_is_changed_and_removed(ada: Client, door: Camera) -> None:
    """Role, cameras and the right to log in; then the user goes, and the log keeps what happened."""
    vic = User.objects.create_user("vic")
    change = {"action": "change", "role": "operator", "which": "chosen", "camera": "door"}
    assert ada.post(f"/access/users/{vic.pk}", change).status_code == 302
    vic.refresh_from_db()
    assert (vic.role, vic.is_active, vic.camera_ids()) == ("operator", False, {"door"})
    assert ada.post(f"/access/users/{vic.pk}", {"action": "remove"}).status_code == 302
    assert not User.objects.filter(pk=vic.pk).exists()
    assert list(AuditEntry.objects.values_list("action", flat=True))[:2] == ["user.removed", "user.changed"]


def test_the_last_administrator_stays(ada: Client) -> None:
    """Nobody locks a site by taking the last administrator away."""
    me = User.objects.get()
    for form in ({"action": "remove"}, {"action": "change", "role": "viewer", "active": "on"}):
        answer = ada.post(f"/access/users/{me.pk}", form)
        assert answer.status_code == 422
    me.refresh_from_db()
    assert me.role == Role.ADMINISTRATOR


def test_a_lost_password_is_replaced(ada: Client, login: Login) -> None:
    """The new one is shown once; whoever was logged in with the old one is out."""
    theirs = login(Role.VIEWER)
    vic = User.objects.get(role=Role.VIEWER)
    page = ada.post(f"/access/users/{vic.pk}", {"action": "password"})
    assert theirs.get("/events").status_code == 302
    vic.refresh_from_db()
    assert vic.check_password(secret(page.content.decode()))


def test_a_token_is_made_shown_once_and_withdrawn(ada: Client, door: Camera) -> None:
    """The page makes tokens with role, scope, cameras and an end."""
    form = {
        "name": "HA",
        "role": "operator",
        "scope": "view",
        "which": "chosen",
        "camera": "door",
        "days": "7",
    }
    text = secret(ada.post("/access/tokens", form).content.decode())
    row = ApiToken.objects.get()
    assert (row.role, row.scopes, row.camera_ids()) == ("operator", ["view"], {"door"})
    assert row.expires is not None
    program = Client(headers={"Authorization": f"Bearer {text}"})
    assert program.get("/api/v1/cameras").status_code == 200
    answer = ada.post(f"/access/tokens/{row.pk}/withdraw", {"back": "access-tokens"})
    assert answer["Location"] == "/access/tokens"
    assert program.get("/api/v1/cameras").status_code == 401


def test_a_token_of_ones_own(login: Login) -> None:
    """A viewer makes one on the profile; it may what they may and ends with them."""
    browser = login(Role.VIEWER)
    text = secret(browser.post("/profile", {"name": "phone", "days": "30"}).content.decode())
    row = ApiToken.objects.get()
    assert (row.user, row.role) == (User.objects.get(), Role.VIEWER)
    program = Client(headers={"Authorization": f"Bearer {text}"})
    assert program.get("/api/v1/events").status_code == 200
    User.objects.update(is_active=False)
    assert program.get("/api/v1/events").status_code == 401


def test_links_are_seen_and_withdrawn(ada: Client, login: Login) -> None:
    """Administrators see all links of the site; withdrawn ones open nothing."""
    login(Role.VIEWER)
    asks = user_principal(User.objects.get(role=Role.VIEWER))
    token = share("event", "0190", asks, timedelta(hours=1))
    assert asks.name in ada.get("/access/shares").content.decode()
    row = Share.objects.get()
    ada.post(f"/access/shares/{row.pk}/withdraw", {"back": "access-shares"})
    assert opened(token) is None
    assert "Withdrawn" in ada.get("/access/shares").content.decode()


def test_the_audit_log_is_filtered_and_paged(ada: Client) -> None:
    """Newest first; the filter narrows, the pager leads on, nonsense is named."""
    for number in range(130):
        audit_system("camera.changed" if number % 2 else "export.made", subject=f"thing-{number:03}")
    first = ada.get("/access/audit").content.decode()
    assert "thing-129" in first
    assert "thing-060" not in first
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    assert "thing-060" in ada.get(older[1].replace("&amp;", "&")).content.decode()
    filtered = ada.get("/access/audit?action=export&camera=").content.decode()
    assert "Camera changed</strong>" not in filtered
    assert "thing-128" in filtered
    assert "No entry fits" in ada.get("/access/audit?who=nobody").content.decode()
    assert "Left out, because not understood: after" in ada.get("/access/audit?after=x").content.decode()


def test_other_sites_are_not_there(ada: Client, elsewhere: Camera) -> None:
    """Users, tokens, links and log of another site are on no page, and answer 404."""
    other = Site.objects.get(slug="other")
    theirs = User.objects.create_user("eve", site=other)
    token = ApiToken.objects.create(name="theirs", site=other, digest="x")
    share("event", "their-event", user_principal(theirs), timedelta(hours=1))
    audit_system("camera.changed", camera="vault", subject="their-deed")
    for path in PAGES:
        page = ada.get(path).content.decode()
        assert not [word for word in ("eve<", "theirs", "their-event", "their-deed", "Vault") if word in page]
    assert ada.get(f"/access/users/{theirs.pk}").status_code == 404
    assert ada.post(f"/access/users/{theirs.pk}", {"action": "remove"}).status_code == 404
    assert ada.post(f"/access/tokens/{token.pk}/withdraw").status_code == 404
    assert ada.post(f"/access/shares/{Share.objects.get().pk}/withdraw").status_code == 404


def test_sessions_are_listed_and_ended(db: None) -> None:
    """Two browsers of one user: one ends the other, and is listed as this one."""
    User.objects.create_user("vic", "correct horse battery")
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.post("/login", {"username": "vic", "password": "correct horse battery"})
    page = browsers[0].get("/profile").content.decode()
    assert page.count("This one") == 1
    action = re.search(r'action="(/access/sessions/\d+/end)"', page)
    assert action
    assert browsers[0].post(action[1])["Location"] == "/profile"
    assert browsers[1].get("/profile").status_code == 302
    assert browsers[0].get("/profile").status_code == 200
