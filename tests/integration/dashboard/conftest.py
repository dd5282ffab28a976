"""Rows and people for the tests of the pages."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from vedette.domain.ids import new_id
from vedette.server.accounts.models import Role, Site, User
from vedette.server.cameras.models import Camera, Profile
from vedette.server.cameras.service import add_camera
from vedette.server.events.models import Event
from vedette.server.events.store import index_events
from vedette.server.recordings.models import Segment

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

Login = Callable[..., Client]


@pytest.fixture
def login(db: None) -> Login:
    """Logged-in browsers: `login("viewer", zone="Europe/Berlin")`."""

    def make(role: str = Role.ADMINISTRATOR, zone: str = "", site: Site | None = None) -> Client:
        user = User.objects.create_user(f"{role}-{User.objects.count()}", None, role)
        if site is not None:
            user.site = site
            user.save()
        client = Client()
        client.force_login(user)
        if zone:
            client.cookies["vedette_zone"] = zone
        return client

    return make


@pytest.fixture
def door(db: None) -> Camera:
    """A camera with a password in its address."""
    return add_camera("Front door", "rtsp://ada:s3cret@192.168.1.20:554/1", camera_id="door")


@pytest.fixture
def elsewhere(db: None) -> Camera:
    """A camera of another site."""
    site = Site.objects.create(slug="other", name="Other")
    return Camera.objects.create(
        id="vault", name="Vault", site=site, main_url="rtsp://x/1", profile=Profile.default()
    )


def add_events(camera: str, count: int = 1, start: datetime = NOON, **changes: object) -> list[Event]:
    """Ended events a minute apart, oldest first."""
    first = Event.objects.count() + 1
    fields: dict[str, object] = {
        "kind": "object",
        "label": "person",
        "score": 0.8,
        "phase": "end",
        "revision": 2,
    }
    fields |= {"box": [10, 20, 30, 40], "width": 640, "height": 360}
    rows = [
        Event(
            id=new_id(),
            sequence=first + number,
            camera=camera,
            start=start + timedelta(minutes=number),
            end=start + timedelta(minutes=number, seconds=8),
            best=start + timedelta(minutes=number, seconds=4),
            **(fields | changes),
        )
        for number in range(count)
    ]
    Event.objects.bulk_create(rows)
    index_events(rows)
    return rows


def add_segment(camera: str, start: datetime, seconds: float = 600, **changes: object) -> Segment:
    """A closed segment."""
    segment_id = new_id()
    fields: dict[str, object] = {"state": "closed", "size_bytes": 1000, "codec": "h264"}
    fields["path"] = f"{segment_id}.mp4"
    end = start + timedelta(seconds=seconds)
    return Segment.objects.create(id=segment_id, camera=camera, start=start, end=end, **(fields | changes))
