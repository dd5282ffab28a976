"""Storing events and reading them back."""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.test import Client

from tests.integration.server.worker import event, segment, visit
from vedette.domain.messages import PathPoint
from vedette.server.accounts.models import Role, Site
from vedette.server.cameras.models import Camera
from vedette.server.cameras.service import add_camera
from vedette.server.events.models import Event
from vedette.server.events.retention import remove_old_events
from vedette.server.ingest import store_batch
from vedette.server.recordings.models import Segment

pytestmark = pytest.mark.django_db


def store(*messages: Any) -> Counter[str]:
    """Store and return the counters."""
    counters: Counter[str] = Counter()
    store_batch(messages, counters)
    return counters


def get(api: Client, path: str, **params: Any) -> Any:
    """GET JSON; None leaves a parameter out."""
    answer = api.get(path, params)
    assert answer.status_code == 200, answer.content
    return answer.json()


def ids(api: Client, **params: Any) -> list[str]:
    """The ids of one page of events."""
    return [item["id"] for item in get(api, "/api/v1/events", **params)["items"]]


def test_storing_twice_is_storing_once() -> None:
    """P2: a batch that comes again changes nothing, not even the sequence."""
    batch = [event(), event(), segment()]
    store(*batch)
    before = list(Event.objects.values())
    assert store_batch(batch, Counter()).events == []
    assert list(Event.objects.values()) == before
    assert Segment.objects.count() == 1


def test_the_newest_revision_stays() -> None:
    """A newer revision replaces the event, an older one that arrives late does not."""
    first = event(score=0.5)
    newer = event(id=first.id, revision=3, score=0.9, phase="end", zones=(visit("drive"),))
    store(first)
    sequence = Event.objects.get().sequence
    store(newer, event(id=first.id, revision=2, score=0.7))
    row = Event.objects.get()
    assert (row.revision, row.score, row.phase) == (3, 0.9, "end")
    assert row.sequence > sequence
    assert row.entries.get().zone == "drive"


def test_sequences_grow_after_everything_was_deleted() -> None:
    """A reader that resumes is never given a number twice."""
    store(event())
    last = Event.objects.get().sequence
    Event.objects.all().delete()
    store(event())
    assert Event.objects.get().sequence > last


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "no-uuid"},
        {"start_utc_s": float("nan")},
        {"end_utc_s": 1e300},
        {"score": float("nan")},
        {"label": "x" * 65},
        {"camera": "\x00"},
    ],
)
def test_a_message_that_no_row_can_hold_costs_a_counter(changes: dict[str, Any]) -> None:
    """P7: the others of the batch are stored."""
    good = event()
    assert store(event(**changes), good) == {"messages_rejected": 1}
    assert str(Event.objects.get().id) == good.id


def test_values_that_only_the_database_refuses_cost_a_counter() -> None:
    """P7: an overflow in the database sets one message aside, not the batch."""
    good = event()
    assert store(event(width=-5), good, segment())["messages_rejected"] == 1
    assert str(Event.objects.get().id) == good.id
    assert Segment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_locked_database_stores_nothing() -> None:
    """While another process writes, the batch fails as a whole and can come again."""
    connection.ensure_connection()
    connection.cursor().execute("PRAGMA busy_timeout=50")
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError):
        store(event())
    other.execute("ROLLBACK")
    other.close()
    store(event())
    assert Event.objects.count() == 1


def test_filters_and_pages(admin_api: Client) -> None:
    """Every filter narrows; pages follow each other without gap or double, newest first."""
    now_s = time.time()
    events = [
        event(
            camera="door" if number % 2 else "yard",
            label="person" if number % 3 else "car",
            kind="object" if number % 5 else "motion",
            score=number / 20,
            start_utc_s=now_s - number // 2,  # pairs share a start
            zones=(visit("drive"),) if number % 4 == 0 else (),
        )
        for number in range(20)
    ]
    store(*events)
    everything = ids(admin_api, limit=100)
    assert len(everything) == 20
    starts = [item["start"] for item in get(admin_api, "/api/v1/events", limit=100)["items"]]
    assert starts == sorted(starts, reverse=True)
    assert all(start.endswith("Z") and len(start) == 24 for start in starts)

    paged: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = get(admin_api, "/api/v1/events", limit=3, **cursor)
        paged += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert paged == everything

    def matching(condition: Callable[[Any], bool]) -> set[str]:
        return {message.id for message in events if condition(message)}

    assert set(ids(admin_api, camera="door")) == matching(lambda e: e.camera == "door")
    assert set(ids(admin_api, label="car", camera="yard")) == matching(
        lambda e: e.label == "car" and e.camera == "yard"
    )
    assert set(ids(admin_api, kind="motion")) == matching(lambda e: e.kind == "motion")
    assert set(ids(admin_api, zone="drive")) == matching(lambda e: bool(e.zones))
    assert set(ids(admin_api, min_score=0.5)) == matching(lambda e: e.score >= 0.5)
    assert set(ids(admin_api, after=now_s - 4.5)) == matching(lambda e: e.start_utc_s > now_s - 4.5)
    assert set(ids(admin_api, before=now_s - 4.5)) == matching(lambda e: e.start_utc_s < now_s - 4.5)


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 501}, {"cursor": "x"}, {"min_score": 2}, {"kind": "x"}, {"after": "soon"}],
)
def test_senseless_questions_are_refused(admin_api: Client, params: dict[str, Any]) -> None:
    """Bounds of the query are checked."""
    assert admin_api.get("/api/v1/events", params).status_code == 422


def test_one_event_with_its_path_and_pictures(admin_api: Client) -> None:
    """The path is in the detail only; pictures come with a validator; keys cannot leave their folder."""
    picture = django_settings.HOME.snapshots / "door" / "a.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"\xff\xd8picture")
    box = event().box
    sent = event(snapshot="door/a.jpg", crop="../secrets/django.key", path=(PathPoint(1.5, box),))
    store(sent)
    detail = get(admin_api, f"/api/v1/events/{sent.id}")
    assert detail["path"] == [[1.5, [1.0, 2.0, 30.0, 40.0]]]
    assert "path" not in get(admin_api, "/api/v1/events")["items"][0]
    answer = admin_api.get(f"/api/v1/events/{sent.id}/snapshot.jpg")
    assert (answer["Content-Type"], answer.content) == ("image/jpeg", b"\xff\xd8picture")
    headers = {"If-None-Match": answer["ETag"]}
    assert admin_api.get(f"/api/v1/events/{sent.id}/snapshot.jpg", headers=headers).status_code == 304
    assert admin_api.get(f"/api/v1/events/{sent.id}/crop.jpg").status_code == 404


def test_rows_of_another_site_are_not_there(admin_api: Client, bearer: Callable[[str], Client]) -> None:
    """P6: whoever belongs to one site sees nothing of another, by list or by id."""
    elsewhere = Site.objects.create(slug="elsewhere", name="Elsewhere")
    add_camera("Door", "rtsp://cam/1")
    add_camera("Secret", "rtsp://cam/2")
    Camera.objects.filter(pk="secret").update(site=elsewhere)
    ours, theirs = event("door"), event("secret")
    store(ours, theirs, segment("secret"))
    for api in (admin_api, bearer(Role.VIEWER)):
        assert ids(api) == [ours.id]
        assert api.get(f"/api/v1/events/{theirs.id}").status_code == 404
        assert [camera["id"] for camera in get(api, "/api/v1/cameras")] == ["door"]
        assert api.get("/api/v1/cameras/secret").status_code == 404
        assert get(api, "/api/v1/recordings")["items"] == []


def test_only_administrators_see_what_removed_cameras_left(
    admin_api: Client, bearer: Callable[[str], Client]
) -> None:
    """Without the camera's row nobody can say whose it was."""
    sent = event("gone")
    store(sent)
    assert ids(admin_api) == [sent.id]
    assert ids(bearer(Role.VIEWER)) == []


def test_old_events_go_with_their_pictures(tmp_path: Path) -> None:
    """Retention of events removes rows, zone entries and pictures that are too old, and nothing else."""
    day_s = timedelta(days=1).total_seconds()
    old_s = time.time() - 8 * day_s
    for name in ("old.jpg", "new.jpg", "other.jpg"):
        (tmp_path / name).write_bytes(b"x")
    fresh = event(snapshot="new.jpg")
    store(event(end_utc_s=old_s, start_utc_s=old_s, snapshot="old.jpg", zones=(visit("drive"),)), fresh)
    assert remove_old_events(7, tmp_path) == 1
    assert remove_old_events(None, tmp_path) == 0
    assert str(Event.objects.get().id) == fresh.id
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.jpg", "other.jpg"]
