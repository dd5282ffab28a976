"""Limits that are set in the pages or over REST, and the forecast that they lead to."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from tests.integration.dashboard.conftest import Login, add_segment, login  # noqa: F401  a fixture
from vedette.recording.disk import DiskSpace
from vedette.server.accounts.models import AuditEntry
from vedette.server.cameras.models import Camera
from vedette.server.recordings import limits, retention
from vedette.server.recordings.forecast import look_ahead
from vedette.server.recordings.models import CameraShare, Segment
from vedette.server.runtime import Runtime
from vedette.settings import RetentionSettings

GB = 10**9


@pytest.fixture(autouse=True)
def a_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk of 1000 GB, half of it free; and no forecast from before."""
    disk = DiskSpace(1000 * GB, 500 * GB)
    monkeypatch.setattr("vedette.server.recordings.forecast.disk_space", lambda: disk)
    monkeypatch.setattr("vedette.server.recordings.forecast._measured", None)
    settings.HOME.recordings.mkdir(parents=True, exist_ok=True)


def stored(camera: str, days: float, day_gb: float) -> None:
    """Recordings of the last days, an hour each."""
    now = timezone.now()
    for hour in range(round(days * 24)):
        start = now - timedelta(hours=hour + 1)
        path = f"{camera}/2026-11-21/{hour:02}/{hour}.mp4"
        add_segment(camera, start, 3600, size_bytes=round(day_gb * GB / 24), path=path)


def asked(client: Client) -> Any:
    """What the API says."""
    answer = client.get("/api/v1/recordings/retention")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_it_says_how_long_and_what_goes_next(api: Client, door: Camera) -> None:
    """Today's rate is measured, the settings' share of the disk is the room, the disk is the limit."""
    stored("door", days=3, day_gb=24)
    found = asked(api)
    assert found["limits_are_default"]
    assert found["day_bytes"] == pytest.approx(24 * GB, rel=0.05)
    assert found["holds_days"] == pytest.approx(found["room_bytes"] / (24 * GB), rel=0.05)
    (row,) = found["cameras"]
    assert (row["camera"], row["limit"], row["size_bytes"]) == ("door", "disk", 72 * GB)
    assert row["next_deletion"] is not None


def test_a_camera_of_this_morning_has_a_rate(api: Client, door: Camera) -> None:
    """A camera that has recorded for six hours adds four times as much in a day."""
    stored("door", days=0.25, day_gb=24)
    assert asked(api)["day_bytes"] == pytest.approx(24 * GB, rel=0.05)


def test_limits_hold_without_a_restart(api: Client, door: Camera) -> None:
    """What is set over REST is what the next round of retention keeps, and what the forecast knows."""
    stored("door", days=3, day_gb=24)
    put = {"max_age_days": 2, "max_size_bytes": None, "max_disk_share": 0.5}
    answer = api.put("/api/v1/recordings/retention", put, content_type="application/json")
    assert answer.status_code == 204
    found = asked(api)
    assert (found["limits"], found["limits_are_default"]) == (put, False)
    assert (found["cameras"][0]["limit"], found["cameras"][0]["kept_days"]) == ("age", 2)
    removed = retention.keep_limits(RetentionSettings(), settings.HOME.recordings, Runtime())
    assert removed == pytest.approx(24, abs=1)
    assert api.delete("/api/v1/recordings/retention").status_code == 204
    assert asked(api)["limits_are_default"]
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"retention.changed"}


def test_a_camera_has_limits_of_its_own(api: Client, door: Camera) -> None:
    """Age, size and share of the disk of one camera; the smaller of size and share counts."""
    stored("door", days=3, day_gb=24)
    stored("yard", days=1, day_gb=24)
    put = {"max_age_days": None, "max_size_bytes": 900 * GB, "max_disk_share": 0.048}
    address = "/api/v1/cameras/door/retention"
    assert api.put(address, put, content_type="application/json").status_code == 204
    found = {row["camera"]: row for row in asked(api)["cameras"]}
    assert found["door"]["limits"] == put
    assert found["door"]["limit"] == "size"
    assert found["door"]["kept_days"] == pytest.approx(2, rel=0.05)
    disk = DiskSpace(1000 * GB, 500 * GB)
    assert limits.retention_limits(RetentionSettings(), disk).cameras["door"].max_size_bytes == 48 * GB
    assert api.put(address, {}, content_type="application/json").status_code == 204
    assert not CameraShare.objects.exists()


@pytest.mark.parametrize(
    "put",
    [{"max_age_days": 0}, {"max_size_bytes": 5}, {"max_disk_share": 1.5}, {"days": 3}, {"max_age_days": "x"}],
)
def test_numbers_have_bounds(api: Client, door: Camera, put: dict[str, object]) -> None:
    """What cannot be meant is refused, for all and for one camera."""
    for address in ("/api/v1/recordings/retention", "/api/v1/cameras/door/retention"):
        assert api.put(address, put, content_type="application/json").status_code == 422


def test_who_may_what(bearer: Callable[..., Client], door: Camera) -> None:
    """Everybody sees the rows of their cameras; limits are for administrators."""
    stored("door", days=0.1, day_gb=1)
    stored("gone", days=0.1, day_gb=1)
    viewer, operator, administrator = bearer("viewer"), bearer("operator"), bearer()
    assert [row["camera"] for row in asked(viewer)["cameras"]] == ["door"]
    assert [row["camera"] for row in asked(administrator)["cameras"]] == ["door", "gone"]
    for client in (viewer, operator):
        assert (
            client.put("/api/v1/recordings/retention", {}, content_type="application/json").status_code == 403
        )
        assert client.delete("/api/v1/recordings/retention").status_code == 403


def test_the_panel_says_it_in_words(login: Login, door: Camera) -> None:  # noqa: F811
    """The forecast in a sentence, each camera with what goes next, removed ones marked."""
    stored("door", days=2, day_gb=24)
    stored("gone", days=1, day_gb=1)
    page = unescape(re.sub(r"\s+", " ", login().get("/recordings/retention").content.decode()))
    assert re.search(r"At today's rate the disk holds \d+ days", page)
    assert "the disk's space is used up" in page
    assert "Removed" in page
    assert "The space is used up" in page
    viewer = login("viewer").get("/recordings/retention").content.decode()
    assert "<form" not in viewer.split("<main")[1]
    assert "gone" not in viewer


def test_the_panel_sets_limits(login: Login, door: Camera) -> None:  # noqa: F811
    """Days, gigabytes and percent are taken, shown again, and taken back; nonsense changes nothing."""
    client = login()
    address = "/recordings/retention/change"
    client.post(address, {"age": "30", "size": "1,5", "share": "80"})
    page = client.get("/recordings/retention").content.decode()
    for word, value in {"age": "30", "size": "1.5", "share": "80"}.items():
        assert f'id="{word}" name="{word}" inputmode="decimal" value="{value}"' in page
    for wrong in ({"age": "soon"}, {"age": "-1"}, {"size": "1e300"}, {"share": "nan"}, {"size": "inf"}):
        client.post(address, wrong)
        assert "message" in client.get("/recordings/retention").content.decode()
        assert limits.overall(RetentionSettings())[0].max_age_days == 30
    client.post("/recordings/retention/door/change", {"age": "7", "share": "10"})
    door.refresh_from_db()
    assert door.max_age_days == 7
    assert limits.of_cameras()["door"].max_disk_share == pytest.approx(0.1)
    client.post(address, {"reset": "1"})
    assert not limits.overall(RetentionSettings())[1]
    assert login("operator").post(address, {"age": "1"}).status_code == 403


def test_an_empty_house_has_a_panel(login: Login, db: None) -> None:  # noqa: F811
    """Nothing recorded, nothing set: words, and no error."""
    assert "Nothing is recorded yet" in login().get("/recordings/retention").content.decode()


def test_adding_up_is_done_once_a_minute(db: None, tmp_path: Path) -> None:
    """A forecast that is asked for again takes what was added up before, unless it is to be fresh."""
    stored("door", days=0.1, day_gb=1)
    before = look_ahead().size_bytes
    Segment.objects.all().delete()
    assert look_ahead().size_bytes == before
    assert look_ahead(fresh=True).size_bytes == 0
