"""Frames as messages, and the stages over a bus."""

import threading
from collections import Counter

import numpy as np
import pytest

from tests.support.processes import PATIENCE_S
from tests.support.video import VideoMaker
from vedette.bus.topics import DETECTIONS, FRAMES
from vedette.domain.camera import CameraSpec, StreamSpec
from vedette.domain.errors import SourceError
from vedette.domain.messages import Detections, FrameMessage, decode, encode
from vedette.media.planes import Planes
from vedette.pipeline.capture import Capture
from vedette.pipeline.chain import (
    frames_of,
    from_message,
    run_capture,
    run_detection,
    run_tracking,
    to_message,
)
from vedette.pipeline.frames import Frame
from vedette.sources.base import open_source
from vedette.testing.bus import MemoryBus
from vedette.vision.detectors.people import people_detector

SPEC = CameraSpec(id="door", name="Door", main=StreamSpec(url="scene:room"))


def frames(make_video: VideoMaker, count: int = 3) -> list[Frame]:
    """The first frames of a video in which somebody walks."""
    source = open_source(StreamSpec(url=str(make_video(seconds=4).path)), pace=False, counters=Counter())
    source.open()
    found = list(frames_of(Capture("door", SPEC.profile, Counter(), gate=False), source.packets()))
    source.close()
    return found[:count]


def test_a_frame_travels_without_loss(make_video: VideoMaker) -> None:
    """Planes, luma, times and reason are the same on the other side of the wire."""
    for frame in frames(make_video):
        message = decode(encode(to_message(frame)))
        assert isinstance(message, FrameMessage)
        back = from_message(message)
        assert isinstance(frame.picture, Planes)
        assert isinstance(back.picture, Planes)
        for plane in "yuv":
            assert np.array_equal(getattr(back.picture, plane), getattr(frame.picture, plane))
        assert np.array_equal(back.luma, frame.luma)
        assert (back.camera, back.utc_s, back.sequence, back.reason) == (
            frame.camera,
            frame.utc_s,
            frame.sequence,
            frame.reason,
        )


@pytest.mark.parametrize("encoding", ["i420", "jpeg"])
@pytest.mark.parametrize("data", [b"", b"short", bytes(100)])
def test_a_damaged_picture_is_an_error_with_words(encoding: str, data: bytes) -> None:
    """Half a picture is refused, not looked at."""
    message = FrameMessage(
        camera="door", utc_s=1.0, sequence=1, width=640, height=360, encoding=encoding, data=data
    )
    with pytest.raises(SourceError):
        from_message(message)


def test_a_full_bus_costs_a_live_camera_frames(make_video: VideoMaker) -> None:
    """Without patience the frames that find no room are counted, and the end still gets through later."""
    bus = MemoryBus(depth=2)
    source = open_source(StreamSpec(url=str(make_video(seconds=4).path)), pace=False, counters=Counter())
    source.open()
    packets = list(source.packets())
    source.close()
    capture = Capture("door", SPEC.profile, Counter(), gate=False)
    # Two frames fit, so the end does not: somebody has to read meanwhile.
    reader = bus.subscribe(FRAMES)
    seen: list[object] = []

    def read_to_end() -> None:
        while isinstance(message := reader.receive(10), FrameMessage):
            seen.append(message.reason)
            if message.reason == "end":
                return

    total = len(list(frames_of(Capture("door", SPEC.profile, Counter(), gate=False), packets)))
    thread = threading.Thread(target=read_to_end)
    thread.start()
    refused = run_capture(SPEC, packets, capture, bus)
    thread.join(PATIENCE_S)
    assert seen[-1] == "end"
    assert len(seen) - 1 + refused == total


def test_the_stages_end_with_the_stream(make_video: VideoMaker) -> None:
    """The end travels through all stages, and open events end with it."""
    bus = MemoryBus(depth=1000)
    source = open_source(StreamSpec(url=str(make_video(seconds=4).path)), pace=False, counters=Counter())
    source.open()
    assert run_capture(SPEC, source.packets(), Capture("door", SPEC.profile, Counter()), bus) == 0
    source.close()
    run_detection(SPEC, bus.subscribe(FRAMES), people_detector(), bus, idle_s=1)
    messages = list(run_tracking(SPEC, bus.subscribe(DETECTIONS), None, idle_s=1))
    assert messages
    assert messages[-1].phase == "end"


def test_silence_ends_a_stage() -> None:
    """A stage whose sender has died does not wait for ever."""
    bus = MemoryBus()
    run_detection(SPEC, bus.subscribe(FRAMES), None, bus, idle_s=0.01)
    bus.publish(DETECTIONS, "door", Detections(camera="door", utc_s=1, sequence=1, width=8, height=8))
    assert list(run_tracking(SPEC, bus.subscribe(DETECTIONS), None, idle_s=0.01)) == []
