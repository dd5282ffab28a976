"""Videos that every acceptance test may play."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rtsp import CameraFarm
from tests.support.video import Video, VideoMaker
from vedette.testing.figures import Look
from vedette.testing.scenes import Walk

VISIT = Walk("person", 1.5, 6.0, ((1.1, 0.96), (-0.1, 0.96)), 0.62, Look((60, 110, 60)))


@pytest.fixture(scope="session")
def visit(make_video: VideoMaker) -> Video:
    """A room that one person crosses, from second 1.5 to 6 of 9."""
    return make_video(background="room", walks=(VISIT,), seconds=9.0, fps=10, gop=20)


@pytest.fixture(scope="session")
def quiet(make_video: VideoMaker) -> Video:
    """The room with nobody in it, for 10 s."""
    return make_video(background="room", quiet=True, seconds=10.0, fps=10, gop=10)


@pytest.fixture(scope="session")
def farm() -> Iterator[CameraFarm]:
    """Cameras for all tests; each takes a path of its own."""
    with CameraFarm() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own for each test."""
    return tmp_path / "home"
