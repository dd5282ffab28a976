"""The other ways in: share links, the socket of the live view, the admin."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from tests.integration.server.access import routes
from tests.integration.server.access.asking import CAST, IN, NO_METHOD, ask, every_route
from tests.integration.server.access.routes import Route
from tests.integration.server.access.world import World
from vedette.server.accounts.middleware import user_principal
from vedette.server.accounts.models import Share, User
from vedette.server.accounts.policy import SHARED, Permission, allowed, visible_cameras
from vedette.server.accounts.shares import share, withdraw
from vedette.server.streams.access import visitor

OPENED_BY_LINK = [route for route in every_route() if str(route.needs).startswith(SHARED)]


@pytest.mark.parametrize("route", OPENED_BY_LINK, ids=lambda route: f"{route.method} {route.shown}")
def test_a_share_link_opens_one_thing(world: World, route: Route) -> None:
    """Its routes answer whoever has the link; a link of another kind, a changed, a withdrawn one does not."""
    maker = user_principal(User.objects.get(username="administrator"))
    good = share("event", world.door["event_id"], maker, timedelta(hours=1))
    other = share("recording", world.door["event_id"], maker, timedelta(hours=1))
    client = Client(raise_request_exception=False)
    withdrawn = share("event", world.door["event_id"], maker, timedelta(hours=1))
    withdraw(Share.objects.order_by("-created")[0])
    answer = ask(client, route, {"token": good})
    assert answer.word in {IN, NO_METHOD} or b"link is not valid" not in answer.content  # nothing is recorded
    for token in (other, good[:-2] + "xx", "x", "x" * 5000, withdrawn):
        assert client.generic(route.method, route.filled({"token": token})).status_code == 404


@pytest.mark.parametrize("who", CAST)
def test_the_socket_of_the_live_view(world: World, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket lets in whom the policy lets view, and shows the cameras that it shows."""
    # The connection of a test lives as long as the test.
    monkeypatch.setattr("vedette.server.streams.access.close_old_connections", lambda: None)
    somebody = CAST[who](world)
    client = somebody.client()
    headers = [(b"host", b"testserver"), (b"origin", b"http://testserver")]
    headers += [(name.lower().encode(), str(value).encode()) for name, value in _credentials(client)]
    scope = {"type": "websocket", "path": "/api/v1/live/socket", "query_string": b"", "headers": headers}
    found = async_to_sync(visitor)(scope)
    assert (found is not None) == allowed(somebody.principal, Permission.VIEW)
    if found is None or somebody.principal is None:
        return
    seen = {name for name in ("porch-7", "yard-7", "vault-7") if async_to_sync(found.may_see)(name)}
    assert seen == set(visible_cameras(somebody.principal).values_list("id", flat=True))


def _credentials(client: Client) -> list[tuple[str, str]]:
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())
    token = client.defaults.get("HTTP_AUTHORIZATION")
    return [("cookie", cookies)] if cookies else [("authorization", str(token))] if token else []


ADMIN = routes.admin()


@pytest.mark.parametrize("who", CAST)
def test_the_admin_is_for_administrators_of_the_site(world: World, who: str) -> None:
    """Its pages open to administrators, and tell nothing of another site."""
    somebody = CAST[who](world)
    client = somebody.client()
    may = allowed(somebody.principal, Permission.ADMINISTER)
    secrets = [b"porch-7", b"yard-7"] if who.endswith("another site") else [b"vault-7", b"stranger"]
    for path in ADMIN:
        answer = client.get(path)
        if not may:
            assert answer.status_code == 403 or answer.headers["Location"].startswith("/login"), path
            continue
        assert answer.status_code in {200, 302, 403, 404, 405}, path
        assert not [secret for secret in secrets if secret in answer.content], path


@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/openapi.json", "/api/v1/", "/api/v1/nothing"])
def test_the_description_of_the_interface_is_for_those_who_are_known(world: World, path: str) -> None:
    """Strangers learn nothing about the REST interface, not even what there is not."""
    assert Client().get(path).status_code in {401, 404}
    assert b"openapi" not in Client().get(path).content
    viewer = CAST["viewer"](world).client()
    assert viewer.get(path).status_code in {200, 404}
