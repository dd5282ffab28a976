"""Logins by OpenID Connect, with a real provider on a socket."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.conf import settings as django_settings
from django.test import Client

from tests.support.oidc import CLIENT_ID, CLIENT_SECRET, Provider, open_provider
from tests.support.processes import PATIENCE_S
from vedette.access import OidcSettings
from vedette.server.accounts.audit import AuditEntry
from vedette.server.accounts.configuration import login_settings
from vedette.server.accounts.models import Role, Site, User

EVE = {"sub": "u-17", "preferred_username": "eve", "groups": ["family"], "email": "eve@example.org"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that knows Eve."""
    with open_provider() as found:
        found.person = dict(EVE)
        yield found


@pytest.fixture
def configure(provider: Provider, settings: Any, db: None) -> Any:
    """Switch the login by the provider on, as the settings would: `configure(admit_unknown=True)`."""

    def make(**changes: Any) -> None:
        values = {"issuer": provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        oidc = OidcSettings(**(values | {"name": "House ID"} | changes))
        settings.VEDETTE = django_settings.VEDETTE.model_copy(update={"oidc": oidc})
        for name, value in login_settings(oidc).items():
            if name.startswith("SOCIALACCOUNT"):
                setattr(settings, name, value)

    return make


def come(browser: Client, process: str = "login", next_page: str = "") -> Any:
    """Press the button, let the provider send one back, and follow; the last answer."""
    away = browser.get("/login/oidc", {"process": process, **({"next": next_page} if next_page else {})})
    assert away.status_code == 302, away.content
    back = requests.get(away["Location"], allow_redirects=False, timeout=PATIENCE_S).headers["Location"]
    assert back.startswith("http://testserver/login/oidc/callback")
    return browser.get(back.removeprefix("http://testserver"))


def inside(browser: Client) -> bool:
    """Whether somebody is logged in."""
    return browser.get("/api/v1/cameras").status_code == 200


def complaint(browser: Client) -> str:
    """What the login page says."""
    return browser.get("/login").content.decode()


def test_it_is_off_by_default(db: None) -> None:
    """Without settings there is no button, and the address is not there."""
    assert "House ID" not in complaint(Client())
    assert Client().get("/login/oidc").status_code == 404


def test_unknown_people_stay_outside(configure: Any) -> None:
    """Somebody whom the provider knows and we do not is told so; nothing is made of them."""
    configure()
    browser = Client()
    assert "Log in with House ID" in complaint(browser)
    assert come(browser)["Location"] == "/login"
    assert "You are not known here" in complaint(browser)
    assert not inside(browser)
    assert not User.objects.exists()
    assert AuditEntry.objects.get().action == "login.refused"


def test_unknown_people_are_admitted_when_that_is_configured(configure: Any) -> None:
    """They get a user with the default role; the next time they are the same one."""
    configure(admit_unknown=True, default_role="viewer")
    browser = Client()
    assert come(browser, next_page="/events")["Location"] == "/events"
    assert inside(browser)
    eve = User.objects.get()
    assert (eve.username, eve.role, eve.has_usable_password()) == ("eve", Role.VIEWER, False)
    again = Client()
    come(again)
    assert inside(again)
    assert User.objects.count() == 1


def test_groups_give_role_and_site_at_every_login(configure: Any, provider: Provider) -> None:
    """The strongest group counts, the site follows, and a group that is lost takes the role along."""
    Site.objects.create(slug="cabin", name="Cabin")
    configure(
        admit_unknown=True,
        roles={"family": "viewer", "parents": "administrator"},
        sites={"cabin-people": "cabin"},
    )
    assert provider.person is not None
    provider.person["groups"] = ["family", "parents", "cabin-people"]
    come(Client())
    eve = User.objects.get()
    assert (eve.role, eve.site.slug) == (Role.ADMINISTRATOR, "cabin")
    provider.person["groups"] = ["family"]
    come(Client())
    eve.refresh_from_db()
    assert eve.role == Role.VIEWER
    provider.person["groups"] = []
    browser = Client()
    come(browser)
    assert not inside(browser)
    assert "None of your groups" in complaint(browser)


def test_a_name_is_not_taken_over(configure: Any) -> None:
    """A user of ours of the same name is another person, unless the settings trust names."""
    ada = User.objects.create_user("eve", "a good password", Role.ADMINISTRATOR)
    configure(admit_unknown=True, default_role="viewer")
    browser = Client()
    come(browser)
    assert not inside(browser)
    assert "another user of your name" in complaint(browser)
    configure(match_usernames=True)
    come(browser)
    assert inside(browser)
    ada.refresh_from_db()
    assert ada.role == Role.ADMINISTRATOR


def test_a_known_user_connects_once(configure: Any) -> None:
    """On the profile somebody connects the provider; from then on it opens the door, until disconnected."""
    User.objects.create_user("ada", "a good password")
    configure()
    browser = Client()
    browser.post("/login", {"username": "ada", "password": "a good password"})
    assert come(browser, "connect")["Location"] == "/profile"
    elsewhere = Client()
    come(elsewhere)
    assert inside(elsewhere)
    browser.post("/profile/disconnect")
    third = Client()
    come(third)
    assert not inside(third)


def test_a_disabled_user_stays_outside(configure: Any) -> None:
    """The provider's word does not let in whom an administrator has disabled."""
    configure(match_usernames=True)
    User.objects.create_user("eve", None)
    User.objects.update(is_active=False)
    browser = Client()
    come(browser)
    assert not inside(browser)


def test_a_forged_answer_is_refused(configure: Any, provider: Provider) -> None:
    """A token of another issuer, a code nobody gave, a state nobody asked for: nobody comes in."""
    configure(admit_unknown=True, default_role="viewer")
    provider.issuer_in_tokens = "https://evil.example"
    browser = Client()
    assert come(browser)["Location"] == "/login"
    assert "did not let you in" in complaint(browser)
    stranger = Client()
    answer = stranger.get("/login/oidc/callback", {"code": "x", "state": "y"})
    assert answer.get("Location", "/login") == "/login"
    assert not inside(browser)
    assert not inside(stranger)
    assert not User.objects.exists()


def test_being_turned_away_there_is_said_here(configure: Any, provider: Provider) -> None:
    """Whoever gives up at the provider comes back to the login page."""
    configure(admit_unknown=True, default_role="viewer")
    provider.person = None
    browser = Client()
    assert come(browser)["Location"] in {"/login", "/login/given-up"}
    assert not inside(browser)


def test_a_provider_that_is_away_breaks_nothing(configure: Any, provider: Provider) -> None:
    """Nothing listens there: the login page says so, and passwords still work."""
    configure(issuer="http://127.0.0.1:9")
    browser = Client()
    answer = browser.get("/login/oidc")
    assert answer.get("Location") == "/login"
    assert "did not let you in, or did not answer" in complaint(browser)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"issuer": "http://id.example.org", "client_id": "x"}, "https"),
        ({"issuer": "https://id.example.org"}, "client_id"),
        ({"issuer": "https://id.example.org", "client_id": "x", "default_role": "king"}, "no role"),
    ],
)
def test_wrong_settings_are_named(values: dict[str, str], words: str) -> None:
    """Unencrypted issuers, missing names and unknown roles are refused at the start."""
    with pytest.raises(ValueError, match=words):
        OidcSettings(**values)
