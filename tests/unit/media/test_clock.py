"""StreamClock: one clock rule for every camera."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.media.clock import LATE_MAX_S, StreamClock

NOON = 1_800_000_000.0
STEP_S = 0.04
ROUNDING_S = 1e-6
"""Of today's UTC as a float, and a tenth of the finest tick of a camera's clock."""


def feed(
    clock: StreamClock, count: int, *, pts_s: float = 0.0, late_s: float = 0.0, rate: float = 1.0
) -> float:
    """Map so many regular packets; the last UTC."""
    utc_s = 0.0
    for index in range(count):
        at_s = index * STEP_S
        utc_s = clock.map(pts_s + at_s, NOON + pts_s + at_s * rate).utc_s
    return utc_s


def test_the_first_picture_is_now() -> None:
    """The stream's own clock may start anywhere; UTC starts with the wall, and that is no jump."""
    moment = StreamClock().map(98765.4, NOON)
    assert moment.utc_s == pytest.approx(NOON, abs=1e-6)
    assert not moment.jumped


def test_distances_are_those_of_the_stream() -> None:
    """Jittering arrival does not show in the times: distances are the stream's own."""
    clock = StreamClock()
    jitter = [0.0, 0.03, 0.01, 0.2, 0.0, 0.05]
    times = [clock.map(i * STEP_S, NOON + i * STEP_S + late).utc_s for i, late in enumerate(jitter)]
    steps = [later - earlier for earlier, later in pairwise(times)]
    assert steps == pytest.approx([STEP_S] * 5, abs=1e-6)


def test_a_slow_camera_clock_is_followed() -> None:
    """A camera whose clock runs 200 ppm slow stays within a tenth of a second of the wall for an hour."""
    clock = StreamClock()
    count = int(3600 / STEP_S)
    utc_s = feed(clock, count, rate=1.0002)
    wall_s = NOON + (count - 1) * STEP_S * 1.0002
    assert utc_s == pytest.approx(wall_s, abs=0.1)


def test_a_burst_of_old_packets_does_not_leave_time_ahead() -> None:
    """Packets that waited in a buffer arrive at once; the times ahead of the wall come back to it."""
    clock = StreamClock()
    for index in range(50):
        clock.map(index * STEP_S, NOON)
    utc_s = 0.0
    for index in range(50, 2000):
        wall_s = NOON + (index - 50) * STEP_S
        utc_s = clock.map(index * STEP_S, wall_s).utc_s
    assert utc_s == pytest.approx(wall_s, abs=0.05)


def test_what_waited_in_a_buffer_keeps_its_own_time() -> None:
    """The first picture is as old as the one that arrives now is younger; distances stay the stream's own."""
    clock = StreamClock()
    clock.restart(arriving_pts_s=101.08)
    times = [clock.map(100 + index * STEP_S, NOON).utc_s for index in range(28)]
    times += [clock.map(100 + index * STEP_S, NOON + (index - 27) * STEP_S).utc_s for index in range(28, 60)]
    assert times[0] == pytest.approx(NOON - 1.08, abs=ROUNDING_S)
    steps = [later - earlier for earlier, later in pairwise(times)]
    assert steps == pytest.approx([STEP_S] * 59, abs=1e-6)


@pytest.mark.parametrize("arriving_pts_s", [99.0, 100.0, 5000.0])
def test_a_buffer_that_cannot_be_is_not_believed(arriving_pts_s: float) -> None:
    """Older than the first, or hours of it: the first picture is now."""
    clock = StreamClock()
    clock.restart(arriving_pts_s=arriving_pts_s)
    assert clock.map(100.0, NOON).utc_s == pytest.approx(NOON, abs=ROUNDING_S)


@pytest.mark.parametrize("jump_s", [-5000.0, -2.0, 60.0, 1e6])
def test_a_jump_is_told_and_time_goes_on(jump_s: float) -> None:
    """When the stream's clock is set, UTC goes on with the wall and the break is told once."""
    clock = StreamClock()
    before = feed(clock, 100, pts_s=10_000.0)
    wall_s = NOON + 10_000.0 + 100 * STEP_S
    after = clock.map(10_000.0 + 100 * STEP_S + jump_s, wall_s)
    following = clock.map(10_000.0 + 101 * STEP_S + jump_s, wall_s + STEP_S)
    assert after.jumped
    assert not following.jumped
    assert before < after.utc_s < following.utc_s
    assert after.utc_s == pytest.approx(wall_s, abs=0.1)


def test_a_network_pause_is_no_jump() -> None:
    """Nothing for eight seconds and then everything late, or everything lost, leaves the clock as it was."""
    delayed, broken = StreamClock(), StreamClock()
    before = feed(delayed, 100)
    feed(broken, 100)
    late = delayed.map(100 * STEP_S, NOON + 100 * STEP_S + 8)
    lost = broken.map(100 * STEP_S + 8, NOON + 100 * STEP_S + 8)
    assert not late.jumped
    assert late.utc_s == pytest.approx(before + STEP_S, abs=0.01)
    assert not lost.jumped


def test_a_stream_that_stays_late_is_anchored_anew() -> None:
    """A stream that has fallen too far behind the wall jumps to it, marked."""
    clock = StreamClock()
    feed(clock, 100)
    wall_s = NOON + 100 * STEP_S + LATE_MAX_S + 1
    moment = clock.map(100 * STEP_S, wall_s)
    assert moment.jumped
    assert moment.utc_s == pytest.approx(wall_s, abs=ROUNDING_S)


def test_the_wall_set_back_does_not_turn_time_back() -> None:
    """When the machine's clock is set back an hour, the camera's time goes on, without breaks."""
    clock = StreamClock()
    before = feed(clock, 100)
    moments = [clock.map((100 + i) * STEP_S, NOON - 3600 + i * STEP_S) for i in range(100)]
    assert not any(moment.jumped for moment in moments)
    assert before < moments[0].utc_s < moments[-1].utc_s


def test_a_restart_goes_on_later() -> None:
    """After a reconnect the stream's clock starts anew; UTC does not go back, and the break is told."""
    clock = StreamClock()
    before = feed(clock, 100)
    clock.restart()
    moment = clock.map(0.0, NOON)
    assert moment.jumped
    assert moment.utc_s > before


def test_footage_keeps_its_own_time() -> None:
    """Without the wall, times are the file's own, gaps included."""
    clock = StreamClock(follow_wall=False)
    assert [clock.map(pts_s, NOON).utc_s for pts_s in (0.5, 0.6, 60.0)] == [0.5, 0.6, 60.0]


def test_footage_that_goes_back_goes_on() -> None:
    """Footage whose timestamps start anew (a loop, a joint) goes on where it was."""
    clock = StreamClock(follow_wall=False)
    clock.map(9.0, NOON)
    moment = clock.map(0.0, NOON)
    assert moment.jumped
    assert 9.0 < moment.utc_s < 9.1


def test_paced_footage_keeps_its_pace() -> None:
    """Where the reader itself waits for each picture, the early arrival is not taken for a wrong clock."""
    clock = StreamClock()
    times = [clock.map(i * STEP_S, NOON + (i - 1) * STEP_S, paced=True).utc_s for i in range(200)]
    assert times[-1] - times[0] == pytest.approx(199 * STEP_S, abs=ROUNDING_S)


def test_audio_follows_the_pictures() -> None:
    """Sound is mapped as the pictures are and never moves their clock."""
    clock = StreamClock()
    clock.map(5.0, NOON)
    assert clock.follow(5.5) == pytest.approx(NOON + 0.5, abs=ROUNDING_S)
    assert clock.map(5.04, NOON + 0.04).utc_s == pytest.approx(NOON + 0.04)


@given(
    steps=st.lists(
        st.tuples(
            st.floats(-1e5, 1e5, allow_nan=False) | st.floats(0, 0.2),
            st.floats(-1e5, 1e5, allow_nan=False) | st.floats(0, 0.2),
            st.booleans(),
        ),
        max_size=60,
    ),
    follow_wall=st.booleans(),
)
def test_time_never_runs_backwards(steps: list[tuple[float, float, bool]], follow_wall: bool) -> None:
    """Whatever stream and wall do, what is shown later has the later time, over jumps too."""
    clock = StreamClock(follow_wall=follow_wall)
    pts_s, wall_s, newest_utc_s, newest_pts_s = 0.0, NOON, float("-inf"), 0.0
    for pts_step_s, wall_step_s, restart in steps:
        pts_s, wall_s = pts_s + pts_step_s, wall_s + wall_step_s
        if restart:
            clock.restart()
        moment = clock.map(pts_s, wall_s)
        if moment.jumped or pts_s >= newest_pts_s:
            assert moment.utc_s >= newest_utc_s - ROUNDING_S
            newest_pts_s = pts_s
        newest_utc_s = max(newest_utc_s, moment.utc_s)
