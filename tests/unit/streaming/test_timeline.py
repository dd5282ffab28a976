"""Where frames stand for a player: no holes, never backwards, sound beside the picture."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from hypothesis import given
from hypothesis import strategies as st

from vedette.streaming.samples import with_lengths
from vedette.streaming.timeline import SoundTimeline, VideoTimeline

SCALE = 90_000


def packet(at: int | None, shown: int | None = None) -> "av.Packet[Any]":
    made: av.Packet[Any] = av.Packet(b"x")
    made.dts, made.pts = at, at if shown is None else shown
    return made


def placed(ticks: list[int], fps: float = 25.0) -> list[tuple[int, int, int]]:
    line = VideoTimeline(Fraction(1, SCALE), SCALE, fps)
    return [line.place(packet(tick)) for tick in ticks]


def test_a_steady_camera_keeps_its_times() -> None:
    """The first frame is at 0, the others as far from it as the camera says."""
    assert [dts for dts, _, _ in placed([7_000 + 3600 * n for n in range(5)])] == [3600 * n for n in range(5)]


def test_a_hole_is_closed() -> None:
    """After a pause of four seconds the next frame follows at once, and the line goes on."""
    found = placed([0, 3600, 7200, 367_200, 370_800])
    assert [dts for dts, _, _ in found] == [0, 3600, 7200, 10_800, 14_400]


def test_a_new_rate_is_learned() -> None:
    """A camera that goes from 25 to 5 frames a second is followed from the second slow frame on."""
    found = placed([0, 3600, *(3600 + 18_000 * n for n in range(1, 5))])
    steps = [b[0] - a[0] for a, b in pairwise(found)]
    assert steps == [3600, 3600, 18_000, 18_000, 18_000]


@given(
    st.lists(st.integers(-200_000, 400_000), min_size=2, max_size=60), st.sampled_from([0.0, 1.0, 12.5, 25.0])
)
def test_players_accept_every_line(steps: list[int], fps: float) -> None:
    """Whatever a camera's clock does: strictly forwards, and never later than twice the claimed duration."""
    ticks = [sum(steps[:n]) for n in range(len(steps) + 1)]
    found = placed(ticks, fps)
    for (dts, _, claimed), (after, _, _) in pairwise(found):
        assert 0 < after - dts <= 2 * claimed


def test_reordered_frames_keep_their_offset() -> None:
    """What is shown later than it is decoded stays so, also where decode times are missing at the head."""
    line = VideoTimeline(Fraction(1, SCALE), SCALE, 25.0)
    head = packet(None, 7200)
    found = [line.place(head), line.place(packet(3600, 14_400)), line.place(packet(7200, 10_800))]
    assert [offset for _, offset, _ in found] == [7200, 10_800, 3600]
    assert [dts for dts, _, _ in found] == [0, 3600, 7200]


def test_sound_runs_on_until_it_is_far_off() -> None:
    """Little jitter is ironed out; a real hole stays one; what was heard already is left out."""
    line = SoundTimeline(16_000, 320)
    assert line.place(1.0, 1024) == (16_000, 1024)
    assert line.place(1.08, 1024) == (17_024, 1024)
    assert line.place(3.0, 1024) == (48_000, 1024)
    assert line.place(1.2, 1024) is None
    assert line.place(3.064, 0) == (49_024, 320)


def test_sound_before_the_picture_is_left_out() -> None:
    """Nothing can stand before 0."""
    assert SoundTimeline(16_000, 320).place(-1.0, 320) is None


@given(st.binary(max_size=300))
def test_lengths_are_true_for_any_bytes(data: bytes) -> None:
    """Every unit is as long as it says; garbage makes no error."""
    made, at = with_lengths(data), 0
    while at < len(made):
        at += 4 + int.from_bytes(made[at : at + 4], "big")
    assert at == len(made)
