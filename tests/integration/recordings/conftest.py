"""Real recordings on the disk with their rows, and people who look at them."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.support.video import VideoMaker
from tests.unit.recording.packets import START_UTC_S, Recording, packets
from vedette.domain.messages import SegmentMessage
from vedette.server.accounts.models import Role
from vedette.server.accounts.tokens import create_token
from vedette.server.cameras.models import Camera
from vedette.server.cameras.service import add_camera
from vedette.server.recordings.models import Segment
from vedette.server.recordings.store import segment_row, store_segments

START = datetime.fromtimestamp(START_UTC_S, UTC)


@dataclass
class Archive:
    """Recordings below the home of the tests; `START_UTC_S` is where the first one begins."""

    root: Path
    make_video: VideoMaker
    messages: list[SegmentMessage] = field(default_factory=list)

    def record(
        self,
        camera: str = "door",
        at_s: float = 0.0,
        times: int = 3,
        moved: dict[float, float] | None = None,
        segment_s: float = 2.0,
        **video: object,
    ) -> list[Segment]:
        """Record a video `times` on end from `at_s` on, with what moved by second; returns its rows."""
        made = self.make_video(**({"seconds": 2, "width": 320, "height": 180, "gop": 10} | video))  # type: ignore[arg-type]
        recording = Recording(self.root, camera=camera, segment_s=segment_s)
        for packet in packets(made.path, START_UTC_S + at_s, times=times):
            recording.recorder.write(packet)
            share = (moved or {}).get(int(packet.utc_s - START_UTC_S))
            if share and packet.is_video:
                recording.recorder.moved(packet.utc_s, share)
        recording.close()
        self.messages += recording.closed
        return store_segments([segment_row(message) for message in recording.closed])


@pytest.fixture
def archive(db: None, make_video: VideoMaker) -> Iterator[Archive]:
    """An empty archive."""
    root = settings.HOME.recordings
    root.mkdir(parents=True, exist_ok=True)
    yield Archive(root, make_video)
    for folder in root.iterdir():
        shutil.rmtree(folder)


@pytest.fixture
def door(db: None) -> Camera:
    """A camera."""
    return add_camera("Front door", "rtsp://192.168.1.20/1", camera_id="door")


@pytest.fixture
def bearer(db: None) -> Callable[..., Client]:
    """Clients with a token: `bearer("viewer")`."""

    def make(role: str = Role.ADMINISTRATOR) -> Client:
        return Client(headers={"Authorization": f"Bearer {create_token(f'test {role}', role)}"})

    return make


@pytest.fixture
def api(bearer: Callable[..., Client]) -> Client:
    """A client that may do everything."""
    return bearer()


def at(seconds: float) -> str:
    """So many seconds into the recording, as ISO 8601."""
    return datetime.fromtimestamp(START_UTC_S + seconds, UTC).isoformat()
