"""Load control: how long to wait between two looks at a camera, so that the detector keeps up.

Every camera measures only its own lag: how far the frame about to be analysed is behind the newest packet.
Because the detector pool serves cameras in turn, all of them see the same crowding and step back alike;
that makes the control fair without a central part. Additive steps back to normal and multiplicative steps
away from it are the rule that TCP congestion control is built on (Chiu and Jain, 1989).
"""

from collections import Counter

from vedette.domain.camera import Profile

STEP_UP = 1.5
CALM_LOOKS = 8
"""Looks in a row without lag before the pace rises one step."""
TOLERATED_LAG_S = 1.0


class LoadControl:
    """The pace of one camera: `interval_s` between two analysed frames.

    The pace is `profile.rate_fps` while all is well. Under load the number of frames between looks grows
    within `skip_min` to `skip_max`. What the detector is behind because it starts in the past when the gate
    opens, on purpose, counts as load only when it grows.

    Attributes:
        behind_s: how far the packet that is read now is behind the newest one; kept by who reads them.
    """

    def __init__(self, profile: Profile, counters: Counter[str], *, fps: float = 25.0) -> None:
        self._counters = counters
        self._calm = 0
        self._best_lag_s = float("inf")
        self._late_s = 0.0
        self._skip: float | None = None
        self.behind_s = 0.0
        self.configure(profile, fps=fps)

    def configure(self, profile: Profile, *, fps: float) -> None:
        """Take over new bounds or another frame rate of the stream."""
        self._profile = profile
        self._fps = fps if 0 < fps <= 240 else 25.0
        if self._skip is not None:
            self._skip = min(self._skip, float(profile.skip_max))

    @property
    def interval_s(self) -> float:
        """Seconds between two analysed frames now."""
        return 1.0 / self._profile.rate_fps if self._skip is None else self._skip / self._fps

    @property
    def skip(self) -> int:
        """Frames from one look to the next now."""
        return max(1, round(self.interval_s * self._fps))

    @property
    def limited(self) -> bool:
        """Whether load holds the pace below the profile's rate."""
        return self._skip is not None

    def restart(self) -> None:
        """The gate has opened: the lag is compared with what it is from here on.

        Where all was looked at so far, the profile's rate holds: a short visit where it was quiet is looked
        at in full, at the cost of cameras that are never quiet.
        """
        self._best_lag_s, self._late_s = float("inf"), self.behind_s
        if self.behind_s < TOLERATED_LAG_S:
            self._skip, self._calm = None, 0

    def observe(self, lag_s: float) -> None:
        """One look is about to happen, `lag_s` behind the newest packet."""
        self._best_lag_s = min(self._best_lag_s, lag_s - self._late_s)
        self._late_s = 0.0
        if lag_s > self._best_lag_s + TOLERATED_LAG_S:
            self._slow_down()
            self._best_lag_s = lag_s
        elif self._skip is not None and lag_s < TOLERATED_LAG_S:
            self._calm += 1
            if self._calm >= CALM_LOOKS:
                self._speed_up()
        else:
            self._calm = 0

    def _slow_down(self) -> None:
        self._calm = 0
        slower = max(float(self._profile.skip_min), self.skip * STEP_UP)
        slower = min(slower, float(self._profile.skip_max))
        if self._skip is None or slower > self._skip:
            self._skip = slower
            self._counters["load_steps_down"] += 1

    def _speed_up(self) -> None:
        self._calm = 0
        assert self._skip is not None
        self._counters["load_steps_up"] += 1
        self._skip -= max(1.0, self._skip / 8)
        if self._skip <= self._fps / self._profile.rate_fps:
            self._skip = None
