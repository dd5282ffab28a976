"""Load control: the pace follows the lag, within the profile's bounds."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.camera import Profile
from vedette.pipeline.load import CALM_LOOKS, LoadControl

PROFILE = Profile(rate_fps=5.0, skip_min=5, skip_max=60)


def control(profile: Profile = PROFILE, fps: float = 25.0) -> tuple[LoadControl, Counter[str]]:
    counters: Counter[str] = Counter()
    return LoadControl(profile, counters, fps=fps), counters


def test_without_load_the_profile_rate_holds() -> None:
    """Lag below a second leaves five looks a second, every fifth frame of 25."""
    load, counters = control()
    for _ in range(100):
        load.observe(0.3)
    assert load.interval_s == 0.2
    assert load.skip == 5
    assert not load.limited
    assert not counters


def test_growing_lag_slows_down_to_the_upper_bound_and_no_further() -> None:
    """However far behind, at most `skip_max` frames lie between two looks, and each step is counted."""
    load, counters = control()
    for seconds in range(40):
        load.observe(1.5 * seconds)
    assert load.skip == PROFILE.skip_max
    assert load.interval_s == PROFILE.skip_max / 25.0
    assert counters["load_steps_down"] >= 4


def test_the_first_step_reaches_the_lower_bound() -> None:
    """A slow camera (10 fps, every second frame) jumps to at least `skip_min` under load."""
    load, _ = control(fps=10.0)
    load.observe(0.0)
    load.observe(2.0)
    assert load.skip >= PROFILE.skip_min


def test_it_recovers_by_itself() -> None:
    """When the lag is gone the pace returns to the profile's rate, step by step."""
    load, counters = control()
    for seconds in range(40):
        load.observe(1.5 * seconds)
    for _ in range(CALM_LOOKS * 60):
        load.observe(0.1)
    assert load.interval_s == 0.2
    assert not load.limited
    assert counters["load_steps_up"] > 1


def test_catching_up_after_the_gate_opened_is_not_load() -> None:
    """The lag of looking into the past counts only when it grows."""
    load, counters = control()
    load.restart()
    for tenths in range(40, 0, -1):
        load.observe(tenths / 10)
    assert not counters["load_steps_down"]


def test_a_visit_where_it_was_quiet_is_looked_at_in_full() -> None:
    """When the gate opens, the profile's rate holds until the lag grows from there on."""
    load, _ = control()
    for seconds in range(40):
        load.observe(1.5 * seconds)
    load.restart()
    assert (load.skip, load.limited) == (5, False)
    load.observe(4.0)
    load.observe(4.9)
    assert not load.limited
    load.observe(5.1)
    assert load.limited


def test_who_is_late_already_begins_at_the_pace_of_before() -> None:
    """What the camera was behind when the gate opened is load, and not the look into the past."""
    load, _ = control()
    for seconds in range(4):
        load.observe(1.5 * seconds)
    pace = load.skip
    load.behind_s = 6.0
    load.restart()
    assert load.skip == pace
    load.observe(8.0)
    assert load.skip > pace


def test_new_bounds_apply_at_once() -> None:
    """A profile with a lower upper bound pulls the pace inside it."""
    load, _ = control()
    for seconds in range(40):
        load.observe(1.5 * seconds)
    load.configure(Profile(skip_max=20), fps=25.0)
    assert load.skip == 20


@given(st.lists(st.floats(0, 100), max_size=200), st.floats(1, 120))
def test_the_pace_never_leaves_its_bounds(lags: list[float], fps: float) -> None:
    """Whatever the lags, the skip is the profile's rate or lies within the bounds."""
    load, _ = control(fps=fps)
    for lag in lags:
        load.observe(lag)
        assert not load.limited or load.interval_s * fps <= PROFILE.skip_max + 1e-6
        assert load.interval_s >= 1 / PROFILE.rate_fps - 1e-9 or load.limited
