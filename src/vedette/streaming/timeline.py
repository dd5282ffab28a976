"""Where frames stand on the time line that a player sees.

Media Source Extensions (section 3.5.8) drop everything up to the next keyframe when a frame comes later
than twice the duration of the one before it. Cameras pause, lose packets and change their rate, so a hole is
closed instead: the frame after it follows at once, and the wall clock of each fragment tells what time it is.
"""

from fractions import Fraction
from typing import Any

import av

_LONGEST_S = 1.0
_MEMORY = 0.9
_SOUND_TOLERANCE_S = 0.1


class VideoTimeline:
    """Maps the timestamps of one stream to ticks that start at 0 and have no holes.

    Args:
        time_base: of the packets.
        timescale: ticks per second.
        fps: nominal, 0 when unknown.
    """

    def __init__(self, time_base: Fraction, timescale: int, fps: float) -> None:
        self._ratio = Fraction(time_base) * timescale
        self._longest = round(_LONGEST_S * timescale)
        self._mean = min(timescale / fps if fps > 0 else timescale / 25, float(self._longest))
        self._last_in: int | None = None
        self._last_out = 0
        self._claimed = round(self._mean)

    def place(self, packet: "av.Packet[Any]") -> tuple[int, int, int]:
        """Decode time, offset to presentation and claimed duration of the next frame, in ticks."""
        came = self._decode_ticks(packet)
        if self._last_in is not None:
            self._advance(max(came - self._last_in, 1))
        self._last_in = came
        shown = came if packet.pts is None else self._scaled(packet.pts)
        return self._last_out, max(shown - came, 0), self._claimed

    def _advance(self, step: int) -> None:
        self._last_out += step if step <= 2 * self._claimed else self._claimed
        step = min(step, self._longest)
        self._mean = _MEMORY * self._mean + (1 - _MEMORY) * step
        # A player takes it as a promise how soon the next frame comes; too long does no harm.
        self._claimed = max(step, round(self._mean))

    def _decode_ticks(self, packet: "av.Packet[Any]") -> int:
        """Where libav has left dts open, as at the head of streams with reordered frames, a guess."""
        if packet.dts is not None:
            return self._scaled(packet.dts)
        if self._last_in is not None:
            return self._last_in + self._claimed
        return self._scaled(packet.pts or 0) - 2 * self._claimed

    def _scaled(self, ticks: int) -> int:
        return ticks * self._ratio.numerator // self._ratio.denominator


class SoundTimeline:
    """Puts sound where the picture of the same moment stands; without a hole as long as that is nearly true.

    Args:
        timescale: ticks per second.
        frame: nominal length of a packet in ticks.
    """

    def __init__(self, timescale: int, frame: int) -> None:
        self._timescale = timescale
        self._frame = frame
        self._end: int | None = None

    def place(self, media_s: float, duration: int) -> tuple[int, int] | None:
        """Time and duration in ticks; None for sound of a time that has been heard already."""
        wanted = round(media_s * self._timescale)
        duration = duration or self._frame
        if self._end is None or wanted - self._end > _SOUND_TOLERANCE_S * self._timescale:
            start = wanted
        elif self._end - wanted > _SOUND_TOLERANCE_S * self._timescale:
            return None
        else:
            start = self._end
        if start < 0:
            return None
        self._end = start + duration
        return start, duration
