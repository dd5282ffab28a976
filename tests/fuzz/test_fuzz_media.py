"""Damaged videos and segments: read as far as they go, or refused in words."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.inputs import damaged, fuzz
from tests.support.video import VideoMaker
from tests.unit.recording.packets import packets
from vedette.domain.camera import CameraSpec, StreamSpec
from vedette.domain.errors import SourceError, VedetteError
from vedette.domain.messages import SegmentMessage
from vedette.pipeline.analyze import Summary, analyze
from vedette.recording.clips import ClipFile, ClipPart
from vedette.recording.disk import Disk
from vedette.recording.recorder import Recorder
from vedette.recording.repair import repair_segment

SMALL = {"seconds": 3, "fps": 5, "gop": 5, "width": 160, "height": 96, "tone_hz": 440.0}


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi", ".h264", ".mjpeg"])
@fuzz(0.25)
@given(data=st.data())
def test_a_damaged_video_ends_in_order(
    make_video: VideoMaker, tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject
) -> None:
    """The whole chain takes what can be read of it, and nothing but SourceError comes out."""
    raw = suffix in {".h264", ".mjpeg"}
    codec = "mjpeg" if suffix == ".mjpeg" else "h264"
    fields = {**SMALL, "codec": codec, "tone_hz": 0.0 if raw or suffix == ".avi" else 440.0}
    video = make_video(suffix=suffix, **fields)
    path = tmp_path_factory.mktemp("damaged") / f"clip{suffix}"
    path.write_bytes(data.draw(damaged(video.path.read_bytes())))
    spec = CameraSpec(id="clip", name="clip", main=StreamSpec(url=str(path)))
    summary = Summary(file=str(path))
    try:
        analyze(path, spec, None, summary, on_events=lambda _messages: None)
        assert summary.complete
    except SourceError as error:
        assert len(str(error)) > 10  # noqa: PT017 - one or the other


@pytest.fixture(scope="module")
def segment(make_video: VideoMaker, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A segment as the recorder writes it."""
    root = tmp_path_factory.mktemp("whole")
    announced: list[SegmentMessage] = []
    disk = Disk(root)
    recorder = Recorder("door", disk, announced.append, Counter())
    for packet in packets(make_video(**SMALL).path):
        recorder.write(packet)
    recorder.close()
    disk.close()
    return (root / announced[-1].path).read_bytes()


@fuzz()
@given(data=st.data())
def test_a_damaged_segment_is_repaired_or_refused(
    segment: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """What a repair leaves is a segment that a clip can be made of; all else is told."""
    path = tmp_path_factory.mktemp("segment") / "a.mp4"
    path.write_bytes(data.draw(damaged(segment)))
    try:
        repair_segment(path, 1_795_262_400.0)
    except VedetteError:
        return
    read_clip(path)


@fuzz()
@given(data=st.data())
def test_a_clip_of_a_damaged_segment_is_whole_or_refused(
    segment: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """As many bytes as it says, whatever stands in the file."""
    path = tmp_path_factory.mktemp("segment") / "a.mp4"
    path.write_bytes(data.draw(damaged(segment)))
    read_clip(path)


def read_clip(path: Path) -> None:
    """A clip over the whole of the segment, read to its end."""
    start = 1_795_262_400.0
    try:
        clip = ClipFile([ClipPart(path, start)], start, start + 60)
        assert sum(map(len, clip.read())) == clip.size_bytes
    except VedetteError:
        return
