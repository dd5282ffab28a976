"""How much moved, kept in a few bytes beside the recording."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.video import VideoMaker
from tests.unit.recording.packets import START_UTC_S, Recording, packets
from vedette.recording.activity import LATE_S, MOST_SECONDS, ActivityLog, density
from vedette.recording.repair import repair_segment

START = 1_795_262_400.25


def levels(activity: bytes, start: float = START, seconds: int = 60) -> list[float]:
    """The share per second, from 30 s before the segment."""
    return [float(x) for x in density([(start, activity, False)], math.floor(start) - 30, 1.0, seconds)]


def test_a_quiet_segment_costs_nothing() -> None:
    """Where nothing moved, there is not a byte."""
    assert ActivityLog().take(START, START + 10) == b""


def test_each_second_keeps_its_largest_share() -> None:
    """Shares come back by second, small ones too, and are forgotten once they were taken."""
    log = ActivityLog()
    for utc_s, share in ((START + 1, 0.2), (START + 1.5, 0.4), (START + 4, 0.0001)):
        log.note(utc_s, share)
    found = levels(log.take(START, START + 10))
    assert found[31] == pytest.approx(0.4, abs=0.01)
    assert 0 < found[34] < 0.001
    assert sum(share > 0 for share in found) == 2
    assert log.take(START, START + 10) == b""


def test_what_is_noticed_late_stands_where_it_was() -> None:
    """Motion of the segment before comes with the next one, and is drawn at its own time."""
    log = ActivityLog()
    log.note(START - 3, 0.5)
    log.note(START - LATE_S - 5, 0.5)
    found = levels(log.take(START, START + 10))
    assert found[27] == pytest.approx(0.5, abs=0.01)
    assert sum(share > 0 for share in found) == 1


def test_what_comes_after_the_end_waits_for_the_next() -> None:
    """Motion behind the end belongs to the segment that follows."""
    log = ActivityLog()
    log.note(START + 12, 1.0)
    assert log.take(START, START + 10) == b""
    assert levels(log.take(START + 10, START + 20), START + 10)[32] == 1.0


@given(st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1, 2)), max_size=600))
def test_it_is_bounded(notes: list[tuple[float, float]]) -> None:
    """Whatever is noticed, the bytes fit and every share is one."""
    log = ActivityLog()
    for offset, share in notes:
        log.note(START + offset, share)
    activity = log.take(START, START + 1000)
    assert len(activity) <= MOST_SECONDS + 1
    found = density([(START, activity, False)], START - 100, 7.0, 300)
    assert (found >= 0).all()
    assert (found <= 1).all()


def test_steps_hold_the_most_of_their_seconds() -> None:
    """A wide step shows the busiest second in it; times outside are left out."""
    activity = bytes([0, 255, 0, 128, 0, 0, 64])
    found = density([(1000.0, activity, True), (2000.0, activity, True)], 1000.0, 3.0, 2)
    assert found == pytest.approx([1.0, (64 / 255) ** 2])


def test_recordings_from_before_show_that_something_moved() -> None:
    """A segment that only says that something moved has a low level; one that says nothing has none."""
    moved = density([(1000.0, b"", True)], 1000.0, 1.0, 20)
    assert 0 < moved[0] < 0.01
    assert moved[15] == 0
    assert not density([(1000.0, b"", False)], 1000.0, 1.0, 20).any()


def test_the_recorder_keeps_it(tmp_path: Path, make_video: VideoMaker) -> None:
    """What moved is announced with the closed segment, stands in the file, and survives a repair."""
    recording = Recording(tmp_path, segment_s=2)
    for packet in packets(make_video(seconds=4, fps=10, gop=10).path):
        recording.recorder.write(packet)
        if 0.5 < packet.utc_s - START_UTC_S < 1.5:
            recording.recorder.moved(packet.utc_s, 0.25)
    recording.close()
    first, *others = recording.closed
    found = density([(first.start_utc_s, first.activity, False)], START_UTC_S, 2.0, 3)
    assert found == pytest.approx([0.25, 0, 0], abs=0.01)
    assert first.has_motion
    assert all(message.activity == b"" for message in others)
    assert repair_segment(tmp_path / first.path).activity == first.activity
