"""The capture stage: packets in, the frames worth looking at out.

While the scene is quiet only keyframes are decoded and shown to the gate. When the gate opens, decoding
starts at the group of pictures after the last quiet look, so that the detector also sees what happened
before the gate noticed. While it is open every frame is decoded and the profile's rate is let through.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import structlog
from numpy.typing import NDArray

from vedette.domain.camera import Profile
from vedette.domain.errors import SourceError
from vedette.media.decoder import GroupDecoder, decode_keyframe
from vedette.media.packets import MediaPacket, VideoInfo
from vedette.media.planes import Picture, Planes
from vedette.pipeline.load import LoadControl
from vedette.vision.gate import Gate
from vedette.vision.packet_size import PacketSizeWake

log = structlog.get_logger(__name__)

LUMA_WIDTH = 320
"""Width at which gate and motion look at the luma plane."""
INNER_LOOK_S = 2.0
"""Groups of pictures longer than this get looks inside the group."""
GROUP_BYTES_MAX = 24 * 2**20
"""Packets kept per camera for the current and the previous group."""
_TICK_S = 0.004

Reason = Literal["motion", "start", "recheck"]


@dataclass(slots=True)
class Frame:
    """A picture on its way to the detector, with its luma plane shrunk to `LUMA_WIDTH`."""

    camera: str
    utc_s: float
    sequence: int
    picture: Picture
    luma: NDArray[np.uint8]
    reason: Reason = "motion"


class Groups:
    """The packets of the current and the previous group of pictures, within a byte bound."""

    def __init__(self, max_bytes: int = GROUP_BYTES_MAX) -> None:
        self._max_bytes = max_bytes
        self.clear()

    def clear(self) -> None:
        """Forget everything, as after a break in the stream."""
        self.previous: list[MediaPacket] = []
        self.current: list[MediaPacket] = []
        self._previous_bytes = 0
        self._current_bytes = 0
        self.truncated = False

    def add(self, packet: MediaPacket) -> None:
        """Append a packet in decode order; a keyframe begins the next group.

        A group that alone breaks the bound is kept without its end: it cannot be decoded past it.
        """
        if packet.keyframe:
            self.previous, self._previous_bytes = self.current, self._current_bytes
            self.current, self._current_bytes, self.truncated = [], 0, False
        if self._current_bytes + packet.size_bytes > self._max_bytes:
            self.truncated = True
            return
        self.current.append(packet)
        self._current_bytes += packet.size_bytes
        if self._previous_bytes + self._current_bytes > self._max_bytes:
            self.previous, self._previous_bytes = [], 0


class Capture:
    """One camera's capture stage.

    Args:
        camera: id of the camera.
        profile: what to look for and how hard.
        counters: of this camera; `frames_decoded`, `keyframes_decoded`, `gate_opened`, `gate_looks`, ...
        gate: False decodes and samples everything, as a yardstick.
    """

    def __init__(self, camera: str, profile: Profile, counters: Counter[str], *, gate: bool = True) -> None:
        self.camera = camera
        self.load = LoadControl(profile, counters)
        self._profile = profile
        self._counters = counters
        self._gated = gate
        self._sequence = 0
        self._info: VideoInfo | None = None
        self._groups = Groups()
        self._decoder: GroupDecoder | None = None
        self._reset(None)

    def configure(self, profile: Profile) -> None:
        """Take over another profile between two frames."""
        self._profile = profile
        self.load.configure(profile, fps=self._info.fps if self._info else 0.0)

    @property
    def is_open(self) -> bool:
        """Whether all frames are being decoded."""
        return self._open

    def wants(self, packet: MediaPacket) -> bool:
        """Whether this packet alone may lead to work; the others only have to be kept until then.

        Cheap, and safe to call from another thread than `feed`.
        """
        return self._open or packet.keyframe or packet.utc_s >= self._next_inner_look_s

    def feed(self, packet: MediaPacket) -> Iterator[Frame]:
        """Take one packet in decode order; yields the frames to look at, oldest first."""
        if not packet.is_video:
            return
        if packet.info is not self._info or packet.discontinuity:
            yield from self._end_of_stretch()
            assert isinstance(packet.info, VideoInfo)
            self._reset(packet.info)
        if packet.keyframe and self._open:
            self._maybe_close(packet.utc_s)
        self._groups.add(packet)
        if not self._groups.current:
            return  # the stream has not reached its first keyframe
        if self._open:
            yield from self._decode_open(packet)
        else:
            yield from self._watch(packet)

    def finish(self) -> Iterator[Frame]:
        """The stream has ended: yields what is still inside the decoder, or a last look at a quiet end."""
        yield from self._end_of_stretch()
        self._reset(None)

    # -- quiet ------------------------------------------------------------------------------------

    def _watch(self, packet: MediaPacket) -> Iterator[Frame]:
        self._wake.feed(packet.size_bytes, keyframe=packet.keyframe, utc_s=packet.utc_s)
        if packet.keyframe:
            self._drop_inner_decoder()
            shown = self._quiet_utc_s is None or packet.utc_s >= self._next_recheck_s
            if (planes := self._decode_keyframe(packet, rough=not shown)) is not None:
                yield from self._look(packet.utc_s, planes, shown=shown)
            return
        inside = packet.utc_s >= self._next_inner_look_s or self._wake.may_wake
        if inside and (found := self._decode_inside()) is not None:
            yield from self._look(*found, shown=False)

    def _look(self, utc_s: float, planes: Picture, *, shown: bool) -> Iterator[Frame]:
        """Let the gate look; `shown` pictures go on to the detector even when nothing moves."""
        luma = planes.luma(LUMA_WIDTH)
        look = self._gate.look(luma, utc_s)
        self._counters["gate_looks"] += 1
        self._wake.label(moved=look.moved)
        self._next_inner_look_s = utc_s + INNER_LOOK_S
        if look.moved:
            yield from self._open_gate(utc_s)
            return
        quiet_since_s, self._quiet_utc_s = self._quiet_utc_s, utc_s
        if shown:
            self._next_recheck_s = utc_s + self._profile.recheck_s
            yield self._frame(utc_s, planes, luma, "start" if quiet_since_s is None else "recheck")

    def _decode_keyframe(self, packet: MediaPacket, *, rough: bool = False) -> Planes | None:
        """The picture of a keyframe; `rough` is cheaper and good enough for the gate."""
        try:
            planes = decode_keyframe(packet, skip_loop_filter=rough)
        except SourceError as error:
            self._counters["keyframes_corrupt"] += 1
            log.warning("keyframe cannot be decoded", camera=self.camera, error=str(error))
            return None
        self._counters["keyframes_decoded"] += 1
        return planes

    def _decode_inside(self) -> tuple[float, Planes] | None:
        """Decode the group up to its newest packet without the loop filter, and give the last picture."""
        if self._inner_decoder is None:
            assert self._info is not None
            self._inner_decoder = GroupDecoder(self._info, counters=self._counters, skip_loop_filter=True)
            self._inner_fed = 0
        newest: tuple[float, Planes] | None = None
        for packet in self._groups.current[self._inner_fed :]:
            for decoded in self._inner_decoder.decode(packet):
                newest = decoded
                self._counters["frames_decoded_inside"] += 1
        self._inner_fed = len(self._groups.current)
        return newest

    def _drop_inner_decoder(self) -> None:
        if self._inner_decoder is not None:
            self._inner_decoder.close()
            self._inner_decoder = None

    # -- open -------------------------------------------------------------------------------------

    def _open_gate(self, utc_s: float) -> Iterator[Frame]:
        """Decode from the group of the last quiet look on, and let through what came after that look."""
        self._drop_inner_decoder()
        self._counters["gate_opened"] += 1
        self._open = True
        self._moved_utc_s = utc_s
        self.load.restart()
        self._next_sample_s = self._quiet_utc_s if self._quiet_utc_s is not None else float("-inf")
        current = list(self._groups.current)
        if self._quiet_utc_s is None or not current or current[0].utc_s > self._quiet_utc_s:
            current = [*self._groups.previous, *current]
        for packet in current:
            yield from self._decode_open(packet)

    def _decode_open(self, packet: MediaPacket) -> Iterator[Frame]:
        if self._keyframes_suffice(packet):
            if packet.keyframe:
                self._drop_decoder()
                if (planes := self._decode_keyframe(packet)) is not None:
                    yield from self._sample(packet.utc_s, planes)
            return
        if self._decoder is None:
            if not packet.keyframe:
                return  # after a stretch of keyframes only, decoding resumes with the next group
            assert self._info is not None
            self._decoder = GroupDecoder(self._info, counters=self._counters)
        for utc_s, planes in self._decoder.decode(packet):
            self._counters["frames_decoded"] += 1
            yield from self._sample(utc_s, planes)

    def _keyframes_suffice(self, packet: MediaPacket) -> bool:
        """Whether load has made the pace so slow that a look at each keyframe is all it asks for."""
        if packet.keyframe:
            previous = self._groups.previous
            group_s = packet.utc_s - previous[0].utc_s if previous else float("inf")
            self._keyframes_only = self.load.limited and self.load.interval_s >= group_s > 0
        return self._keyframes_only

    def _sample(self, utc_s: float, planes: Planes) -> Iterator[Frame]:
        """Let a decoded picture through when its turn has come."""
        if utc_s < self._next_sample_s - _TICK_S or utc_s <= self._given_utc_s:
            return
        step_s = self.load.interval_s
        on_grid_s = self._next_sample_s + step_s
        self._next_sample_s = on_grid_s if on_grid_s > utc_s else utc_s + step_s
        luma = planes.luma(LUMA_WIDTH)
        self._counters["gate_looks"] += 1
        if self._gate.look(luma, utc_s).moved:
            self._moved_utc_s = max(self._moved_utc_s, utc_s)
        yield self._frame(utc_s, planes, luma, "motion")

    def _maybe_close(self, utc_s: float) -> None:
        if not self._gated or utc_s - self._moved_utc_s < self._profile.quiet_after_s:
            return
        self._open = False
        self._drop_decoder()
        self._quiet_utc_s = utc_s
        self._next_recheck_s = utc_s  # what stands still now is confirmed at once, then rarely

    # -- both -------------------------------------------------------------------------------------

    def _reset(self, info: VideoInfo | None) -> None:
        self._info = info
        self._groups.clear()
        self._drop_decoder()
        self._inner_decoder: GroupDecoder | None = None
        self._inner_fed = 0
        self._gate = Gate()
        self._wake = PacketSizeWake()
        self._open = not self._gated
        self._keyframes_only = False
        self._quiet_utc_s: float | None = None
        self._given_utc_s = float("-inf")
        self._moved_utc_s = float("-inf")
        self._next_sample_s = float("-inf")
        self._next_recheck_s = float("-inf")
        self._next_inner_look_s = float("inf")
        if info is not None:
            self.load.configure(self._profile, fps=info.fps)

    def _end_of_stretch(self) -> Iterator[Frame]:
        """Before a break: the decoder's last pictures, or one look at the unseen end of a quiet group."""
        if self._info is None:
            return
        if not self._open and len(self._groups.current) > 1 and (found := self._look_at_end()) is not None:
            yield from self._look(*found, shown=False)
        if self._decoder is not None:
            for utc_s, planes in self._decoder.flush():
                self._counters["frames_decoded"] += 1
                yield from self._sample(utc_s, planes)
        self._drop_decoder()
        self._drop_inner_decoder()

    def _look_at_end(self) -> tuple[float, Planes] | None:
        newest = self._decode_inside()
        if self._inner_decoder is not None:
            newest = next(reversed(self._inner_decoder.flush()), newest)
        return newest

    def _drop_decoder(self) -> None:
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None

    def _frame(self, utc_s: float, planes: Picture, luma: NDArray[np.uint8], reason: Reason) -> Frame:
        self._sequence += 1
        self._given_utc_s = utc_s
        self._counters["frames_analysed"] += 1
        return Frame(self.camera, utc_s, self._sequence, planes, luma, reason)
