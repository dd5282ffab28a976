"""Videos that every acceptance test may play."""

from pathlib import Path

import pytest

from tests.support.video import Video, VideoMaker
from vedette.testing.figures import Look
from vedette.testing.scenes import Walk

VISIT = Walk("person", 2.0, 7.0, ((1.1, 0.96), (-0.1, 0.96)), 0.62, Look((60, 110, 60)))


@pytest.fixture(scope="session")
def visit(make_video: VideoMaker) -> Video:
    """A room that one person crosses, from second 2 to 7 of 9."""
    return make_video(background="room", walks=(VISIT,), seconds=9.0, fps=10, gop=20)


@pytest.fixture(scope="session")
def quiet(make_video: VideoMaker) -> Video:
    """The room with nobody in it, for 10 s."""
    return make_video(background="room", quiet=True, seconds=10.0, fps=10, gop=10)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own for each test."""
    return tmp_path / "home"
