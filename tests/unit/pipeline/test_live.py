"""Live streams of a worker: from the newest keyframe on, only on demand, bounded, whole groups or nothing."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.support.processes import wait_until
from tests.support.video import VideoMaker
from tests.unit.recording.packets import packets
from vedette.domain.messages import LiveEnd, LiveFragment, LiveInit, LiveRequest, LiveStop, LiveStream
from vedette.media.packets import MediaPacket, VideoInfo
from vedette.media.ring import PacketRing
from vedette.pipeline import live, live_tap
from vedette.pipeline.live import LiveFeed, LiveStreams
from vedette.pipeline.live_tap import LiveTap

Sent = LiveInit | LiveFragment | LiveEnd


@pytest.fixture
def stream(make_video: VideoMaker) -> list[MediaPacket]:
    """Four groups of ten pictures, of now."""
    return list(packets(make_video(seconds=4, gop=10, width=320, height=180).path, time.time() - 4))


class Camera:
    """A stream with its ring, as a session has it."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.ring = PacketRing(2**20)
        self.tap = LiveTap(self.ring, self.counters)

    def send(self, stream: list[MediaPacket]) -> None:
        for packet in stream:
            self.ring.append(packet)
            self.tap.offer(packet)


class Line:
    """Takes messages, or refuses them."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.open = True

    def publish(self, message: Sent) -> bool:
        if self.open:
            self.sent.append(message)
        return self.open

    @property
    def fragments(self) -> list[LiveFragment]:
        return [message for message in self.sent if isinstance(message, LiveFragment)]

    @property
    def inits(self) -> list[LiveInit]:
        return [message for message in self.sent if isinstance(message, LiveInit)]


@pytest.fixture
def camera() -> Camera:
    return Camera()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def feed(camera: Camera, line: Line) -> LiveFeed:
    """Watched from the beginning on."""
    return LiveFeed("door", "main", camera.tap, line.publish, camera.counters)


def nothing() -> None:
    """Nobody waits."""


def test_it_begins_with_the_newest_keyframe_at_once(
    camera: Camera, feed: LiveFeed, line: Line, stream: list[MediaPacket]
) -> None:
    """Who asks in the middle of a group has its pictures without waiting for a keyframe, none twice."""
    camera.send(stream[:25])
    camera.tap.open(nothing)
    camera.tap.offer(stream[24])  # the reader was between ring and tap
    feed.pump()
    assert len(line.inits) == 1
    assert line.fragments[0].keyframe
    assert line.fragments[0].utc_s == pytest.approx(stream[20].utc_s)
    camera.send(stream[25:30])
    feed.pump()
    assert line.fragments[-1].utc_s + line.fragments[-1].duration_s == pytest.approx(
        stream[29].utc_s + 0.1, abs=0.01
    )
    assert sum(f.duration_s for f in line.fragments) == pytest.approx(1.0, abs=0.01)


def test_nothing_is_kept_while_nobody_watches(camera: Camera, stream: list[MediaPacket]) -> None:
    """The tap costs a look at one field; after closing it is empty again."""
    camera.send(stream[:10])
    assert camera.tap.take() == []
    camera.tap.open(nothing)
    camera.tap.close()
    camera.send(stream[10:20])
    assert camera.tap.take() == []


def test_an_old_picture_is_no_beginning(camera: Camera, make_video: VideoMaker) -> None:
    """A camera that has been silent for a minute does not show what was a minute ago as live."""
    camera.send(list(packets(make_video(seconds=1, gop=10, width=320, height=180).path, time.time() - 60)))
    camera.tap.open(nothing)
    assert camera.tap.take() == []


def test_a_thread_that_lags_costs_whole_groups(
    camera: Camera, feed: LiveFeed, line: Line, stream: list[MediaPacket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the tap is full all that waits goes, it fills again from a keyframe on, and it is counted."""
    monkeypatch.setattr(live_tap, "TAP_BYTES_MAX", sum(p.size_bytes for p in stream[:15]))
    camera.tap.open(nothing)
    camera.send(stream)
    feed.pump()
    assert camera.counters["live_packets_dropped"] > 0
    assert line.fragments[0].keyframe


def test_after_a_drop_nothing_comes_until_the_next_keyframe(
    camera: Camera, feed: LiveFeed, line: Line, stream: list[MediaPacket]
) -> None:
    """A full bus costs the rest of the group: a player could not use it anyway."""
    camera.tap.open(nothing)
    camera.send(stream[:12])
    feed.pump()
    line.open = False
    camera.send(stream[12:14])
    feed.pump()
    line.open = True
    before = len(line.fragments)
    camera.send(stream[14:40])
    feed.pump()
    assert line.fragments[before].keyframe
    assert line.fragments[before].utc_s == pytest.approx(stream[20].utc_s)
    assert camera.counters["live_fragments_dropped"] > 0
    assert len(line.inits) == 1


def test_a_beginning_that_was_dropped_is_made_again(
    camera: Camera, feed: LiveFeed, line: Line, stream: list[MediaPacket]
) -> None:
    """Without its head no fragment can be played, so the next keyframe is another beginning."""
    line.open = False
    camera.tap.open(nothing)
    camera.send(stream[:3])
    feed.pump()
    line.open = True
    camera.send(stream[3:25])
    feed.pump()
    assert len(line.inits) == 1
    assert {f.run for f in line.fragments} == {line.inits[0].run}
    assert line.fragments[0].utc_s == pytest.approx(stream[10].utc_s)


@pytest.mark.parametrize("change", ["parameters", "clock"])
def test_it_begins_anew_when_the_stream_does(
    camera: Camera, feed: LiveFeed, line: Line, stream: list[MediaPacket], change: str
) -> None:
    """Other parameters or a jump of the clock are another run, from the next keyframe on."""
    info = stream[0].info
    assert isinstance(info, VideoInfo)
    fields: dict[str, Any] = {"info": replace(info)} if change == "parameters" else {}
    later = [replace(packet, **fields) for packet in stream[15:]]
    later[0] = replace(later[0], discontinuity=change == "clock")
    camera.tap.open(nothing)
    camera.send([*stream[:15], *later])
    feed.pump()
    first, second = line.inits
    assert first.run != second.run
    assert next(f for f in line.fragments if f.run == second.run).utc_s == pytest.approx(stream[20].utc_s)


def test_video_that_no_browser_plays_is_refused_once(
    camera: Camera, feed: LiveFeed, line: Line, make_video: VideoMaker
) -> None:
    """The viewer is told why; nothing more is sent."""
    made = make_video(seconds=1, codec="mjpeg", suffix=".avi", width=320, height=180)
    camera.tap.open(nothing)
    camera.send(list(packets(made.path)))
    feed.pump()
    assert [(type(m), m.reason) for m in line.sent if isinstance(m, LiveEnd)] == [(LiveEnd, "codec")]
    assert line.fragments == []


class Worker:
    """Live streams over one camera."""

    def __init__(self, camera: Camera, line: Line) -> None:
        self.camera: Camera | None = camera
        self.boxes: list[bool] = []
        self.counters: Counter[str] = Counter()
        self.streams = LiveStreams(self.find, line.publish, self.watch_boxes, self.counters)

    def find(self, camera: str, stream: LiveStream) -> LiveTap | None:
        return self.camera.tap if self.camera and (camera, stream) == ("door", "main") else None

    def watch_boxes(self, camera: str, wanted: bool) -> bool:
        self.boxes.append(wanted)
        return camera == "door"


@pytest.fixture
def worker(camera: Camera, line: Line) -> Iterator[Worker]:
    made = Worker(camera, line)
    yield made
    made.streams.close()


def request(stream: LiveStream = "main", lease_s: float = 30.0, camera: str = "door") -> LiveRequest:
    return LiveRequest(camera=camera, stream=stream, lease_s=lease_s)


def live_threads() -> int:
    return sum(thread.name == "live" for thread in threading.enumerate())


def test_a_request_starts_and_a_stop_ends_it(
    worker: Worker, camera: Camera, line: Line, stream: list[MediaPacket]
) -> None:
    """The thread is there on demand only; asked twice, a stream is one stream."""
    assert live_threads() == 0
    worker.streams.ask(request())
    worker.streams.ask(request())
    wait_until(lambda: worker.streams.watched == 1, what="watched")
    camera.send(stream[:20])
    wait_until(lambda: len(line.fragments) > 1, what="fragments")
    assert len(line.inits) == 1
    worker.streams.ask(LiveStop(camera="door", stream="main"))
    wait_until(lambda: worker.streams.watched == 0, what="ended")
    assert camera.tap.take() == []


def test_a_lease_that_nobody_renews_ends(worker: Worker, camera: Camera) -> None:
    """A server that has died does not keep cameras streaming."""
    worker.streams.ask(request(lease_s=0.2))
    worker.streams.ask(request("boxes", lease_s=0.2))
    wait_until(lambda: worker.streams.watched == 2, what="watched")
    wait_until(lambda: worker.streams.watched == 0, what="ended")
    assert worker.counters["live_leases_expired"] == 2
    assert worker.boxes == [True, False]


def test_the_thread_ends_when_nothing_is_watched(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs nothing afterwards, and comes back when asked."""
    monkeypatch.setattr(live, "IDLE_S", 0.0)
    worker.streams.ask(LiveStop(camera="door", stream="main"))
    wait_until(lambda: live_threads() == 0, what="the thread has ended")
    worker.streams.ask(request())
    wait_until(lambda: worker.streams.watched == 1, what="watched again")


def test_a_stream_that_is_not_there_is_refused(worker: Worker, line: Line) -> None:
    """No sub stream: the viewer hears of it and may take the main stream."""
    worker.streams.ask(request("sub"))
    wait_until(lambda: line.sent, what="an answer")
    assert isinstance(line.sent[0], LiveEnd)
    assert line.sent[0].reason == "no_stream"


def test_a_camera_that_came_back_is_found_again(
    worker: Worker, camera: Camera, line: Line, stream: list[MediaPacket]
) -> None:
    """Another session has another tap: the next renewal goes over to it."""
    worker.streams.ask(request())
    wait_until(lambda: worker.streams.watched == 1, what="watched")
    worker.camera = Camera()
    worker.streams.ask(request())
    wait_until(lambda: worker.counters["live_streams_started"] == 2, what="started again")
    worker.camera.send(stream[:15])
    wait_until(lambda: line.fragments, what="fragments of the new session")


def test_one_odd_packet_ends_one_stream(
    worker: Worker, camera: Camera, stream: list[MediaPacket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error is counted and logged; the thread serves the others on."""
    monkeypatch.setattr(LiveFeed, "pump", lambda _self: 1 / 0)
    worker.streams.ask(request())
    wait_until(lambda: worker.counters["live_errors"] == 1, what="the error")
    assert live_threads() == 1
