"""Cameras, events, rules and channels for the tests of alerts."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from tests.support.receivers import Receiver
from vedette.domain.ids import new_id
from vedette.server.accounts.models import Site
from vedette.server.alerts import service
from vedette.server.alerts.arming import set_armed
from vedette.server.alerts.models import Channel, Rule
from vedette.server.cameras.models import Camera
from vedette.server.cameras.service import add_camera
from vedette.server.events.models import Event

JPEG = b"\xff\xd8\xff\xe0 a picture of somebody \xff\xd9"

MakeEvent = Callable[..., Event]
MakeRule = Callable[..., Rule]
MakeChannel = Callable[..., Channel]


@pytest.fixture
def drive(db: None) -> Camera:
    """A camera that is armed."""
    camera = add_camera("Drive", "rtsp://192.168.1.20/1", camera_id="drive")
    set_armed(["drive"], True, by="ada", now=timezone.now() - timedelta(days=1))
    return camera


@pytest.fixture
def garden(db: None) -> Camera:
    """Another one, likewise."""
    camera = add_camera("Garden", "rtsp://192.168.1.21/1", camera_id="garden")
    set_armed(["garden"], True, by="ada", now=timezone.now() - timedelta(days=1))
    return camera


_last = [0]


def make_event(camera: str = "drive", start: datetime | None = None, **changes: Any) -> Event:
    """A stored event that goes on; changes are fields."""
    start = start or timezone.now()
    _last[0] = max(_last[0] + 1, int(timezone.now().timestamp() * 1e6))
    fields: dict[str, Any] = {
        "id": new_id(), "sequence": _last[0], "camera": camera, "kind": "object", "label": "person",
        "score": 0.87, "phase": "start", "revision": 1, "start": start, "end": start, "best": start,
    }  # fmt: skip
    return Event.objects.create(**(fields | changes))


def renew(event: Event, **changes: Any) -> Event:
    """The next revision of an event."""
    _last[0] += 1
    fields = {"revision": event.revision + 1, "sequence": max(_last[0], event.sequence + 1)} | changes
    Event.objects.filter(pk=event.pk).update(**fields)
    return Event.objects.get(pk=event.pk)


def make_rule(*channels: Channel, **fields: Any) -> Rule:
    """A rule for persons while armed that tells these channels."""
    values = {
        "labels": ["person"],
        "cooldown_s": 0.0,
        "group_s": 0.0,
        "channels": [each.pk for each in channels],
    }
    return service.change_rule(Rule(site=Site.default()), values | fields)


def make_channel(kind: str, name: str = "", **config: Any) -> Channel:
    """A channel of the default site."""
    row = Channel(site=Site.default(), kind=kind)
    return service.change_channel(row, {"name": name or kind.capitalize(), "config": config})


@pytest.fixture
def hook() -> Iterator[Receiver]:
    """A server that webhooks are sent to."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def webhook(drive: Camera, hook: Receiver) -> Channel:
    """A channel to it."""
    return make_channel("webhook", "Hook", url=hook.url("/alarm?key=s3cret-path"))


@pytest.fixture
def snapshot() -> Iterator[str]:
    """The object key of a picture that is there."""
    key = f"alerts/{new_id()}.jpg"
    path = Path(settings.HOME.snapshots) / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(JPEG)
    yield key
    path.unlink(missing_ok=True)
