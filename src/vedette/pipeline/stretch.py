"""A stretch of stream with one set of parameters: watched while quiet, decoded while something happens."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import structlog
from numpy.typing import NDArray

from vedette.domain.camera import Profile
from vedette.domain.errors import SourceError
from vedette.media.decoder import GroupDecoder, decode_keyframe
from vedette.media.packets import MediaPacket, VideoInfo
from vedette.media.planes import Picture, Planes
from vedette.pipeline.frames import LUMA_WIDTH, Frame, Reason
from vedette.pipeline.groups import Groups
from vedette.pipeline.load import LoadControl
from vedette.vision.gate import Gate
from vedette.vision.packet_size import PacketSizeWake

log = structlog.get_logger(__name__)

INNER_LOOK_S = 2.0
"""Groups of pictures longer than this are decoded up to here, and again as much later, while quiet."""
INNER_STEP_S = 0.5
"""What of a quiet group is decoded is looked at this often: once decoded, a look costs little."""
OPEN_LOOK_S = 0.4
"""While frames are analysed anyway, the gate looks this often whether it may close."""
_TICK_S = 0.004


class Stretch:
    """Packets of one set of parameters in, the frames worth looking at out.

    While the scene is quiet only keyframes are decoded and shown to the gate. When the gate opens, decoding
    starts at the group of pictures of the last quiet look, so that the detector also sees what happened
    before the gate noticed. While it is open every frame is decoded and the profile's rate is let through.

    Attributes:
        profile: may be replaced between two packets.
        is_open: whether all frames are being decoded.
    """

    def __init__(
        self,
        camera: str,
        info: VideoInfo,
        profile: Profile,
        load: LoadControl,
        counters: Counter[str],
        *,
        gated: bool,
        sequence: int,
    ) -> None:
        self.camera = camera
        self.info = info
        self.profile = profile
        self.sequence = sequence
        self.is_open = not gated
        self._gated = gated
        self._load = load
        self._counters = counters
        self._groups = Groups()
        self._gate = Gate()
        self._wake = PacketSizeWake()
        self._decoder: GroupDecoder | None = None
        self._inner_decoder: GroupDecoder | None = None
        self._inner_fed = 0
        self._keyframes_only = False
        self._starting = profile.min_hits
        self._quiet_utc_s: float | None = None
        self._given_utc_s = self._moved_utc_s = self._gate_looked_utc_s = float("-inf")
        self._next_sample_s = self._next_recheck_s = float("-inf")
        self._looked_utc_s = float("-inf")
        self._next_inner_look_s = float("inf")

    def wants(self, packet: MediaPacket) -> bool:
        """Whether this packet alone may lead to work; the others only have to be kept until then."""
        return self.is_open or packet.keyframe or packet.utc_s >= self._next_inner_look_s

    def feed(self, packet: MediaPacket) -> Iterator[Frame]:
        """Take one video packet in decode order; yields the frames to look at, oldest first."""
        if packet.keyframe and self.is_open:
            self._maybe_close(packet.utc_s)
        self._groups.add(packet)
        if not self._groups.current:
            return  # the stream has not reached its first keyframe
        if self.is_open:
            yield from self._decode_open(packet)
        else:
            yield from self._watch(packet)

    def finish(self) -> Iterator[Frame]:
        """The stretch is over: the decoder's last pictures, or a look at the unseen end of a quiet group."""
        if not self.is_open and len(self._groups.current) > 1:
            yield from self._look_inside(to_end=True)
        if self._decoder is not None:
            for utc_s, planes in self._decoder.flush():
                self._counters["frames_decoded"] += 1
                yield from self._sample(utc_s, planes)
        self._drop_decoder()
        self._drop_inner_decoder()

    # -- quiet ------------------------------------------------------------------------------------

    def _watch(self, packet: MediaPacket) -> Iterator[Frame]:
        self._wake.feed(packet.size_bytes, keyframe=packet.keyframe, utc_s=packet.utc_s)
        if packet.keyframe:
            self._drop_inner_decoder()
            rough = not self._starting  # the gate, and a recheck, see enough without the loop filter
            if (planes := self._decode_keyframe(packet, rough=rough)) is not None:
                yield from self._look(packet.utc_s, planes)
            return
        if packet.utc_s >= self._next_inner_look_s or self._wake.may_wake:
            yield from self._look_inside()

    def _look_inside(self, *, to_end: bool = False) -> Iterator[Frame]:
        """Decode the group up to its newest packet; what is decoded anyway is looked at in small steps."""
        for utc_s, planes in self._decode_inside(to_end=to_end):
            yield from self._look(utc_s, planes)
            if self.is_open:
                return

    def _look(self, utc_s: float, planes: Picture) -> Iterator[Frame]:
        """Let the gate look; the first quiet looks and rare later ones go on to the detector as well."""
        luma = planes.luma(LUMA_WIDTH)
        look = self._gate.look(luma, utc_s)
        self._counters["gate_looks"] += 1
        self._wake.label(moved=look.moved)
        self._looked_utc_s = utc_s
        self._next_inner_look_s = utc_s + INNER_LOOK_S
        if look.moved:
            yield from self._open_gate(utc_s)
            return
        if look.scene_changed:  # who came with the light was not seen to move
            self._starting = self.profile.min_hits
        self._quiet_utc_s = utc_s
        if self._is_shown(utc_s):
            # The whole picture once; then, as often as an event needs, what was found in it.
            reason: Reason = "start" if self._starting == self.profile.min_hits else "recheck"
            self._starting = max(0, self._starting - 1)
            self._next_recheck_s = utc_s + self.profile.recheck_s
            yield self._frame(utc_s, planes, luma, reason)

    def _is_shown(self, utc_s: float) -> bool:
        """Whether a quiet look goes on to the detector: what stands there from the start, and still does."""
        return self._starting > 0 or utc_s >= self._next_recheck_s

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

    def _decode_inside(self, *, to_end: bool) -> Iterator[tuple[float, Planes]]:
        """Pictures of the group from the last look to its newest packet, `INNER_STEP_S` apart."""
        newest: tuple[float, Planes] | None = None
        for picture in self._all_inside(to_end=to_end):
            self._counters["frames_decoded_inside"] += 1
            newest = picture
            if picture[0] >= self._looked_utc_s + INNER_STEP_S - _TICK_S:
                yield picture
        if newest is not None and newest[0] > self._looked_utc_s:
            yield newest

    def _all_inside(self, *, to_end: bool) -> Iterator[tuple[float, Planes]]:
        """What was not yet decoded; without the loop filter, which costs more than its absence disturbs."""
        if self._inner_decoder is None:
            self._inner_decoder = GroupDecoder(self.info, counters=self._counters, skip_loop_filter=True)
            self._inner_fed = 0
        decoder, waiting = self._inner_decoder, self._groups.current[self._inner_fed :]
        self._inner_fed = len(self._groups.current)
        for packet in waiting:
            yield from decoder.decode(packet)
        if to_end:
            yield from decoder.flush()

    def _drop_inner_decoder(self) -> None:
        if self._inner_decoder is not None:
            self._inner_decoder.close()
            self._inner_decoder = None

    # -- open -------------------------------------------------------------------------------------

    def _open_gate(self, utc_s: float) -> Iterator[Frame]:
        """Decode from the group of the last quiet look on, and let through what came after that look."""
        self._drop_inner_decoder()
        self._counters["gate_opened"] += 1
        self.is_open = True
        self._moved_utc_s = utc_s
        self._load.restart()
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
            self._decoder = GroupDecoder(self.info, counters=self._counters)
        for utc_s, planes in self._decoder.decode(packet):
            self._counters["frames_decoded"] += 1
            yield from self._sample(utc_s, planes)

    def _keyframes_suffice(self, packet: MediaPacket) -> bool:
        """Whether load has made the pace so slow that a look at each keyframe is all it asks for."""
        if packet.keyframe:
            previous = self._groups.previous
            group_s = packet.utc_s - previous[0].utc_s if previous else float("inf")
            self._keyframes_only = self._load.limited and self._load.interval_s >= group_s > 0
        return self._keyframes_only

    def _sample(self, utc_s: float, planes: Planes) -> Iterator[Frame]:
        """Let a decoded picture through when its turn has come."""
        if utc_s < self._next_sample_s - _TICK_S or utc_s <= self._given_utc_s:
            return
        step_s = self._load.interval_s
        on_grid_s = self._next_sample_s + step_s
        self._next_sample_s = on_grid_s if on_grid_s > utc_s else utc_s + step_s
        luma = planes.luma(LUMA_WIDTH)
        if utc_s >= self._gate_looked_utc_s + OPEN_LOOK_S - _TICK_S:
            self._look_while_open(luma, utc_s)
        yield self._frame(utc_s, planes, luma, "motion")

    def _look_while_open(self, luma: NDArray[np.uint8], utc_s: float) -> None:
        self._gate_looked_utc_s = utc_s
        self._counters["gate_looks"] += 1
        if self._gate.look(luma, utc_s).moved:
            self._moved_utc_s = max(self._moved_utc_s, utc_s)

    def _maybe_close(self, utc_s: float) -> None:
        if not self._gated or utc_s - self._moved_utc_s < self.profile.quiet_after_s:
            return
        self.is_open = False
        self._drop_decoder()
        self._quiet_utc_s = utc_s
        self._next_recheck_s = utc_s  # what stands still now is confirmed at once, then rarely

    # -- both -------------------------------------------------------------------------------------

    def _drop_decoder(self) -> None:
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None

    def _frame(self, utc_s: float, planes: Picture, luma: NDArray[np.uint8], reason: Reason) -> Frame:
        self.sequence += 1
        self._given_utc_s = utc_s
        self._counters["frames_analysed"] += 1
        return Frame(self.camera, utc_s, self.sequence, planes, luma, reason)
