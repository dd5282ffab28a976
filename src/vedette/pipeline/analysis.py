"""The analysis side of a camera session: packets in an inbox, stages on shared pools, events out."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from vedette.domain.camera import CameraSpec
from vedette.domain.messages import Detections, EventMessage
from vedette.media.packets import MediaPacket
from vedette.pipeline.capture import Capture
from vedette.pipeline.chain import end_of
from vedette.pipeline.detection import DetectionStage
from vedette.pipeline.evidence import Evidence, SnapshotFolder
from vedette.pipeline.frames import Frame
from vedette.pipeline.tracking import TrackingStage
from vedette.pipeline.turns import TurnPool
from vedette.vision.detectors.base import Detector
from vedette.vision.pool import DetectorPool
from vedette.vision.tracker import Track

log = structlog.get_logger(__name__)

INBOX_BYTES_MAX = 24 * 2**20
INBOX_SPAN_MAX_S = 12.0
TURN_S = 0.05
"""A camera with a lot to decode gives the thread to the next one after this time."""
NUDGE_S = 0.5
"""While the gate is shut the analysis thread is woken for keyframes and at most this often otherwise."""


class EventSink(Protocol):
    """Where a session's analysis reports to; called on detector threads."""

    def on_events(self, messages: Sequence[EventMessage]) -> None:
        """Events began, changed or ended; durable when this returns."""

    def on_motion(self, utc_s: float, share: float) -> None:
        """So much of the picture moved in an analysed frame."""

    def on_look(self, found: Detections, tracks: Sequence[Track]) -> None:
        """A frame was looked at; `tracks` are the objects that are followed now."""


class Inbox:
    """Packets waiting for analysis: bounded, newest kept, drops counted by name."""

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._packets: deque[MediaPacket | None] = deque()
        self._bytes = 0
        self._broken = False
        self._lock = threading.Lock()
        self.newest_utc_s = 0.0

    def put(self, packet: MediaPacket) -> None:
        """Append; when the bound is reached, all that waits is dropped up to the next keyframe."""
        with self._lock:
            self.newest_utc_s = packet.utc_s
            if self._is_full(packet):
                self._drop_all()
            if self._broken:
                if not packet.keyframe:
                    self._counters["analysis_packets_dropped"] += 1
                    return
                packet, self._broken = replace(packet, discontinuity=True), False
            self._packets.append(packet)
            self._bytes += packet.size_bytes

    def clear(self) -> None:
        """Forget all that waits."""
        with self._lock:
            self._packets.clear()
            self._bytes = 0

    def end(self) -> None:
        """Mark the end of the stream."""
        with self._lock:
            self._packets.append(None)

    def take(self) -> tuple[bool, MediaPacket | None]:
        """(True, packet), (True, None) at the end of the stream, (False, None) when nothing waits."""
        with self._lock:
            if not self._packets:
                return False, None
            packet = self._packets.popleft()
            if packet is not None:
                self._bytes -= packet.size_bytes
            return True, packet

    def _is_full(self, packet: MediaPacket) -> bool:
        oldest = self._packets[0] if self._packets else None
        return self._bytes + packet.size_bytes > INBOX_BYTES_MAX or (
            oldest is not None and packet.utc_s - oldest.utc_s > INBOX_SPAN_MAX_S
        )

    def _drop_all(self) -> None:
        self._counters["analysis_packets_dropped"] += len(self._packets)
        self._packets.clear()
        self._bytes = 0
        self._broken = True


class Analysis:
    """One camera's stages from packets to events, run on the pools that all cameras share.

    Decoding runs in turns on `turns`, detection and tracking on `detectors`, never two frames of a camera
    at once. When the detector is busy with this camera, decoding waits and packets stay in the inbox.
    """

    def __init__(
        self,
        spec: CameraSpec,
        sink: EventSink,
        *,
        turns: TurnPool,
        detectors: DetectorPool | None,
        snapshots: SnapshotFolder,
        counters: Counter[str],
    ) -> None:
        self._spec = spec
        self._sink = sink
        self._detectors = detectors
        self._counters = counters
        self._stages = threading.Lock()
        self.capture = Capture(spec.id, spec.profile, counters)
        self._detection = DetectionStage(spec)
        self._tracking = TrackingStage(spec, counters)
        self._evidence = Evidence(snapshots)
        self._inbox = Inbox(counters)
        self._turn = turns.task(self._take_turn)
        self._frames: Iterator[Frame] = iter(())
        self._pending: Frame | None = None
        self._ending = self._abandoned = False
        self._nudged_utc_s = 0.0
        self.latest: Frame | None = None
        self.lag_s = 0.0
        self.ended = threading.Event()

    def configure(self, spec: CameraSpec) -> None:
        """Take over profile and zones between two frames."""
        with self._stages:
            self._spec = spec
            self.capture.configure(spec.profile)
            self._detection.configure(spec)
            self._tracking.configure(spec)

    def offer(self, packet: MediaPacket) -> None:
        """Take a packet from the reader thread; never blocks."""
        self._inbox.put(packet)
        if self.capture.wants(packet) or packet.utc_s - self._nudged_utc_s > NUDGE_S:
            self._nudged_utc_s = packet.utc_s
            self._turn.kick()

    def end(self) -> None:
        """The stream has ended for good; `ended` is set when the last event has been sent."""
        self._inbox.end()
        self._turn.kick()

    def abandon(self) -> None:
        """End at once: what waits is not looked at any more; open events end with what is known."""
        self._abandoned = True
        self._inbox.clear()
        self.end()

    # -- decoding, on the turn pool -----------------------------------------------------------------

    def _take_turn(self) -> bool:
        deadline_s = time.monotonic() + TURN_S
        if self._abandoned:
            self._pending, self._frames = None, iter(())
        while time.monotonic() < deadline_s:
            frame = self._pending or self._next_frame()
            if frame is None:
                return self._finish_if_ending()
            self._pending = frame
            if not self._submit(frame):
                return False  # kicked again when the detector has done this camera's frame
            self._pending = None
        return True

    def _next_frame(self) -> Frame | None:
        while True:
            if (frame := next(self._frames, None)) is not None:
                return frame
            found, packet = self._inbox.take()
            if not found:
                return None
            if packet is None:
                self._ending = True
                self._frames = iter(()) if self._abandoned else self.capture.finish()
            else:
                self.capture.load.behind_s = self._inbox.newest_utc_s - packet.utc_s
                self._frames = self.capture.feed(packet)

    def _submit(self, frame: Frame) -> bool:
        self.lag_s = self._inbox.newest_utc_s - frame.utc_s
        model = self._spec.profile.model
        if self._detectors is None:
            self._look(frame, None)
        elif not self._detectors.submit(frame.camera, model, lambda detector: self._look(frame, detector)):
            return False
        self.capture.load.observe(self.lag_s)
        return True

    def _finish_if_ending(self) -> bool:
        if not self._ending or self.ended.is_set():
            return False
        if self._detectors is None:
            self._close_events()
            return False
        model = self._spec.profile.model
        self._detectors.submit(self._spec.id, model, lambda _detector: self._close_events())
        return False

    # -- detection and tracking, on the detector pool -----------------------------------------------

    def _look(self, frame: Frame, detector: Detector | None) -> None:
        try:
            with self._stages:
                found = self._detection.process(frame, detector)
                self._counters["objects_detected"] += len(found.objects)
                self._counters["detect_seconds"] += found.detect_s  # type: ignore[assignment]
                self._track(found, frame)
            self.latest = frame if self.capture.is_open else None  # a quiet camera keeps no picture
        finally:
            self._turn.kick()

    def _track(self, found: Detections, frame: Frame) -> None:
        messages = self._tracking.process(found)
        self._sink.on_look(found, self._tracking.tracks)
        alive = [*self._tracking.open_events, *self._tracking.candidates]
        self._evidence.observe(alive, found.utc_s, frame.picture)
        if found.motion and not found.scene_changed:
            self._sink.on_motion(found.utc_s, _moving_share(found))
        self._send(messages)
        self._evidence.keep_only({event.id for event in alive})

    def _close_events(self) -> None:
        with self._stages:
            self._send(self._tracking.process(end_of(self._spec, 0)))
        self.ended.set()

    def _send(self, messages: Sequence[EventMessage]) -> None:
        if messages:
            self._sink.on_events(self._evidence.attach(messages))


def _moving_share(found: Detections) -> float:
    """The share of the picture that moving areas cover, 0 to 1; where boxes overlap, a little too much."""
    whole = found.width * found.height
    return min(1.0, sum(box.area for box in found.motion) / whole) if whole else 0.0
