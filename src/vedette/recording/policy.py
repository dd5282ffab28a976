"""Which packets are recorded now: always, on motion, on events, or none.

Recording begins at a keyframe and, except when it is switched off, ends at one. So every stretch on the
disk is made of whole groups of pictures, no packet is given twice, and none between start and end is missing.
"""

import math
from collections.abc import Sequence

from vedette.domain.camera import RecordingMode, RecordingSpec
from vedette.media.packets import MediaPacket
from vedette.media.ring import PacketRing

EVENT_STALE_S = 3600.0
"""An event that was not heard of for so long has ended without a word: its tracker died."""

_ON_DEMAND = frozenset({RecordingMode.MOTION, RecordingMode.EVENTS})
_NOTHING: tuple[MediaPacket, ...] = ()


class RecordingPolicy:
    """Chooses packets for the recorder. Not thread-safe.

    In mode `motion` events count too: where an object is tracked, something moved.
    """

    def __init__(self, spec: RecordingSpec) -> None:
        self._spec = spec
        self._recording = False
        self._events: dict[float, float] = {}
        self._now_utc_s = -math.inf
        self._wanted_until_utc_s = -math.inf
        self._wanted_from_utc_s = math.inf
        self._given_until_utc_s = -math.inf
        self._not_before_utc_s = -math.inf
        self._switched_on = False

    @property
    def recording(self) -> bool:
        """Whether packets go to the disk."""
        return self._recording

    def configure(self, spec: RecordingSpec) -> None:
        """Take over another mode or other times with the next packet."""
        if spec.mode is not self._spec.mode:
            self._switched_on = self._spec.mode is RecordingMode.OFF
            self._wanted_from_utc_s, self._wanted_until_utc_s = math.inf, -math.inf
        self._spec = spec

    def notice_motion(self, utc_s: float) -> None:
        """Something moved at this time."""
        if self._spec.mode is RecordingMode.MOTION:
            self._want(utc_s, utc_s)

    def notice_event(self, start_utc_s: float, end_utc_s: float | None) -> None:
        """An event that began at `start_utc_s` goes on (None) or has ended."""
        self._events.pop(start_utc_s, None)
        if end_utc_s is None:
            self._events[start_utc_s] = max(self._now_utc_s, start_utc_s)
        if self._spec.mode in _ON_DEMAND:
            self._want(start_utc_s, start_utc_s if end_utc_s is None else end_utc_s)

    def feed(self, p: MediaPacket, ring: PacketRing) -> Sequence[MediaPacket]:
        """The packets to record now that `p`, which is in the ring already, has come."""
        if self._switched_on:
            # What was seen while recording was off stays unrecorded.
            self._not_before_utc_s, self._switched_on = p.utc_s, False
        self._now_utc_s = p.utc_s
        if self._recording:
            return self._go_on(p)
        # A notice that comes late, after its post-roll, still gets what is in memory.
        if self._wanted(p.utc_s) or self._wanted_from_utc_s < math.inf:
            return self._start(p, ring)
        return _NOTHING

    def _go_on(self, p: MediaPacket) -> Sequence[MediaPacket]:
        at_boundary = p.is_video and p.keyframe
        if self._spec.mode is RecordingMode.OFF or (at_boundary and not self._wanted(p.utc_s)):
            self._recording = False
            self._wanted_from_utc_s = math.inf
            return _NOTHING
        if at_boundary:
            self._given_until_utc_s = p.utc_s
        return (p,)

    def _start(self, p: MediaPacket, ring: PacketRing) -> Sequence[MediaPacket]:
        groups = [group for group in ring.groups() if self._may_give(group[0])]
        wanted_from = self._begin_utc_s(p.utc_s)
        while len(groups) > 1 and groups[1][0].utc_s <= wanted_from:
            del groups[0]
        if not groups:
            return _NOTHING
        self._recording = True
        self._given_until_utc_s = groups[-1][0].utc_s
        return [packet for group in groups for packet in group]

    def _may_give(self, keyframe: MediaPacket) -> bool:
        return self._given_until_utc_s < keyframe.utc_s >= self._not_before_utc_s

    def _begin_utc_s(self, now_utc_s: float) -> float:
        if self._spec.mode is RecordingMode.ALWAYS:
            return now_utc_s
        return min(self._wanted_from_utc_s, now_utc_s) - self._spec.pre_roll_s

    def _want(self, from_utc_s: float, until_utc_s: float) -> None:
        self._wanted_from_utc_s = min(self._wanted_from_utc_s, from_utc_s)
        self._wanted_until_utc_s = max(self._wanted_until_utc_s, until_utc_s + self._spec.post_roll_s)

    def _wanted(self, now_utc_s: float) -> bool:
        if self._spec.mode is RecordingMode.ALWAYS:
            return True
        if self._spec.mode is RecordingMode.OFF:
            return False
        return now_utc_s < self._wanted_until_utc_s or self._event_goes_on(now_utc_s)

    def _event_goes_on(self, now_utc_s: float) -> bool:
        for start, heard in list(self._events.items()):
            if now_utc_s - heard > EVENT_STALE_S:
                del self._events[start]
        return bool(self._events)
