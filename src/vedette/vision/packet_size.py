"""Packet sizes as an early hint of motion, on cameras where they have proved themselves.

Measured on real footage, sizes alone tell idle from active anywhere between by chance and nearly always,
depending on the camera and its rate control. So each camera has to prove it: groups of pictures are labelled
by the gate, and only sizes that separate the two kinds almost perfectly may wake anybody.
"""

from collections import deque

import numpy as np

RUN = 5
"""Packets averaged: one large packet is a refresh, several in a row are motion."""
KEPT = 64
"""Labelled groups of each kind that are remembered."""
ENOUGH_QUIET, ENOUGH_MOVED = 30, 12
"""Labelled groups of each kind before anything is believed."""
SEPARATION = 0.95
"""Area under the curve: the chance that a group with motion outweighs one without."""
CONTRAST = 1.3
"""Typical groups of the two kinds differ by this factor: constant bit rates never do."""
MARGIN = 1.1
"""How far above the quiet groups a run must be to wake."""


class PacketSizeWake:
    """Learns whether a camera's packet sizes foretell motion.

    Attributes:
        separation: measured area under the curve, 0.5 is chance; 0 until there are enough groups.
    """

    def __init__(self) -> None:
        self.separation = 0.0
        self._run: deque[int] = deque(maxlen=RUN)
        self._peak = 0.0
        self._finished: float | None = None
        self._silent = True
        self._quiet: deque[float] = deque(maxlen=KEPT)
        self._moved: deque[float] = deque(maxlen=KEPT)
        self._threshold = float("inf")

    def feed(self, size_bytes: int, *, keyframe: bool, utc_s: float) -> None:  # noqa: ARG002
        """Take the next packet of the stream; a keyframe ends a group and starts the next."""
        if keyframe:
            self._finished = self._peak or None
            self._peak = 0.0
            self._silent = False
            self._run.clear()
            return
        self._run.append(size_bytes)
        if len(self._run) == RUN:
            self._peak = max(self._peak, sum(self._run) / RUN)

    def label(self, *, moved: bool) -> None:
        """Say what a look found: the first one after a keyframe is about the group that it ended.

        Later looks inside the same group only end its right to wake.
        """
        if self._finished is None:
            self._silent = True
            return
        (self._moved if moved else self._quiet).append(self._finished)
        self._finished = None
        self._judge()

    @property
    def may_wake(self) -> bool:
        """Whether the group so far looks like motion, on a camera where that can be believed."""
        return not self._silent and self._peak > self._threshold

    def _judge(self) -> None:
        self._threshold = float("inf")
        if len(self._quiet) < ENOUGH_QUIET or len(self._moved) < ENOUGH_MOVED:
            return
        quiet, moved = np.sort(self._quiet), np.sort(self._moved)
        self.separation = _area_under_curve(quiet, moved)
        if self.separation >= SEPARATION and np.median(moved) >= CONTRAST * np.median(quiet):
            self._threshold = MARGIN * float(quiet[int(len(quiet) * 0.98)])


def _area_under_curve(low: np.ndarray, high: np.ndarray) -> float:
    """The Mann-Whitney statistic: the share of pairs in the expected order; ties count half."""
    below = np.searchsorted(low, high, side="left") + np.searchsorted(low, high, side="right")
    return float(below.sum()) / 2 / (len(low) * len(high))
