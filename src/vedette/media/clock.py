"""One clock rule: a stream's own timestamps are mapped to UTC once, at the source.

Pure: the wall time is passed in. Network jitter only ever makes packets late, so the mapping follows the
least late packet of each window; slow drift between the two clocks is followed, jumps are told.
"""

from typing import NamedTuple

JUMP_BACK_S = 1.0
"""A larger step back is a jump; smaller ones are reordered pictures."""
JUMP_AHEAD_S = 5.0
"""A step ahead may be larger than the wall time that passed by at most this."""
GAP_MAX_S = 3600.0
"""Recorded footage may have gaps; a longer one is a broken timestamp."""
LATE_MAX_S = 15.0
"""Packets that stay later than this are anchored anew."""
WINDOW_S = 10.0
SLEW = 0.01
"""Seconds of correction per second of video: invisible to viewers and trackers."""
FAST_SLEW = 0.1
"""While a burst of old packets has put the mapping ahead of the wall, which cannot be."""
STEP_S = 0.001
"""What is added after a jump that would have gone backwards."""


class Moment(NamedTuple):
    """A mapped timestamp."""

    utc_s: float
    jumped: bool


class StreamClock:
    """Maps presentation times of one camera to UTC; never backwards in presentation order.

    Args:
        follow_wall: live and paced streams are anchored to the wall clock. Without it, media time itself
            is the result (footage that is read as fast as possible), moved on only over breaks.
    """

    def __init__(self, *, follow_wall: bool = True) -> None:
        self._follow_wall = follow_wall
        self._running = False
        self._offset_s = 0.0
        self._newest_pts_s = 0.0
        self._newest_wall_s = 0.0
        self._newest_utc_s = float("-inf")
        self._window_end_s = 0.0
        self._least_late_s = float("inf")
        self._slew = 0.0
        self._arriving_pts_s: float | None = None

    def restart(self, arriving_pts_s: float | None = None) -> None:
        """Forget the anchor, as after a reconnect; time still only goes forward.

        Args:
            arriving_pts_s: of the picture that arrives just now, when older ones have waited in a buffer.
        """
        self._running = False
        self._arriving_pts_s = arriving_pts_s

    def map(self, pts_s: float, wall_utc_s: float, *, paced: bool = False) -> Moment:
        """The UTC of a picture shown at `pts_s` on the stream's clock that arrived now.

        `jumped` says that the stream's clock broke off before it (not for the very first picture). `paced`
        says that we wait for the picture's time ourselves, so that its arrival tells nothing.
        """
        if not self._running or self._has_jumped(pts_s, wall_utc_s):
            return self._anchor(pts_s, wall_utc_s)
        if pts_s > self._newest_pts_s:
            if self._follow_wall and not paced:
                self._correct(pts_s, wall_utc_s)
            self._note(pts_s, wall_utc_s, pts_s + self._offset_s)
        return Moment(pts_s + self._offset_s, False)

    def follow(self, pts_s: float) -> float:
        """The UTC of an audio packet: audio follows the pictures and never moves the clock."""
        return pts_s + self._offset_s

    def _has_jumped(self, pts_s: float, wall_s: float) -> bool:
        step_s = pts_s - self._newest_pts_s
        if step_s < -JUMP_BACK_S:
            return True
        if not self._follow_wall:
            return step_s > GAP_MAX_S
        passed_s = max(wall_s - self._newest_wall_s, 0.0)
        return step_s > passed_s + JUMP_AHEAD_S or wall_s - (pts_s + self._offset_s) > LATE_MAX_S

    def _anchor(self, pts_s: float, wall_s: float) -> Moment:
        first = self._newest_utc_s == float("-inf")
        wanted_s = (
            wall_s - self._waited_s(pts_s)
            if self._follow_wall
            else (pts_s if first else self._newest_utc_s + STEP_S)
        )
        utc_s = wanted_s if first else max(wanted_s, self._newest_utc_s + STEP_S)
        self._running = True
        self._offset_s = utc_s - pts_s
        self._slew = 0.0
        self._start_window(pts_s)
        utc_s = pts_s + self._offset_s  # rounded as the ones that follow
        self._note(pts_s, wall_s, utc_s)
        return Moment(utc_s, not first)

    def _waited_s(self, pts_s: float) -> float:
        """How long the first picture has waited in a buffer."""
        arriving_pts_s, self._arriving_pts_s = self._arriving_pts_s, None
        waited_s = 0.0 if arriving_pts_s is None else arriving_pts_s - pts_s
        return waited_s if 0 < waited_s < LATE_MAX_S else 0.0

    def _correct(self, pts_s: float, wall_s: float) -> None:
        late_s = wall_s - (pts_s + self._offset_s)
        step_s = pts_s - self._newest_pts_s
        if late_s < 0:
            self._offset_s += max(late_s, -FAST_SLEW * step_s)
        else:
            self._offset_s += min(self._slew * step_s, late_s)
        self._least_late_s = min(self._least_late_s, late_s)
        if pts_s >= self._window_end_s:
            self._slew = min(max(self._least_late_s / WINDOW_S, 0.0), SLEW)
            self._start_window(pts_s)

    def _start_window(self, pts_s: float) -> None:
        self._window_end_s = pts_s + WINDOW_S
        self._least_late_s = float("inf")

    def _note(self, pts_s: float, wall_s: float, utc_s: float) -> None:
        self._newest_pts_s, self._newest_wall_s = pts_s, wall_s
        self._newest_utc_s = max(utc_s, self._newest_utc_s)
