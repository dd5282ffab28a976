"""Promise P6, proved on every route: who is let in, who is kept out, and what is not there for whom."""

import os
from dataclasses import dataclass, field

import pytest
from django.test import Client

from tests.integration.server.access import routes
from tests.integration.server.access.asking import (
    CAST,
    HIDDEN,
    IN,
    LOGIN,
    NO,
    NO_METHOD,
    UNREAD,
    ask,
    every_route,
)
from tests.integration.server.access.routes import Route
from tests.integration.server.access.table import COMMAND, PAGE, Table
from tests.integration.server.access.world import Somebody, Things, World
from vedette.server.accounts.models import Site
from vedette.server.accounts.policy import PUBLIC, Permission, allowed

PUBLIC_ROUTES = {
    "/login": "the way in",
    "/login/code": "its second step",
    "/login/given-up": "leads back to the login",
    "/login/{provider_id}": "the way in by a provider; there is none unless it is configured",
    "/login/{provider_id}/callback": "the way back from it",
    "/alerts/picture/{token}": "the signed, expiring picture in a notification",
    "/alerts/snooze/{token}": "the signed, expiring button in a notification",
    "/push-worker.js": "a script without data, which browsers fetch without cookies",
}
"""What answers strangers, and why."""

INSTALLATION = {"profiles.name", "profile_id", "jobs.name"}
"""Parameters that name something of the whole installation: there is none of another site."""

OF_A_CAMERA = {"camera_id", "event_id", "export_id", "notification_id"}
"""Parameters that name something on one camera: hidden from those who may not see that camera."""

BROWSERS_ONLY = ("/profile/", "/login/again/", "/logout/")
"""Pages about one's own session: a token is sent to the login page."""

UNTRIED = {
    "/api/v1/cameras/discover": "searches the network",
    "/api/v1/live": "never ends",
    "/alerts/channels/{channel_id}/test": "sends something",
    "/api/v1/alerts/channels/{channel_id}/test": "sends something",
    "/api/v1/jobs/{name}/run": "starts work",
    "/system/jobs/{name}/run": "starts work",
}
"""Routes that are not gone through by those who may: what they do would leave the test."""

STRICTER = {
    ("/api/v1/tokens", "POST"): "a token begets no token unless it administers",
    (
        "/alerts/channels/{channel_id}",
        "GET",
    ): "channels of the site are for administrators, one's own for oneself",
    ("/alerts/channels/{channel_id}", "POST"): "likewise",
    ("/alerts/channels/{channel_id}/remove", "POST"): "likewise",
    ("/api/v1/alerts/channels/{channel_id}", "GET"): "likewise",
    ("/api/v1/alerts/channels/{channel_id}", "DELETE"): "likewise",
}
"""Routes that look twice: the permission lets in, the object decides."""


def expected(who: Somebody, route: Route) -> str:
    """What the one policy says about somebody and a route, for what they may see."""
    own = f"{route.path}/".startswith(BROWSERS_ONLY)
    if who.principal is None or (own and not who.principal.by_session):
        return LOGIN
    return IN if allowed(who.principal, str(route.needs)) else NO


@pytest.fixture(scope="session")
def table() -> Table:
    """What everybody heard."""
    return Table()


def test_every_route_declares_who_may() -> None:
    """A route that says nothing answers nobody, and fails here."""
    assert [route for route in every_route() if not routes.is_declared(route)] == []


def test_what_answers_strangers_is_listed() -> None:
    """A new public route needs a reason in this file."""
    assert {route.shown for route in every_route() if route.needs == PUBLIC} == set(PUBLIC_ROUTES)


def test_every_parameter_is_known(world: World) -> None:
    """A route with a new kind of object needs one of each site in `world`."""
    known = set(world.door) | {"token", "provider_id"}
    unknown = {name for route in every_route() for name in route.parameters} - known
    assert not unknown, "tests/integration/server/access/world.py must make these"


@dataclass
class Heard:
    """What somebody heard on a route.

    Attributes:
        wanted: what the policy says.
        own: about an object that they may see, if they may see any.
        elsewhere: about one of another site, and of another camera where they see but one.
        leaks: what of it told of things that they may not see.
    """

    wanted: str
    own: str
    elsewhere: set[str] = field(default_factory=set)
    leaks: set[str] = field(default_factory=set)

    def is_right(self, route: Route) -> bool:
        """Whether the policy was followed."""
        strict = {NO, HIDDEN} if (route.shown, route.method) in STRICTER else set()
        fine = {IN, NO_METHOD, UNREAD} if self.wanted == IN else {self.wanted}
        fine |= {HIDDEN} if route.method == "HEAD" else set()  # nothing is recorded here
        return self.own in fine | strict and self.elsewhere <= {HIDDEN, NO_METHOD} | strict and not self.leaks


def hear(somebody: Somebody, client: Client, route: Route, world: World) -> Heard:
    """What somebody hears on a route, about what they may see and what they may not."""
    home = somebody.principal is None or somebody.principal.site_id == Site.default().pk
    own, foreign = (world.door, world.vault) if home else (world.vault, world.door)
    wanted = expected(somebody, route)
    if wanted == IN and (route.shown in UNTRIED or route.shown == "/logout"):
        return Heard(wanted, IN)
    answer = ask(client, route, own)
    heard = Heard(wanted, answer.word)
    others = [foreign] if set(route.parameters) - INSTALLATION else []
    limited = somebody.principal is not None and somebody.principal.cameras is not None
    others += [world.yard] if limited and set(route.parameters) & OF_A_CAMERA else []
    secrets = [b"vault-7"] if home else [b"porch-7", b"yard-7"]
    secrets += [b"yard-7"] if limited else []
    heard.leaks = {secret.decode() for secret in secrets if secret in answer.content}
    if wanted == IN:
        heard.elsewhere = {ask(client, route, own | _objects(route, things)).word for things in others}
    return heard


def _objects(route: Route, things: Things) -> Things:
    return {name: things[name] for name in route.parameters if name not in INSTALLATION}


@pytest.mark.parametrize("who", CAST)
def test_everybody_on_every_route(world: World, who: str, table: Table) -> None:
    """The policy's word is what is heard; what belongs to another site or camera is not there, nor named."""
    somebody = CAST[who](world)
    client = somebody.client()
    client.raise_request_exception = False
    guarded = [route for route in every_route() if route.needs in set(Permission)]
    heard = {route: hear(somebody, client, route, world) for route in guarded}
    wrong = [
        f"{route.method} {route.shown}: {found}"
        for route, found in heard.items()
        if not found.is_right(route)
    ]
    assert not wrong, "\n".join(wrong)
    for route, found in heard.items():
        table.note(route, who, found.own)


def test_the_table_of_the_reference_is_current(table: Table) -> None:
    """`docs/reference/access-matrix.md` holds what was heard just now; the variable has it written."""
    people = list(CAST)
    if not table.is_full(people):
        pytest.skip("only when the whole matrix has run")
    text = table.text(people)
    print(text)
    if "VEDETTE_UPDATE_DOCS" in os.environ:
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, f"routes or rights have changed: run {COMMAND}"
