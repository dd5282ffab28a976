"""What people say of events: stored beside what the model said, shown, filtered, exported, kept."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.integration.events.conftest import BEGIN_S, Tell
from tests.integration.server.conftest import PASSWORD
from vedette.server.accounts.models import AuditEntry, Role, User
from vedette.server.cameras.service import remove_camera
from vedette.server.events.models import Event, Feedback
from vedette.server.events.retention import remove_old_events

pytestmark = pytest.mark.usefixtures("cameras")
JSON = "application/json"


@pytest.fixture
def api(bearer: Callable[[str], Client]) -> Client:
    """An operator's."""
    return bearer(Role.OPERATOR)


def say(api: Client, event_id: str, verdict: str, **label: str) -> Any:
    """PUT a verdict."""
    path = f"/api/v1/events/{event_id}/feedback"
    return api.put(path, json.dumps({"verdict": verdict, **label}), content_type=JSON)


def test_a_verdict_is_kept_with_what_the_model_said(api: Client, tell: Tell) -> None:
    """Who, when and what, with model, version, label and score of that moment; a newer one replaces it."""
    event = tell(label="dog", score=0.6, model="yolox", model_version="c0ffee")
    before = timezone.now()
    assert say(api, event.id, "right").json()["label"] == "dog"
    answer = say(api, event.id, "other", label="cat").json()
    assert (answer["verdict"], answer["label"], answer["by"]) == ("other", "cat", "test operator")
    row = Feedback.objects.get()
    assert (row.found_label, row.score, row.model, row.model_version) == ("dog", 0.6, "yolox", "c0ffee")
    assert (str(row.event), row.camera, row.kind) == (event.id, "door", "object")
    assert before <= row.at <= timezone.now()
    shown = api.get(f"/api/v1/events/{event.id}").json()
    assert shown["feedback"]["verdict"] == "other"
    assert api.get("/api/v1/events?feedback=other").json()["items"][0]["feedback"]["label"] == "cat"
    actions = AuditEntry.objects.filter(action="feedback.given", subject=event.id)
    assert [entry.detail["verdict"] for entry in actions.order_by("pk")] == ["right", "other"]


def test_a_verdict_can_be_taken_back(api: Client, tell: Tell) -> None:
    """Then the event is as if nobody had said anything; twice is once."""
    event = tell()
    say(api, event.id, "wrong")
    path = f"/api/v1/events/{event.id}/feedback"
    assert [api.delete(path).status_code for _ in range(2)] == [204, 204]
    assert api.get(f"/api/v1/events/{event.id}").json()["feedback"] is None
    assert AuditEntry.objects.filter(action="feedback.withdrawn").count() == 1


@pytest.mark.parametrize(
    "said",
    [
        {"verdict": "perhaps"},
        {"verdict": "other"},
        {"verdict": "other", "label": "person"},
        {"verdict": "right", "label": "cat"},
        {"verdict": "other", "label": "x" * 65},
        {"verdict": "other", "label": "a\nb"},
        {"verdict": "wrong", "why": "so"},
    ],
)
def test_senseless_verdicts_are_refused(api: Client, tell: Tell, said: dict[str, str]) -> None:
    """Something else needs a label that is not the one found; right and wrong take none."""
    answer = say(api, tell().id, **said)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert not Feedback.objects.exists()


def test_viewers_give_none(bearer: Callable[[str], Client], tell: Tell) -> None:
    """P6: looking is not judging."""
    viewer, event = bearer(Role.VIEWER), tell()
    assert say(viewer, event.id, "right").status_code == 403
    assert viewer.delete(f"/api/v1/events/{event.id}/feedback").status_code == 403
    assert viewer.get("/api/v1/events/feedback").status_code == 200


def test_sessions_need_the_csrf_token(tell: Tell) -> None:
    """A page of somebody else's cannot judge in a logged-in browser."""
    User.objects.create_user("ada", PASSWORD, Role.ADMINISTRATOR)
    browser = Client(enforce_csrf_checks=True)
    browser.login(username="ada", password=PASSWORD)
    assert say(browser, tell().id, "right").status_code == 403


def lines(api: Client, query: str = "") -> list[dict[str, Any]]:
    """The export."""
    answer = api.get(f"/api/v1/events/feedback{query}")
    assert answer["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.content.decode().splitlines()]


def test_the_export_has_what_training_needs(api: Client, tell: Tell) -> None:
    """JSON lines, oldest verdict first, with box and size of the picture; `since` and `model` narrow it."""
    first, second = tell(model="a"), tell("yard", 10, model="b")
    say(api, second.id, "wrong")
    say(api, first.id, "other", label="cat")
    found = lines(api)
    assert [line["event"] for line in found] == [second.id, first.id]
    assert found[1] | {"label": "cat", "found_label": "person", "camera": "door"} == found[1]
    assert (found[1]["box"], found[1]["width"], found[1]["has_event"]) == ([1.0, 2.0, 30.0, 40.0], 640, True)
    assert found[1]["start"] == "2023-11-14T22:13:20.000Z"
    assert [line["event"] for line in lines(api, f"?since={found[1]['at']}")][-1:] == [first.id]
    assert [line["event"] for line in lines(api, "?model=b")] == [second.id]
    assert lines(api, "?since=2100-01-01") == []


def test_feedback_outlives_its_event(api: Client, tell: Tell, tmp_path: Path) -> None:
    """Retention takes event and pictures, and leaves what was said of the model."""
    event = tell()
    say(api, event.id, "wrong")
    assert remove_old_events(1, tmp_path) == 1
    assert not Event.objects.exists()
    [line] = lines(api)
    assert (line["event"], line["verdict"], line["has_event"]) == (event.id, "wrong", False)
    assert "box" not in line
    assert api.get("/api/v1/events?feedback=any").json() == {"items": [], "next": None}


def test_feedback_of_cameras_that_are_not_seen_stays_hidden(
    api: Client, bearer: Callable[[str], Client], tell: Tell
) -> None:
    """P6: the export holds what of the cameras may be seen."""
    say(api, tell("yard").id, "right")
    remove_camera("yard")
    assert lines(api) == []
    assert len(lines(bearer(Role.ADMINISTRATOR))) == 1


def test_retention_asks_the_index(tell: Tell, tmp_path: Path) -> None:
    """An event that began before the limit and ended after it stays."""
    now_s = timezone.now().timestamp()
    long = tell(at_s=now_s - 3 * 86400 - BEGIN_S, end_utc_s=now_s)
    assert remove_old_events(2, tmp_path) == 0
    assert str(Event.objects.get().id) == long.id
