"""What a time line is made of, over REST."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.integration.dashboard.conftest import add_events, add_segment
from tests.integration.recordings.conftest import START, Archive, at
from tests.unit.recording.packets import START_UTC_S
from vedette.domain.ids import new_id
from vedette.server.accounts.models import Site
from vedette.server.cameras.models import Camera, Profile
from vedette.server.recordings.models import Segment
from vedette.server.recordings.timeline import recorded_days

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def line(client: Client, start: datetime, end: datetime, step: float = 60, camera: str = "door") -> Any:
    """The time line between two times."""
    query = {"from": start.isoformat(), "to": end.isoformat(), "step": step}
    answer = client.get(f"/api/v1/cameras/{camera}/timeline", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_recordings_motion_and_events_stand_on_it(archive: Archive, api: Client, door: Camera) -> None:
    """Real segments give their stretches, how much moved second by second, and the events."""
    archive.record(times=3, moved={1: 0.5, 4: 0.04})
    archive.record(at_s=30, times=1)
    event = add_events("door", start=START + timedelta(seconds=2))[0]
    found = line(api, START - timedelta(seconds=2.25), START + timedelta(seconds=40), 1)
    spans = [(span["start"], span["end"]) for span in found["spans"]]
    assert [start for start, _ in spans] == ["2026-11-21T12:00:00.250Z", "2026-11-21T12:00:30.250Z"]
    lengths = [datetime.fromisoformat(end) - datetime.fromisoformat(start) for start, end in spans]
    assert [round(length.total_seconds()) for length in lengths] == [6, 2]
    busy = {step: share for step, share in enumerate(found["density"]) if share}
    assert set(busy) <= {2, 3, 4, 5, 6, 7}
    assert max(busy.values()) == pytest.approx(0.5, abs=0.01)
    assert busy[6] == pytest.approx(0.04, abs=0.01)
    assert [mark["id"] for mark in found["events"]] == [str(event.id)]
    assert found["events"][0]["label"] == "person"


def test_it_ends_where_it_is_cut(door: Camera, api: Client) -> None:
    """Stretches and events that reach over the edges are cut off there; what is deleted is not shown."""
    add_segment("door", NOON - timedelta(minutes=5), 600)
    add_segment("door", NOON + timedelta(minutes=20), 600, state="deleting")
    add_segment("other", NOON, 600)
    found = line(api, NOON, NOON + timedelta(minutes=1), 10)
    (span,) = found["spans"]
    assert (span["start"], span["end"]) == ("2026-11-21T12:00:00.000Z", "2026-11-21T12:01:00.000Z")
    assert found["density"] == [0] * 6
    assert line(api, NOON + timedelta(minutes=15), NOON + timedelta(minutes=40))["spans"] == []


def test_what_is_being_written_reaches_to_now(door: Camera, api: Client) -> None:
    """An open segment of just now ends now; one that was forgotten has no length."""
    now = timezone.now()
    add_segment("door", now - timedelta(seconds=20), 0, state="open")
    add_segment("door", now - timedelta(hours=2), 0, state="open")
    spans = line(api, now - timedelta(hours=3), now + timedelta(hours=1))["spans"]
    lengths = [datetime.fromisoformat(s["end"]) - datetime.fromisoformat(s["start"]) for s in spans]
    assert max(lengths) >= timedelta(seconds=20)
    assert sum(length > timedelta(0) for length in lengths) == 1


def test_a_whole_day_takes_few_questions(
    door: Camera, api: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """A day of 8,640 segments and many events is answered in a handful of queries."""
    day = NOON.replace(hour=0)
    fields = {"camera": "door", "state": "closed", "size_bytes": 1, "activity": bytes([0, *range(10)])}
    times = [day + timedelta(seconds=10 * number) for number in range(8640)]
    rows = [
        Segment(id=new_id(), path=f"{n}.mp4", start=time, end=time + timedelta(seconds=10), **fields)
        for n, time in enumerate(times)
    ]
    Segment.objects.bulk_create(rows)
    add_events("door", 500, start=day)
    with django_assert_max_num_queries(8):
        found = line(api, day, day + timedelta(days=1))
    assert len(found["spans"]) == 1
    assert len(found["density"]) == 1440
    assert len(found["events"]) == 500


@pytest.mark.parametrize(
    "query",
    [
        {"from": at(0)},
        {"from": at(0), "to": at(-1)},
        {"from": at(0), "to": at(4 * 86400)},
        {"from": at(0), "to": at(86400), "step": 1},
        {"from": at(0), "to": at(1), "step": 0},
        {"from": "x", "to": at(1)},
    ],
)
def test_bounds_are_checked(door: Camera, api: Client, query: dict[str, object]) -> None:
    """Spans that make no sense, or too much work, are refused."""
    assert api.get("/api/v1/cameras/door/timeline", query).status_code == 422


def test_only_what_may_be_seen(door: Camera, bearer: Callable[..., Client]) -> None:
    """Cameras of another site do not exist; recordings of a removed camera are for administrators."""
    site = Site.objects.create(slug="other", name="Other")
    Camera.objects.create(id="vault", site=site, name="Vault", main_url="x", profile=Profile.default())
    add_segment("vault", NOON, 600)
    add_segment("gone", NOON, 600)
    window = {"from": NOON.isoformat(), "to": (NOON + timedelta(hours=1)).isoformat()}
    asked = {"at": NOON.isoformat()}
    for role, seen in (("viewer", {"door"}), ("administrator", {"door", "gone"})):
        client = bearer(role)
        found = {
            camera
            for camera in ("door", "gone", "vault", "never")
            if client.get(f"/api/v1/cameras/{camera}/timeline", window).status_code == 200
        }
        assert found == seen
        assert client.get("/api/v1/cameras/vault/still", asked).status_code == 404
        assert client.get("/api/v1/cameras/vault/days", {"month": "2026-11-01"}).status_code == 404
    assert Client().get("/api/v1/cameras/door/timeline", window).status_code == 401


def test_a_month_says_which_days_have_recordings(door: Camera, api: Client) -> None:
    """Days are those of the zone that is named."""
    for moment in (NOON, NOON + timedelta(hours=11.5), NOON + timedelta(days=3), NOON + timedelta(days=30)):
        add_segment("door", moment, 60)
    days = "/api/v1/cameras/door/days"
    assert api.get(days, {"month": "2026-11-15"}).json() == ["2026-11-21", "2026-11-24"]
    berlin = api.get(days, {"month": "2026-11-01", "zone": "Europe/Berlin"})
    assert berlin.json() == ["2026-11-21", "2026-11-22", "2026-11-24"]
    assert api.get(days, {"month": "2026-02-01"}).json() == []
    assert api.get(days, {"month": "2026-11-01", "zone": "../etc/passwd"}).status_code == 422
    assert api.get(days, {"month": "9999-12-01"}).status_code == 422


def test_days_with_other_lengths_are_days(door: Camera) -> None:
    """When clocks change, a recording of the last hour still belongs to its day."""
    berlin = ZoneInfo("Europe/Berlin")
    add_segment("door", datetime(2026, 10, 25, 23, 30, tzinfo=berlin).astimezone(UTC), 60)
    add_segment("door", datetime(2026, 3, 29, 0, 10, tzinfo=berlin).astimezone(UTC), 60)
    rows = Segment.objects.filter(camera="door")
    assert list(recorded_days(rows, date(2026, 10, 1), 31, berlin)) == [date(2026, 10, 25)]
    assert list(recorded_days(rows, date(2026, 3, 1), 31, berlin)) == [date(2026, 3, 29)]


def test_a_clip_is_described(archive: Archive, api: Client, door: Camera) -> None:
    """Which moment stands where: gaps are closed up, and the description fits the file."""
    archive.record(times=2)
    archive.record(at_s=30, times=1)
    span = {"start": at(1), "end": at(60)}
    found = api.get("/api/v1/cameras/door/clip", span).json()
    assert found["duration_s"] == pytest.approx(5, abs=0.1)
    assert [round(part["clip_s"], 1) for part in found["timeline"]] == [0, 3]
    assert found["timeline"][1]["start"] == "2026-11-21T12:00:30.250Z"
    whole = api.get("/api/v1/cameras/door/clip.mp4", span)
    assert found["size_bytes"] == int(whole["Content-Length"])
    nothing = api.get("/api/v1/cameras/door/clip", {"start": at(100), "end": at(101)}).json()
    assert nothing == {"duration_s": 0.0, "size_bytes": 0, "omitted": 0, "timeline": []}


def test_pictures_can_be_counted(archive: Archive, api: Client, door: Camera) -> None:
    """The times of single pictures, for stepping: all of them, across segments, in order."""
    archive.record(times=2, fps=10)
    frames = api.get("/api/v1/cameras/door/frames", {"from": at(1.5), "to": at(2.5)}).json()
    assert [round(time - START_UTC_S, 2) for time in frames] == [round(1.5 + n / 10, 2) for n in range(10)]
    assert api.get("/api/v1/cameras/door/frames", {"from": at(0), "to": at(61)}).status_code == 422
    assert api.get("/api/v1/cameras/door/frames", {"from": at(50), "to": at(51)}).json() == []
