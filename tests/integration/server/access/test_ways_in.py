"""The other ways in: share links, the socket of the live view, the admin."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from tests.integration.server.access import routes
from tests.integration.server.access.asking import CAST, IN, NO_METHOD, ask, every_route
from tests.integration.server.access.routes import Route
from tests.integration.server.access.world import World, a_user
from vedette.server.accounts.audit import AuditEntry
from vedette.server.accounts.middleware import user_principal
from vedette.server.accounts.models import Role, Share, User
from vedette.server.accounts.policy import SHARED, Permission, allowed, visible_cameras
from vedette.server.accounts.shares import share, withdraw
from vedette.server.cameras.models import Camera
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


def test_the_admin_changes_nothing_of_another_site(world: World) -> None:
    """Foreign rows cannot be opened, nor chosen in a form, nor removed with others; changes are noted."""
    browser = CAST["administrator"](world).client()
    other = world.cameras["vault-7"]
    assert browser.get("/admin/cameras/camera/vault-7/change/")["Location"] == "/admin/"
    form = {"id": "new", "name": "New", "main_url": "rtsp://x/1", "transport": "tcp", "recording_mode": "off"}
    form |= {"pre_roll_s": "5", "post_roll_s": "5", "zones-TOTAL_FORMS": "0", "zones-INITIAL_FORMS": "0"}
    form |= {"profile": world.door["profile_id"]}
    refused = browser.post("/admin/cameras/camera/add/", form | {"site": str(other.site_id)})
    assert refused.status_code == 200
    assert b"Select a valid choice" in refused.content
    own = form | {"site": str(world.cameras["porch-7"].site_id)}
    assert browser.post("/admin/cameras/camera/add/", own).status_code == 302
    assert AuditEntry.objects.order_by("-id")[0].action == "camera.added"
    chosen = {"action": "delete_selected", "_selected_action": ["vault-7"], "post": "yes"}
    browser.post("/admin/cameras/camera/", chosen)
    assert Camera.objects.filter(pk="vault-7").exists()


def test_people_are_not_changed_in_the_admin(world: World) -> None:
    """There users, tokens and sites can only be looked at: /access knows the rules."""
    browser = CAST["administrator"](world).client()
    user = world.door["user_id"]
    assert browser.get(f"/admin/accounts/user/{user}/change/").status_code == 200
    assert browser.post(f"/admin/accounts/user/{user}/change/", {"role": "viewer"}).status_code == 403
    assert browser.get("/admin/accounts/user/add/").status_code == 403
    assert browser.post(f"/admin/accounts/user/{user}/delete/", {"post": "yes"}).status_code == 403


def test_somebody_of_one_camera_arms_no_other(world: World) -> None:
    """Absences of the whole site, or of other cameras, are neither made nor removed."""
    operator = a_user("limited", Role.OPERATOR, only=world.cameras["porch-7"]).client()
    span = {"start": "2026-11-21T12:00:00Z", "end": "2026-11-22T12:00:00Z"}
    address = "/api/v1/arming/absences"
    for cameras in ([], ["yard-7"], ["porch-7", "yard-7"]):
        body = span | {"cameras": cameras}
        assert operator.post(address, body, content_type="application/json").status_code == 422
    assert operator.delete(f"{address}/{world.yard['absence_id']}").status_code == 404
    assert operator.delete(f"{address}/{world.door['absence_id']}").status_code == 204


@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/openapi.json", "/api/v1/", "/api/v1/nothing"])
def test_the_description_of_the_interface_is_for_those_who_are_known(world: World, path: str) -> None:
    """Strangers learn nothing about the REST interface, not even what there is not."""
    assert Client().get(path).status_code in {401, 404}
    assert b"openapi" not in Client().get(path).content
    viewer = CAST["viewer"](world).client()
    assert viewer.get(path).status_code in {200, 404}
