"""One camera, live: readers, recording and analysis put together."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from vedette.domain.camera import CameraSpec, StreamSpec
from vedette.domain.errors import SourceError
from vedette.domain.messages import (
    CameraReport,
    CameraState,
    Detections,
    EventMessage,
    LiveBox,
    LiveBoxes,
    LiveStream,
    SegmentMessage,
)
from vedette.media.decoder import decode_keyframe
from vedette.media.jpeg import encode_jpeg
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.media.planes import Picture
from vedette.media.ring import PacketRing
from vedette.pipeline.analysis import Analysis
from vedette.pipeline.evidence import SnapshotFolder
from vedette.pipeline.live_tap import LiveTap
from vedette.pipeline.recording import RecordingStage
from vedette.pipeline.turns import TurnPool
from vedette.recording.disk import Disk
from vedette.sources.base import ends
from vedette.sources.reader import StreamReader
from vedette.vision.pool import DetectorPool
from vedette.vision.tracker import Track

log = structlog.get_logger(__name__)

STOP_S = 4.0
SUB_RING_BYTES_MAX = 6 * 2**20


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all sessions of a worker share."""

    disk: Disk
    snapshots: SnapshotFolder
    turns: TurnPool
    detectors: DetectorPool | None
    announce: Callable[[EventMessage | SegmentMessage], None]
    """Makes a message durable and queues it for the server; blocks until it is durable."""
    show: Callable[[LiveBoxes], bool] = lambda _boxes: False
    """Hands live boxes to whoever watches; never waits."""


class _Feed:
    """A reader thread and the state it reports."""

    def __init__(
        self,
        stream: StreamSpec,
        counters: Counter[str],
        name: str,
        take: Callable[[MediaPacket], None],
        done: Callable[[], None],
        *,
        opened: Callable[[AudioInfo | None], None] = lambda _audio: None,
        broken: Callable[[], None] = lambda: None,
    ) -> None:
        self.state = CameraState.CONNECTING
        self.message = ""
        self.info: VideoInfo | None = None
        self._take = take
        self._done = done
        self._opened = opened
        self._broken = broken
        self._reader = StreamReader(stream, self, counters=counters)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def on_open(self, audio: AudioInfo | None) -> None:
        self._opened(audio)

    def on_packet(self, packet: MediaPacket) -> None:
        if isinstance(packet.info, VideoInfo):
            self.info = packet.info
        self._take(packet)

    def on_state(self, state: CameraState, message: str) -> None:
        if self.state is CameraState.STREAMING and state is not CameraState.STREAMING:
            self._broken()
        self.state, self.message = state, message

    def on_end(self) -> None:
        self.state, self.message = CameraState.ENDED, ""

    def stop(self) -> None:
        """Ask the reader to end; `join` waits for it."""
        self._reader.stop()

    def join(self, timeout_s: float) -> bool:
        """Whether the reader has ended within the time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        camera, _, stream = self._thread.name.rpartition("-")
        structlog.contextvars.bind_contextvars(camera=camera, stream=stream)  # every log line says whose
        try:
            self._reader.run()
        except Exception as error:
            log.exception("reader failed")
            self.state, self.message = CameraState.RETRYING, f"internal error: {type(error).__name__}"
        finally:
            self._done()


class CameraSession:
    """Runs one camera until stopped; reconfigured live."""

    def __init__(self, spec: CameraSpec, surroundings: Surroundings) -> None:
        self.spec = spec
        self._around = surroundings
        self.counters: Counter[str] = Counter()
        self._recording = RecordingStage(
            spec.id, spec.recording, surroundings.disk, surroundings.announce, self.counters
        )
        self._sub_ring = PacketRing(SUB_RING_BYTES_MAX)
        self._taps: dict[LiveStream, LiveTap] = {
            "main": LiveTap(self._recording.ring, self.counters),
            "sub": LiveTap(self._sub_ring, self.counters),
        }
        self._boxes_wanted = False
        self._analysis: Analysis | None = None
        self._main: _Feed | None = None
        self._sub: _Feed | None = None
        self._start_feeds()

    # -- life ---------------------------------------------------------------------------------------

    def configure(self, spec: CameraSpec) -> None:
        """Take over a new revision; readers restart only when a stream itself has changed."""
        before, self.spec = self.spec, spec
        if before.recording != spec.recording:
            self._recording.configure(spec.recording)
        if _streams(before) != _streams(spec):
            self._stop_feeds()
            self._start_feeds()
            return
        if self._analysis is not None:
            self._analysis.configure(spec)

    def stop(self, timeout_s: float = STOP_S) -> None:
        """Stop reading, finish the open segment, end open events; all within about the time."""
        self._stop_feeds(timeout_s)

    def ask_to_stop(self) -> None:
        """Let the readers begin to stop; `stop` waits for them."""
        self._stopping = True
        for feed in (self._main, self._sub):
            if feed is not None:
                feed.stop()

    @property
    def can_end(self) -> bool:
        """Whether the source is one that ends, a file for example."""
        return self.spec.enabled and ends(self.spec.main)

    @property
    def ended(self) -> bool:
        """Whether the source has come to its end and everything of it has been handled."""
        if self._main is None or self._main.state is not CameraState.ENDED:
            return False
        return self._analysis is None or self._analysis.ended.is_set()

    def _start_feeds(self) -> None:
        spec, self._stopping = self.spec, False
        if not spec.enabled:
            return
        if spec.analyse:
            self._analysis = Analysis(
                spec,
                self,
                turns=self._around.turns,
                detectors=self._around.detectors,
                snapshots=self._around.snapshots,
                counters=self.counters,
            )
        self._main = _Feed(
            spec.main,
            self.counters,
            f"{spec.id}-main",
            self._take_main,
            self._main_done,
            opened=self._expect_audio,
            broken=self._recording.pause,
        )
        if spec.sub is not None and self._analysis is not None:
            self._sub = _Feed(
                spec.sub,
                self.counters,
                f"{spec.id}-sub",
                self._take_sub,
                self._end_analysis,
                opened=self._taps["sub"].expect_audio,
            )

    def _stop_feeds(self, timeout_s: float = STOP_S) -> None:
        deadline_s = time.monotonic() + timeout_s
        feeds = [feed for feed in (self._main, self._sub) if feed is not None]
        self.ask_to_stop()
        for feed in feeds:
            if not feed.join(max(deadline_s - time.monotonic(), 0.0)):
                log.warning("reader does not stop", camera=self.spec.id)
        left_s = max(deadline_s - time.monotonic(), 0.0)
        if self._analysis is not None and not self._analysis.ended.wait(left_s):
            log.warning("analysis does not stop", camera=self.spec.id)
        if self._around.detectors is not None:
            self._around.detectors.forget(self.spec.id)
        self._main = self._sub = self._analysis = None

    # -- the reader thread of the main stream ---------------------------------------------------------

    def _expect_audio(self, audio: AudioInfo | None) -> None:
        self._recording.expect_audio(audio)
        self._taps["main"].expect_audio(audio)

    def _take_main(self, packet: MediaPacket) -> None:
        self._recording.write(packet)
        self._taps["main"].offer(packet)
        if self._analysis is not None and self.spec.sub is None:
            self._analysis.offer(packet)

    def _take_sub(self, packet: MediaPacket) -> None:
        """On the reader thread of the sub stream."""
        self._sub_ring.append(packet)
        self._taps["sub"].offer(packet)
        if self._analysis is not None:
            self._analysis.offer(packet)

    def _main_done(self) -> None:
        self._recording.close()
        if self.spec.sub is None:
            self._end_analysis()

    def _end_analysis(self) -> None:
        """Footage that has ended is looked at to its end; a camera that is stopped is not."""
        if (analysis := self._analysis) is None:
            return
        if self._stopping:
            analysis.abandon()
        else:
            analysis.end()

    # -- detector threads -----------------------------------------------------------------------------

    def on_motion(self, utc_s: float, share: float) -> None:
        """So much of the picture moved in an analysed frame."""
        self._recording.notice_motion(utc_s, share)

    def on_events(self, messages: Sequence[EventMessage]) -> None:
        """Events began, changed or ended."""
        for message in messages:
            self._around.announce(message)
            over = message.end_utc_s if message.phase == "end" else None
            self._recording.notice_event(message.start_utc_s, over)
            self.counters[f"events_{message.phase}"] += 1

    def on_look(self, found: Detections, tracks: Sequence[Track]) -> None:
        """A frame was looked at; whoever watches the camera sees the boxes."""
        if not self._boxes_wanted:
            return
        boxes = tuple(
            LiveBox(id=track.id, label=track.label, score=track.score, box=track.box)
            for track in tracks
            if track.seen_utc_s == found.utc_s
        )
        moving = () if found.scene_changed else found.motion
        self._around.show(
            LiveBoxes(
                camera=found.camera,
                utc_s=found.utc_s,
                width=found.width,
                height=found.height,
                boxes=boxes,
                motion=moving,
            )
        )

    # -- what others ask ------------------------------------------------------------------------------

    def live_tap(self, stream: LiveStream) -> LiveTap | None:
        """Where a stream of the camera can be watched; None when it is not read now."""
        reads = {"main": self._main, "sub": self._sub}.get(stream) is not None
        return self._taps[stream] if reads else None

    def watch_boxes(self, wanted: bool) -> bool:
        """Whether the boxes of what is found go to whoever watches; False when nothing is looked at."""
        self._boxes_wanted = wanted and self._analysis is not None
        return self._boxes_wanted

    def snapshot(self, max_width: int) -> tuple[float, bytes]:
        """The newest picture as JPEG with its time.

        Raises:
            SourceError: there is none yet.
        """
        utc_s, picture = self._newest_picture()
        return utc_s, encode_jpeg(picture, max_width=max_width)

    def _newest_picture(self) -> tuple[float, Picture]:
        latest = self._analysis.latest if self._analysis is not None else None
        keyframe = self._recording.ring.newest_keyframe()
        if latest is not None and (keyframe is None or latest.utc_s >= keyframe.utc_s):
            return latest.utc_s, latest.picture
        if keyframe is None:
            raise SourceError(f"No picture of camera {self.spec.id!r} yet.", hint="Is it streaming?")
        return keyframe.utc_s, decode_keyframe(keyframe)

    def report(self) -> CameraReport:
        """Reported state, for the server."""
        main = self._main
        if main is None:
            return CameraReport(camera=self.spec.id, state=CameraState.DISABLED, revision=self.spec.revision)
        info = main.info
        return CameraReport(
            camera=self.spec.id,
            state=main.state,
            revision=self.spec.revision,
            message=main.message or (self._sub.message if self._sub else ""),
            gate_open=self._analysis is not None and self._analysis.capture.is_open,
            recording=self._recording.active,
            width=info.width if info else 0,
            height=info.height if info else 0,
            codec=info.codec if info else "",
            fps=info.fps if info else 0.0,
            counters=dict(self.counters),
            gauges=self._gauges(),
        )

    def _gauges(self) -> dict[str, float]:
        if self._analysis is None:
            return {}
        capture = self._analysis.capture
        load = capture.load
        return {
            "analysis_lag_seconds": max(0.0, self._analysis.lag_s),
            "analysed_rate_fps": 1.0 / load.interval_s,
            "frame_skip": load.skip,
            "load_limited": float(load.limited and capture.is_open),
        }


def _streams(spec: CameraSpec) -> tuple[object, ...]:
    return spec.main, spec.sub, spec.enabled, spec.analyse
