"""The recording side of a camera session: runs on the reader thread and depends on nothing behind it."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from vedette.domain.camera import RecordingMode, RecordingSpec
from vedette.domain.messages import SegmentMessage
from vedette.media.packets import AudioInfo, MediaPacket
from vedette.media.ring import PacketRing
from vedette.recording.disk import Disk
from vedette.recording.policy import RecordingPolicy
from vedette.recording.recorder import Recorder

RING_BYTES_MAX = 24 * 2**20
NOTICE_DELAY_S = 4.0
"""An event is noticed so much later than it began; its pre-roll must still be in memory then."""


@dataclass(frozen=True, slots=True)
class _Motion:
    utc_s: float
    share: float


@dataclass(frozen=True, slots=True)
class _Event:
    start_utc_s: float
    end_utc_s: float | None


class RecordingStage:
    """Packets in, segments on disk.

    Motion and events are noticed on other threads; the notices wait in a queue until the reader thread
    takes them with the next packet, so that policy and recorder are touched by one thread only.
    """

    def __init__(
        self,
        camera: str,
        spec: RecordingSpec,
        disk: Disk,
        announce: Callable[[SegmentMessage], None],
        counters: Counter[str],
    ) -> None:
        self._policy = RecordingPolicy(spec)
        self._recorder = Recorder(camera, disk, announce, counters)
        self._notices: deque[_Motion | _Event | RecordingSpec] = deque(maxlen=256)
        self._mode = spec.mode
        self.ring = PacketRing(RING_BYTES_MAX, keep_s=_ring_s(spec))
        self.active = False

    def expect_audio(self, audio: AudioInfo | None) -> None:
        """Say beforehand that sound will come; on the reader thread."""
        self._recorder.expect_audio(audio)

    def write(self, packet: MediaPacket) -> None:
        """Take a packet on the reader thread."""
        while self._notices:
            self._take(self._notices.popleft())
        self.ring.append(packet)
        chosen = self._policy.feed(packet, self.ring)
        for kept in chosen:
            self._recorder.write(kept)
        if packet.is_video and self.active != bool(chosen):
            self.active = bool(chosen)
            if not chosen:
                self._recorder.cut()

    def configure(self, spec: RecordingSpec) -> None:
        """Take over another mode with the next packet; from any thread."""
        self._notices.append(spec)

    def notice_motion(self, utc_s: float, share: float) -> None:
        """So much of the picture moved; from any thread."""
        self._notices.append(_Motion(utc_s, share))

    def notice_event(self, start_utc_s: float, end_utc_s: float | None) -> None:
        """An event goes on (`end_utc_s` None) or has ended; from any thread."""
        self._notices.append(_Event(start_utc_s, end_utc_s))

    def pause(self) -> None:
        """The stream has broken off: what there is becomes a complete segment; on the reader thread."""
        self._recorder.cut()
        self.active = False

    def close(self) -> None:
        """Finish the open segment; on the reader thread, or after it has ended."""
        self._recorder.close()
        self.active = False

    def _take(self, notice: _Motion | _Event | RecordingSpec) -> None:
        if isinstance(notice, RecordingSpec):
            self._policy.configure(notice)
            self._mode = notice.mode
            self.ring.keep_s = _ring_s(notice)
        elif isinstance(notice, _Motion):
            self._policy.notice_motion(notice.utc_s)
            self._recorder.moved(notice.utc_s, notice.share)
        else:
            self._policy.notice_event(notice.start_utc_s, notice.end_utc_s)
            self._recorder.mark(event=True)


def _ring_s(spec: RecordingSpec) -> float:
    """How long packets must stay in memory: pre-roll only where it is not on disk anyway."""
    on_demand = spec.mode in {RecordingMode.MOTION, RecordingMode.EVENTS}
    return spec.pre_roll_s + NOTICE_DELAY_S if on_demand else 0.0
