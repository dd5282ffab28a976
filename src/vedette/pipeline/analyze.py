"""Recorded footage from its first packet to its last event, as fast as the machine can."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from vedette.domain.camera import CameraSpec, StreamSpec
from vedette.domain.errors import SourceError
from vedette.domain.messages import EventMessage
from vedette.pipeline.capture import Capture
from vedette.pipeline.chain import end_of, frames_of
from vedette.pipeline.detection import DetectionStage
from vedette.pipeline.frames import Frame
from vedette.pipeline.tracking import TrackingStage
from vedette.sources.base import open_source
from vedette.vision.detectors.base import Detector

FRAMES_AHEAD = 4
"""Frames that the decoding thread may be ahead of detection."""


class Summary(msgspec.Struct, kw_only=True):
    """What an analysis cost and found."""

    file: str
    complete: bool = False
    duration_s: float = 0.0
    frames_decoded: int = 0
    keyframes_decoded: int = 0
    frames_analysed: int = 0
    events: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0


class _Prefetch:
    """Runs an iterator on a thread, a few items ahead; the consumer sees its items and its error."""

    def __init__(self, items: Iterator[Frame], ahead: int) -> None:
        self._items = items
        self._queue: queue.Queue[Frame | BaseException | None] = queue.Queue(ahead)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="decode", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Frame]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self) -> None:
        """Stop early or after the end; the iterator is not used after this returns."""
        self._stopped.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue
        self._thread.join()

    def _run(self) -> None:
        last: BaseException | None = None
        try:
            for item in self._items:
                self._queue.put(item)
                if self._stopped.is_set():
                    return
        except Exception as error:  # noqa: BLE001 - handed to the consumer, who raises it
            last = error
        self._queue.put(last)


def analyze(
    path: str | Path,
    spec: CameraSpec,
    detector: Detector | None,
    summary: Summary,
    *,
    gate: bool = True,
    on_events: Callable[[Sequence[EventMessage]], None],
    on_progress: Callable[[float], None] = lambda _utc_s: None,
) -> None:
    """Run all stages over a file; event times are seconds from the start of the file.

    Args:
        path: video file or folder of pictures.
        spec: zones and profile; its streams are not used.
        detector: None measures motion only.
        summary: filled in, also when the file cannot be read to its end.
        gate: False decodes and samples every frame, as a yardstick.
        on_events: called with the messages in order.
        on_progress: called with the file time reached.

    Raises:
        SourceError: the file cannot be opened or read to its end; events found so far have been given.
    """
    started_s, cpu_before_s = time.monotonic(), time.process_time()
    counters: Counter[str] = Counter()
    source = open_source(StreamSpec(url=str(path)), pace=False, counters=counters)
    source.open()
    stages = _Stages(spec, detector, on_events, summary)
    capture = Capture(spec.id, spec.profile, counters, gate=gate)
    frames = _Prefetch(frames_of(capture, source.packets()), FRAMES_AHEAD)
    try:
        for frame in frames:
            stages.take(frame)
            on_progress(frame.utc_s)
        if not stages.frames:
            raise SourceError("No picture could be decoded.", hint="Is it a complete video file?")
        summary.complete = True
    finally:
        frames.close()
        source.close()
        stages.finish()
        summary.keyframes_decoded = counters["keyframes_decoded"]
        inside = counters["frames_decoded_inside"]
        summary.frames_decoded = counters["frames_decoded"] + summary.keyframes_decoded + inside
        summary.frames_analysed = counters["frames_analysed"]
        summary.cpu_s = time.process_time() - cpu_before_s
        summary.wall_s = time.monotonic() - started_s


class _Stages:
    """Detection and tracking, and the events they gave."""

    def __init__(
        self,
        spec: CameraSpec,
        detector: Detector | None,
        on_events: Callable[[Sequence[EventMessage]], None],
        summary: Summary,
    ) -> None:
        self._spec = spec
        self._detector = detector
        self._on_events = on_events
        self._summary = summary
        self.frames = 0
        self._detection = DetectionStage(spec)
        self._tracking = TrackingStage(spec)

    def take(self, frame: Frame) -> None:
        self.frames += 1
        self._summary.duration_s = max(self._summary.duration_s, frame.utc_s)
        self._give(self._tracking.process(self._detection.process(frame, self._detector)))

    def finish(self) -> None:
        self._give(self._tracking.process(end_of(self._spec, 0)))

    def _give(self, messages: Sequence[EventMessage]) -> None:
        self._summary.events += sum(message.phase == "end" for message in messages)
        if messages:
            self._on_events(messages)
