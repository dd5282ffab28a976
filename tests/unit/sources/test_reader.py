"""StreamReader: a stream that breaks comes back, footage that ends ends, and stop is prompt."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.video import VideoMaker
from tests.unit.media.packets import VIDEO, packet
from tests.unit.sources.cameras import Collector
from tests.unit.sources.threads import running
from vedette.domain.camera import StreamSpec
from vedette.domain.errors import SourceError
from vedette.domain.messages import CameraState
from vedette.media.packets import MediaPacket
from vedette.sources.base import Source
from vedette.sources.reader import Backoff, StreamReader

FAST = Backoff(first_s=0.001, most_s=0.004)
CLIP = {"seconds": 0.6, "fps": 10, "gop": 3, "width": 160, "height": 96}


class ScriptedSource:
    """A source that does what a test says."""

    video, audio, live = VIDEO, None, True

    def __init__(
        self, script: Callable[["ScriptedSource"], Iterator[MediaPacket]], opens: bool = True
    ) -> None:
        self._script, self._opens = script, opens
        self.closed = threading.Event()

    def open(self) -> None:
        if not self._opens:
            raise SourceError("does not open.", hint="Try again.")

    def packets(self) -> Iterator[MediaPacket]:
        return self._script(self)

    def close(self) -> None:
        self.closed.set()


class Scripts:
    """An opener that gives one scripted source after the other, the last for ever."""

    def __init__(self, *sources: Callable[[], Source]) -> None:
        self._sources = list(sources)
        self.opened: list[Any] = []

    def __call__(self, spec: StreamSpec, **how: object) -> Source:
        source = (self._sources.pop(0) if len(self._sources) > 1 else self._sources[0])()
        self.opened.append(source)
        return source


def two_packets(source: ScriptedSource) -> Iterator[MediaPacket]:
    yield packet(0.0, keyframe=True)
    yield packet(0.1)


def failing(source: ScriptedSource) -> Iterator[MediaPacket]:
    yield packet(0.0, keyframe=True)
    raise SourceError("broke.")


def hanging(source: ScriptedSource) -> Iterator[MediaPacket]:
    yield packet(0.0, keyframe=True)
    source.closed.wait(60)


def reader_of(opener: Scripts, sink: Collector, counters: Counter[str] | None = None) -> StreamReader:
    counted = Counter[str]() if counters is None else counters
    return StreamReader(StreamSpec(url="rtsp://camera/"), sink, counters=counted, backoff=FAST, opener=opener)


def test_a_camera_that_does_not_open_is_tried_again() -> None:
    """Each failure is a state with the error's words, and a counter."""
    opener = Scripts(*[lambda: ScriptedSource(hanging, opens=False)] * 3, lambda: ScriptedSource(hanging))
    sink, counters = Collector(), Counter[str]()
    with running(reader_of(opener, sink, counters)):
        sink.wait(lambda s: bool(s.packets))
    assert counters["open_failures"] == counters["reconnects"] == 3
    assert (CameraState.RETRYING, "does not open. Try again.") in sink.states
    assert sink.states[-1] == (CameraState.STREAMING, "")
    assert sink.ends == 0


def test_a_stream_that_breaks_or_ends_is_opened_again() -> None:
    """For a live camera an error and an end are the same: it is connected to anew, each source closed."""
    opener = Scripts(
        lambda: ScriptedSource(failing), lambda: ScriptedSource(two_packets), lambda: ScriptedSource(hanging)
    )
    sink, counters = Collector(), Counter[str]()
    with running(reader_of(opener, sink, counters)):
        sink.wait(lambda s: len(s.packets) == 4)
    assert counters["reconnects"] == 2
    assert counters["packets"] == 4
    assert all(source.closed.is_set() for source in opener.opened)
    assert any("has ended the stream" in message for _, message in sink.states)


def test_stop_closes_a_hanging_source() -> None:
    """A reader that waits inside its source is freed by closing that source."""
    opener, sink = Scripts(lambda: ScriptedSource(hanging)), Collector()
    with running(reader_of(opener, sink)):
        sink.wait(lambda s: bool(s.packets))
    assert opener.opened[0].closed.is_set()
    assert len(opener.opened) == 1


def test_stop_ends_a_pause() -> None:
    """A reader that waits for its next attempt ends at once."""
    opener, sink = Scripts(lambda: ScriptedSource(hanging, opens=False)), Collector()
    slow = Backoff(first_s=600.0, most_s=600.0)
    reader = StreamReader(
        StreamSpec(url="rtsp://camera/"), sink, counters=Counter(), backoff=slow, opener=opener
    )
    with running(reader):
        sink.wait(lambda s: any(state is CameraState.RETRYING for state, _ in s.states))


def test_stop_before_run() -> None:
    """A reader that was stopped before it began opens nothing."""
    opener, sink = Scripts(lambda: ScriptedSource(hanging)), Collector()
    reader = reader_of(opener, sink)
    reader.stop()
    reader.run()
    assert opener.opened == []


def test_errors_of_the_sink_are_not_hidden() -> None:
    """A bug in what takes the packets ends the reader with that error; the source is closed."""
    opener = Scripts(lambda: ScriptedSource(hanging))

    class Broken(Collector):
        def on_packet(self, packet: MediaPacket) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        reader_of(opener, Broken()).run()
    assert opener.opened[0].closed.is_set()


def test_footage_ends_once(make_video: VideoMaker) -> None:
    """A file is read to its end, said once, and not begun again."""
    sink = Collector()
    StreamReader(StreamSpec(url=str(make_video(**CLIP).path)), sink, counters=Counter()).run()
    assert len(sink.packets) == 6
    assert sink.ends == 1
    assert sink.states[-1] == (CameraState.ENDED, "")


def test_broken_footage_ends_with_its_error(make_video: VideoMaker) -> None:
    """A damaged file is not read again and again; what was wrong is told."""
    whole = make_video(**{**CLIP, "seconds": 4.0, "fps": 25}, faststart=True).path
    path = whole.with_name("cut-footage.mp4")
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
    sink, counters = Collector(), Counter[str]()
    StreamReader(StreamSpec(url=str(path)), sink, counters=counters).run()
    assert sink.ends == 1
    assert "cut off" in sink.states[-1][1]
    assert counters["broken_footage"] == 1


def test_loops_go_on_in_time(make_video: VideoMaker) -> None:
    """A looped file begins again, marked, and its time goes on."""
    sink = Collector()
    reader = StreamReader(StreamSpec(url=str(make_video(**CLIP).path), loop=True), sink, counters=Counter())
    with running(reader):
        sink.wait(lambda s: len(s.packets) > 8)
    times = [p.utc_s for p in sink.packets]
    assert times == sorted(set(times))
    assert [p.discontinuity for p in sink.packets[:8]] == [False] * 6 + [True, False]
    assert sink.ends == 0


def test_a_missing_file_is_waited_for(make_video: VideoMaker) -> None:
    """A path that does not exist yet is tried again, and read once it is there."""
    path = make_video.folder / "later.mp4"
    sink = Collector()
    reader = StreamReader(StreamSpec(url=str(path)), sink, counters=Counter(), backoff=FAST)
    with running(reader):
        sink.wait(lambda s: any(state is CameraState.RETRYING for state, _ in s.states))
        path.hardlink_to(make_video(**CLIP).path)
        sink.wait(lambda s: s.ends == 1)
    assert len(sink.packets) == 6


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_pauses_grow_to_a_bound(failures: int, chance: float) -> None:
    """Pauses lie between half and all of 0.5 s, doubled with each failure up to 30 s."""
    pause_s = Backoff().pause_s(failures, chance)
    full_s = min(0.5 * 2 ** min(failures - 1, 30), 30.0)
    assert full_s / 2 <= pause_s <= full_s


def test_a_healthy_stretch_makes_the_next_pause_short() -> None:
    """Failures count in a row; after a long good stretch the first pause is the first again."""
    opener, sink = Scripts(lambda: ScriptedSource(failing)), Collector()
    backoff = Backoff(first_s=0.001, most_s=1e6, jitter=0.0, healthy_s=0.0)
    reader = StreamReader(
        StreamSpec(url="rtsp://camera/"), sink, counters=Counter(), backoff=backoff, opener=opener
    )
    with running(reader):
        sink.wait(lambda s: len(s.packets) > 40)  # without the reset, the fortieth pause would be endless
