"""The recording of an event: its clip, which moment stands where in it, and the preview."""

import asyncio
import io
from collections.abc import Callable
from typing import Any

import av
import pytest
from django.test import Client

from tests.integration.events.conftest import BEGIN_S, Tell
from tests.integration.recordings.conftest import Archive
from tests.unit.recording.packets import START_UTC_S
from vedette.domain.messages import EventMessage
from vedette.server.accounts.models import AuditEntry, Role

pytestmark = pytest.mark.usefixtures("cameras")
Bearer = Callable[[str], Client]


@pytest.fixture
def api(bearer: Bearer) -> Client:
    """A viewer's."""
    return bearer(Role.VIEWER)


def told(tell: Tell, start_s: float, end_s: float, **changes: Any) -> EventMessage:
    """An event from and to seconds of the recording, at its best in the middle."""
    times = {"end_utc_s": START_UTC_S + end_s, "best_utc_s": START_UTC_S + (start_s + end_s) / 2}
    return tell(at_s=START_UTC_S + start_s - BEGIN_S, **(times | changes))


async def body(answer: Any) -> bytes:
    """What is streamed."""
    return b"".join([piece async for piece in answer.streaming_content])


def length_s(api: Client, event: EventMessage, name: str, **query: Any) -> float:
    """How long a clip or preview plays."""
    answer = api.get(f"/api/v1/events/{event.id}/{name}.mp4", query)
    assert answer.status_code == 200, answer.content
    with av.open(io.BytesIO(asyncio.run(body(answer)))) as film:
        return (film.duration or 0) / 1_000_000


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ({}, 12.0),
        ({"pre_roll_s": 1, "post_roll_s": 0}, 3.0),
        ({"pre_roll_s": 0, "until": START_UTC_S + 6.5}, 1.5),
    ],
)
def test_a_clip_has_the_seconds_around_the_event(
    api: Client,
    tell: Tell,
    archive: Archive,
    query: dict[str, float],
    seconds: float,
) -> None:
    """As many as the camera is set to, or as asked for; `until` keeps a clip the same while it goes on."""
    archive.record(times=10)
    event = told(tell, 5, 7)
    assert length_s(api, event, "clip", **query) == pytest.approx(seconds, abs=0.11)


def test_times_of_a_clip(api: Client, tell: Tell, archive: Archive) -> None:
    """The first moment is exact, and where nothing was recorded a new stretch begins."""
    archive.record(times=2)
    archive.record(at_s=10, times=2)
    event = told(tell, 1, 11)
    found = api.get(f"/api/v1/events/{event.id}/clip", {"pre_roll_s": 0, "post_roll_s": 0}).json()
    first, second = found["timeline"]
    assert first["clip_s"] == 0
    assert first["utc_s"] == pytest.approx(START_UTC_S + 1, abs=0.001)
    assert second["utc_s"] == pytest.approx(START_UTC_S + 10, abs=0.001)
    assert second["clip_s"] == pytest.approx(first["duration_s"], abs=0.001)
    assert found["duration_s"] == pytest.approx(4.0, abs=0.11)


def test_a_preview_is_short(api: Client, tell: Tell, archive: Archive) -> None:
    """Six seconds of a long event, all of a short one, and at least a second."""
    archive.record(times=12)
    assert length_s(api, told(tell, 1, 21), "preview") == pytest.approx(6.0, abs=0.11)
    assert length_s(api, told(tell, 1, 4), "preview") == pytest.approx(3.0, abs=0.11)
    assert length_s(api, told(tell, 3, 3.1), "preview") == pytest.approx(1.0, abs=0.11)


def test_where_nothing_was_recorded(api: Client, tell: Tell, archive: Archive) -> None:
    """There is no clip, and the preview is empty without being an error."""
    event = told(tell, 1, 4)
    assert api.get(f"/api/v1/events/{event.id}/clip.mp4").status_code == 404
    assert api.get(f"/api/v1/events/{event.id}/clip").status_code == 404
    answer = api.get(f"/api/v1/events/{event.id}/preview.mp4")
    assert (answer.status_code, answer.content) == (204, b"")


def test_every_look_is_noted_once(api: Client, tell: Tell, archive: Archive) -> None:
    """P6: a clip that is read in many pieces is one look; a preview is another."""
    archive.record()
    event = told(tell, 1, 4)
    for start in (0, 100, 200):
        headers = {"Range": f"bytes={start}-{start + 99}"}
        assert api.get(f"/api/v1/events/{event.id}/clip.mp4", headers=headers).status_code == 206
    length_s(api, event, "preview")
    entries = AuditEntry.objects.filter(subject=event.id).order_by("pk")
    assert [(entry.action, entry.camera) for entry in entries] == [
        ("event.watched", "door"),
        ("event.previewed", "door"),
    ]
