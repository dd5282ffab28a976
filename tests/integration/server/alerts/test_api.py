"""Alerts and arming by REST: who may do what, what is never shown, what is noted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.server.alerts.conftest import make_event, make_rule
from tests.support.receivers import Receiver
from vedette.server.accounts.models import ApiToken, AuditEntry, Role, Site
from vedette.server.accounts.tokens import create_token
from vedette.server.alerts import links
from vedette.server.alerts.arming import is_armed
from vedette.server.alerts.matching import occurrence_of
from vedette.server.alerts.models import ArmingSchedule, Channel, Notification, Rule, Snooze
from vedette.server.alerts.telling import tell
from vedette.server.cameras.models import Camera

Bearer = Callable[[str], Client]
ALERTS, ARMING = "/api/v1/alerts", "/api/v1/arming"


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    """One request with JSON; the answer's status and JSON."""
    answer = getattr(client, method)(path, body, content_type="application/json")
    return answer.status_code, answer.json() if answer.content else None


def test_operators_arm(bearer: Bearer, drive: Camera, garden: Camera) -> None:
    """One camera or all; the answer says how everything stands, and the audit log who did it."""
    status, found = send(bearer(Role.OPERATOR), "put", ARMING, {"armed": False, "cameras": ["drive"]})
    assert (status, found["state"]) == (200, "partly")
    assert (is_armed("drive"), is_armed("garden")) == (False, True)
    status, found = send(bearer(Role.OPERATOR), "put", ARMING, {"armed": False})
    assert found["state"] == "disarmed"
    assert found["cameras"][0]["words"].startswith("Disarmed by test operator")
    entries = AuditEntry.objects.filter(action="arming.disarmed").values_list("camera", flat=True)
    assert sorted(entries) == ["drive", "drive", "garden"]


def test_an_off_can_be_forced(bearer: Bearer, drive: Camera) -> None:
    """Without force it waits for the open event and says so."""
    make_event("drive")
    client = bearer(Role.OPERATOR)
    found = send(client, "put", ARMING, {"armed": False})[1]["cameras"][0]
    assert (found["armed"], found["waiting"]) == (True, True)
    found = send(client, "put", ARMING, {"armed": False, "force": True})[1]["cameras"][0]
    assert (found["armed"], found["waiting"]) == (False, False)


@pytest.mark.parametrize(
    ("method", "path", "body", "least"),
    [
        ("get", ARMING, None, Role.VIEWER),
        ("put", ARMING, {"armed": True}, Role.OPERATOR),
        (
            "post",
            f"{ARMING}/absences",
            {"start": "2026-01-01T00:00Z", "end": "2026-01-01T00:00Z"},
            Role.OPERATOR,
        ),
        ("post", f"{ARMING}/schedules", {"days": [9], "start": "1:00", "end": "2:00"}, Role.ADMINISTRATOR),
        ("put", f"{ARMING}/time-zone", {"time_zone": "Mars/Base"}, Role.ADMINISTRATOR),
        ("post", f"{ALERTS}/snoozes", {"until": "2020-01-01T00:00Z"}, Role.OPERATOR),
        ("post", f"{ALERTS}/rules", {"armed": "perhaps"}, Role.ADMINISTRATOR),
        ("post", f"{ALERTS}/channels", {"kind": "pigeon"}, Role.ADMINISTRATOR),
        ("get", f"{ALERTS}/notifications", None, Role.VIEWER),
    ],
)
def test_who_may(bearer: Bearer, drive: Camera, method: str, path: str, body: Any, least: Role) -> None:
    """Operators arm and snooze, administrators change rules and channels; mistaken values are refused."""
    roles = list(Role)
    for role in roles:
        status, _ = send(bearer(role), method, path, body)
        allowed = roles.index(role) >= roles.index(least)
        assert (status != 403) == allowed, role
        assert not allowed or status in {200, 422}


def test_schedules_come_and_go(admin_api: Client, drive: Camera) -> None:
    """As a sentence; one of another site is not there."""
    body = {"days": [5, 6], "start": "22:00", "end": "07:30", "cameras": ["drive"]}
    status, found = send(admin_api, "post", f"{ARMING}/schedules", body)
    assert (status, found["words"]) == (201, "Saturday and Sunday from 22:00 to 07:30, drive")
    assert (found["start"], found["end"]) == ("22:00", "07:30")
    path = f"{ARMING}/schedules/{found['id']}"
    assert send(admin_api, "put", path, body | {"enabled": False})[1]["enabled"] is False
    ArmingSchedule.objects.update(site=Site.objects.create(slug="other", name="Other"))
    assert send(admin_api, "delete", path)[0] == 404
    assert send(admin_api, "post", f"{ARMING}/schedules", body | {"cameras": ["nowhere"]})[0] == 422


def test_absences_come_and_go(bearer: Bearer, drive: Camera) -> None:
    """An absence arms at once when it has begun."""
    now = timezone.now()
    body = {"start": now.isoformat(), "end": (now + timedelta(days=3)).isoformat()}
    status, found = send(bearer(Role.OPERATOR), "post", f"{ARMING}/absences", body)
    assert status == 201
    assert send(bearer(Role.OPERATOR), "delete", f"{ARMING}/absences/{found['id']}")[0] == 204


def test_a_rule_is_a_sentence(admin_api: Client, webhook: Channel) -> None:
    """Made, changed in part, tried on the last day, removed."""
    body = {"labels": ["person"], "cameras": ["drive"], "channels": [webhook.pk], "zones": ["Gate"]}
    status, found = send(admin_api, "post", f"{ALERTS}/rules", body)
    assert (status, found["words"]) == (201, "When a person is seen at drive in Gate while armed, call Hook.")
    path = f"{ALERTS}/rules/{found['id']}"
    assert send(admin_api, "patch", path, {"zones": [], "armed": "any"})[1]["zones"] == []
    make_event("drive", start=timezone.now() - timedelta(hours=2))
    make_event("drive", start=timezone.now() - timedelta(hours=1))
    make_event("drive", label="car")
    found = send(admin_api, "post", f"{path}/try")[1]
    assert (found["matched"], found["notifications"]) == (2, 2)
    assert send(admin_api, "post", f"{ALERTS}/rules/try", {"labels": ["car"]})[1]["matched"] == 1
    assert Rule.objects.count() == 1
    assert send(admin_api, "patch", path, {"channels": [999]})[0] == 422
    assert send(admin_api, "delete", path)[0] == 204


def test_secrets_are_never_shown(admin_api: Client, hook: Receiver, drive: Camera) -> None:
    """Neither in answers nor in the audit log nor in errors; their names are."""
    config = {
        "url": hook.url("/t0k3n-in-path"),
        "secret": "c2VjcmV0LWtleQ==",
        "authorization": "Bearer h1dden",
    }
    body = {"kind": "webhook", "name": "House", "config": config}
    status, found = send(admin_api, "post", f"{ALERTS}/channels", body)
    assert (status, found["secrets"]) == (201, ["authorization", "secret", "url"])
    assert found["config"]["address"] == f"{hook.origin}/…"
    shown = [found, send(admin_api, "get", f"{ALERTS}/channels")[1], list(AuditEntry.objects.values())]
    shown.append(
        send(admin_api, "patch", f"{ALERTS}/channels/{found['id']}", {"config": {"picture": "x"}})[1]
    )
    hook.answers = lambda got: (500, {}, f"{got.path} {got.headers['Authorization']}".encode())
    shown.append(send(admin_api, "post", f"{ALERTS}/channels/{found['id']}/test")[1])
    for secret in ("t0k3n", "c2VjcmV0", "h1dden"):
        assert secret not in str(shown)


def test_a_test_says_what_was_answered(admin_api: Client, webhook: Channel, hook: Receiver) -> None:
    """Taken or not, with the words of the other side."""
    path = f"{ALERTS}/channels/{webhook.pk}/test"
    assert send(admin_api, "post", path)[1] == {"sent": True, "answer": "200 ok"}
    hook.answers = lambda _: (403, {}, b"go away")
    assert send(admin_api, "post", path)[1] == {"sent": False, "answer": "It answered 403 go away"}


def test_channels_of_others_are_not_there(bearer: Bearer, webhook: Channel) -> None:
    """Who is no administrator sees their own browsers and nothing else."""
    client = bearer(Role.OPERATOR)
    assert send(client, "get", f"{ALERTS}/channels")[1] == []
    assert send(client, "post", f"{ALERTS}/channels/{webhook.pk}/test")[0] == 404
    assert send(client, "delete", f"{ALERTS}/channels/{webhook.pk}")[0] == 404


def test_snoozing(bearer: Bearer, drive: Camera) -> None:
    """Until a time; being told again ends it; the newest word for the same thing counts."""
    client, until = bearer(Role.OPERATOR), (timezone.now() + timedelta(hours=1)).isoformat()
    send(client, "post", f"{ALERTS}/snoozes", {"until": until, "camera": "drive"})
    status, found = send(client, "post", f"{ALERTS}/snoozes", {"until": until, "camera": "drive"})
    assert status == 201
    assert len(send(client, "get", f"{ALERTS}/snoozes")[1]) == 1
    assert send(client, "delete", f"{ALERTS}/snoozes/{found['id']}")[0] == 204
    assert send(client, "post", f"{ALERTS}/snoozes", {"until": until, "camera": "nowhere"})[0] == 404


def test_who_sees_some_cameras_snoozes_those(
    bearer: Bearer, drive: Camera, garden: Camera, webhook: Channel
) -> None:
    """They silence nobody else: not the whole site, and no rule about all cameras; nor do they end that."""
    token = create_token("garden", Role.OPERATOR, cameras=[garden])
    theirs = Client(headers={"Authorization": f"Bearer {token}"})
    until, path = (timezone.now() + timedelta(hours=1)).isoformat(), f"{ALERTS}/snoozes"
    wide, narrow = make_rule(webhook), make_rule(webhook, cameras=["garden"])
    assert send(theirs, "post", path, {"until": until})[0] == 422
    assert send(theirs, "post", path, {"until": until, "camera": "drive"})[0] == 404
    assert send(theirs, "post", path, {"until": until, "rule": wide.pk})[0] == 422
    assert send(theirs, "post", path, {"until": until, "rule": wide.pk, "camera": "garden"})[0] == 201
    status, own = send(theirs, "post", path, {"until": until, "rule": narrow.pk})
    assert status == 201
    whole = send(bearer(Role.OPERATOR), "post", path, {"until": until})[1]
    assert send(theirs, "delete", f"{path}/{whole['id']}")[0] == 404
    assert send(theirs, "delete", f"{path}/{own['id']}")[0] == 204


def test_the_history_page_by_page(bearer: Bearer, webhook: Channel) -> None:
    """Newest first, each once, with its deliveries."""
    make_rule(webhook)
    tell([occurrence_of(make_event()) for _ in range(5)])
    client, path, found = bearer(Role.VIEWER), f"{ALERTS}/notifications?limit=2", []
    while path:
        page = send(client, "get", path)[1]
        found += page["items"]
        path = f"{ALERTS}/notifications?limit=2&before={page['next']}" if page["next"] else ""
    assert len({each["id"] for each in found}) == 5
    assert found[0]["deliveries"][0]["state"] == "waiting"


def test_links_open_one_thing(client: Client, webhook: Channel, snapshot: str) -> None:
    """A picture's link is no snooze, an altered one opens nothing, and only a press of the button snoozes."""
    make_rule(webhook)
    tell([occurrence_of(make_event(snapshot=snapshot))])
    row = Notification.objects.get()
    picture, snoozing = links.picture_path(row), links.snooze_path(row)
    assert client.get(picture).content.startswith(b"\xff\xd8")
    assert client.get(snoozing).status_code == 200
    assert not Snooze.objects.exists()
    assert client.post(snoozing, {"minutes": "60"}).status_code == 200
    assert Snooze.objects.get().camera == "drive"
    for wrong in (
        picture[:-3],
        picture.replace("picture", "snooze"),
        snoozing.replace("snooze", "picture", 1),
    ):
        assert client.get(wrong).status_code == 404
    row.delete()
    assert client.get(picture).status_code == 404


def test_links_expire(
    client: Client, webhook: Channel, snapshot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After two days at most."""
    make_rule(webhook)
    tell([occurrence_of(make_event(snapshot=snapshot))])
    path = links.picture_path(Notification.objects.get())
    monkeypatch.setattr(links, "LIFETIME", timedelta(seconds=-1))
    assert client.get(path).status_code == 404


def test_the_worker_serves_the_whole_site(client: Client) -> None:
    """The browser may use it everywhere, and it comes without a login: it holds nothing of anybody's."""
    answer = client.get("/push-worker.js")
    assert (answer.status_code, answer["Service-Worker-Allowed"]) == (200, "/")
    assert answer["Content-Type"].startswith("text/javascript")


def test_limited_people_see_what_concerns_them(bearer: Bearer, webhook: Channel, garden: Camera) -> None:
    """Rules and notifications of cameras that somebody may not see are not there for them."""
    make_rule(webhook, cameras=["garden"])
    make_rule(webhook, cameras=["drive"])
    tell([occurrence_of(make_event("garden")), occurrence_of(make_event("drive"))])
    token = bearer(Role.VIEWER)
    limited = ApiToken.objects.get(name="test viewer")
    limited.cameras.set(["drive"])
    ApiToken.objects.update(limited=True)
    assert [rule["cameras"] for rule in send(token, "get", f"{ALERTS}/rules")[1]] == [["drive"]]
    assert [row["camera"] for row in send(token, "get", f"{ALERTS}/notifications")[1]["items"]] == ["drive"]
    assert [each["camera"] for each in send(token, "get", ARMING)[1]["cameras"]] == ["drive"]
