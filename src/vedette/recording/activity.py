"""How much moved in each second: what the analysis saw, beside the recording, in a few bytes.

A quiet stretch has none at all. A busy one has a byte per second: 255 times the square root of the share
of the picture that moved, so that a person far away still shows. The first byte says how many seconds
before the segment's first one the bytes begin: analysis runs behind the recorder, so what it saw of the end
of a segment may come when the next one is open already.
"""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

MOST_SECONDS = 250
"""Bytes of one segment are bounded, however long its groups of pictures are."""
LATE_S = 30
"""Motion that is noticed later than this is not worth a place."""
_ASIDE = bytes([0]) + bytes([12]) * 10
"""Stands for segments that only say that something moved: those from before activity was kept."""


class ActivityLog:
    """Collects motion until a segment takes it. Bounded; not thread-safe."""

    def __init__(self) -> None:
        self._levels: dict[int, int] = {}

    def note(self, utc_s: float, share: float) -> None:
        """Something moved: `share` of the picture, 0 to 1."""
        second, level = math.floor(utc_s), max(1, round(255 * math.sqrt(min(max(share, 0.0), 1.0))))
        self._levels[second] = max(level, self._levels.get(second, 0))
        if len(self._levels) > MOST_SECONDS:
            del self._levels[min(self._levels)]

    def take(self, start_utc_s: float, end_utc_s: float) -> bytes:
        """What is known up to the end of a segment, to be stored with it; it is forgotten here."""
        first, last = math.floor(start_utc_s) - LATE_S, math.ceil(end_utc_s)
        known = {second: level for second, level in self._levels.items() if first <= second < last}
        self._levels = {second: level for second, level in self._levels.items() if second >= last}
        return encode(known, start_utc_s)


def encode(levels: dict[int, int], start_utc_s: float) -> bytes:
    """Levels by second as the activity of a segment with this start; empty when nothing moved."""
    if not levels:
        return b""
    begin = min(*levels, math.floor(start_utc_s))
    length = min(max(levels) - begin + 1, MOST_SECONDS)
    seconds = bytes(levels.get(begin + at, 0) for at in range(length))
    return bytes([math.floor(start_utc_s) - begin]) + seconds


def density(
    stretches: Iterable[tuple[float, bytes, bool]], start_utc_s: float, step_s: float, count: int
) -> NDArray[np.float64]:
    """The largest share of the picture that moved, in each of `count` steps.

    Args:
        stretches: start, activity, and whether anything moved at all, of each segment.
        start_utc_s: of the first step.
        step_s: length of a step.
        count: of steps.
    """
    known = [(start, activity or _ASIDE) for start, activity, moved in stretches if activity or moved]
    levels = np.zeros(count)
    if known:
        seconds, values = _flat(known)
        steps = np.floor((seconds + 0.5 - start_utc_s) / step_s).astype(np.int64)
        inside = (steps >= 0) & (steps < count)
        np.maximum.at(levels, steps[inside], values[inside] / 255.0)
    return levels**2


def _flat(known: Sequence[tuple[float, bytes]]) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """All seconds with their levels."""
    lengths = np.array([len(activity) - 1 for _, activity in known])
    begins = np.array([math.floor(start) - activity[0] for start, activity in known], np.float64)
    values = np.frombuffer(b"".join(activity[1:] for _, activity in known), np.uint8)
    within = np.arange(len(values)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(begins, lengths) + within, values
