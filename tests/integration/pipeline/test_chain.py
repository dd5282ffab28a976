"""Capture, detection and tracking in three processes over the local bus give what one process gives."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from tests.integration.pipeline.chain_process import detector_of, spec_of
from tests.support.video import VideoMaker
from vedette.domain.messages import EventMessage
from vedette.node.home import Home
from vedette.pipeline.analyze import Summary, analyze
from vedette.testing.figures import Look
from vedette.testing.scenes import Walk

VISIT = Walk("person", 1.5, 6.0, ((1.1, 0.96), (-0.1, 0.96)), 0.62, Look((60, 110, 60)))


def in_one_process(video: Path, model: str) -> list[EventMessage]:
    """All messages of `analyze`."""
    found: list[EventMessage] = []
    spec = spec_of(str(video))
    analyze(video, spec, detector_of(model), Summary(file=str(video)), on_events=found.extend)
    return found


class Stage:
    """A stage in a process of its own, ended by closing its standard input."""

    def __init__(self, stage: str, *arguments: object) -> None:
        module = "tests.integration.pipeline.chain_process"
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, stage, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Stage":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    def lines_until(self, word: str) -> list[str]:
        """Output up to the line that begins with a word."""
        assert self.process.stdout
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith(word):
                return lines
        raise AssertionError(f"ended without {word}: {lines}")


def in_three_processes(video: Path, model: str, folder: Path) -> list[EventMessage]:
    """All messages of the tracking process."""
    with ExitStack() as stack:
        tracking, detection = (
            stack.enter_context(Stage(stage, folder, video, model)) for stage in ("tracking", "detection")
        )
        tracking.lines_until("ready")
        detection.lines_until("ready")
        capture = stack.enter_context(Stage("capture", folder, video, model))
        lines = tracking.lines_until("end")
        assert capture.lines_until("refused") == ["refused 0\n"]
    return [
        msgspec.json.decode(line.removeprefix("event "), type=EventMessage)
        for line in lines
        if line.startswith("event ")
    ]


def without_ids(messages: Iterable[EventMessage]) -> list[EventMessage]:
    """Ids as numbers in the order of their first appearance."""
    numbers: dict[str, str] = {}
    return [
        msgspec.structs.replace(message, id=numbers.setdefault(message.id, str(len(numbers))))
        for message in messages
    ]


def assert_same(video: Path, model: str, folder: Path) -> None:
    """Every field of every message but the ids."""
    together = without_ids(in_one_process(video, model))
    apart = without_ids(in_three_processes(video, model, folder))
    assert Counter(message.phase for message in together)["end"] >= 1
    assert apart == together


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For the sockets."""
    return Home(tmp_path).prepare().runtime


def test_a_made_video_gives_the_same_events(make_video: VideoMaker, folder: Path) -> None:
    """One person in a room, found without a model file."""
    video = make_video(background="room", walks=(VISIT,), seconds=9.0, fps=10, gop=20)
    assert_same(video.path, "", folder)


def test_real_footage_gives_the_same_events(
    clip: Callable[[str], Path], models_dir: Path, folder: Path
) -> None:
    """Cars on a road, found by the default model: more frames than the bus holds at once."""
    assert_same(clip("car-detection.mp4"), str(models_dir / "yolox_nano.onnx"), folder)
