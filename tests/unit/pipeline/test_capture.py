"""Capture: quiet costs keyframes only, and no event loses its beginning."""

import itertools
from collections import Counter
from dataclasses import replace

import av
import pytest

from tests.support.video import VideoMaker
from tests.unit.pipeline.footage import packets_of
from vedette.domain.camera import Profile
from vedette.media.packets import MediaPacket
from vedette.pipeline.capture import Capture
from vedette.pipeline.chain import frames_of
from vedette.pipeline.frames import Frame
from vedette.testing.scenes import Walk

PASSING = (Walk("person", 5.3, 8.0),)
PROFILE = Profile(quiet_after_s=2.0, recheck_s=6.0)


def watch(
    packets: list[MediaPacket], *, profile: Profile = PROFILE, gate: bool = True
) -> tuple[list[Frame], Counter[str]]:
    """All frames and the counters."""
    counters: Counter[str] = Counter()
    return list(frames_of(Capture("door", profile, counters, gate=gate), packets)), counters


def test_quiet_costs_keyframes_only(make_video: VideoMaker) -> None:
    """In a still scene one picture of each group is decoded and few are given on."""
    packets = packets_of(make_video(quiet=True, seconds=20, fps=10, gop=10).path)
    frames, counters = watch(packets)
    keyframes = sum(packet.keyframe for packet in packets)
    assert counters["keyframes_decoded"] == keyframes == 20
    assert counters["frames_decoded"] == 0
    assert counters["gate_opened"] == 0
    shown_s = [frame.utc_s for frame in frames[: PROFILE.min_hits]]
    assert shown_s == pytest.approx(
        [packet.utc_s for packet in packets if packet.keyframe][: PROFILE.min_hits]
    )
    assert frames[0].reason == "start"
    rechecks = frames[PROFILE.min_hits :]
    assert {frame.reason for frame in rechecks} == {"recheck"}
    gaps = [b.utc_s - a.utc_s for a, b in itertools.pairwise(rechecks)]
    assert all(gap >= PROFILE.recheck_s for gap in gaps)


def test_what_came_before_the_gate_opened_is_seen(make_video: VideoMaker) -> None:
    """Somebody comes in the middle of a group: the frames from the last quiet look on are given."""
    packets = packets_of(make_video(seconds=14, fps=10, gop=20, walks=PASSING).path)
    frames, counters = watch(packets)
    moving = [frame for frame in frames if frame.reason == "motion"]
    assert counters["gate_opened"] == 1
    assert moving[0].utc_s <= 5.5
    noticed_s = min(packet.utc_s for packet in packets if packet.keyframe and packet.utc_s > 5.5)
    assert sum(frame.utc_s < noticed_s for frame in moving) >= 2


def test_the_gate_closes_when_nothing_moves(make_video: VideoMaker) -> None:
    """After the profile's time keyframes suffice again."""
    packets = packets_of(make_video(seconds=20, fps=10, gop=10, walks=PASSING).path)
    frames, counters = watch(packets)
    moving = [frame.utc_s for frame in frames if frame.reason == "motion"]
    assert 8.0 <= moving[-1] <= 8.0 + PROFILE.quiet_after_s + 2.5
    assert counters["frames_decoded"] < len(packets) / 2


def test_the_open_gate_keeps_the_rate(make_video: VideoMaker) -> None:
    """All frames are decoded, the profile's rate is given on."""
    packets = packets_of(make_video(seconds=14, fps=10, gop=20, walks=PASSING).path)
    for rate in (2.0, 5.0):
        frames, _ = watch(packets, profile=replace_rate(rate))
        moving = [frame.utc_s for frame in frames if frame.reason == "motion"]
        assert len(moving) == pytest.approx((moving[-1] - moving[0]) * rate, abs=2)


def replace_rate(rate_fps: float) -> Profile:
    """The profile at another rate."""
    return Profile(quiet_after_s=2.0, recheck_s=6.0, rate_fps=rate_fps)


def test_without_the_gate_everything_is_decoded(make_video: VideoMaker) -> None:
    """The yardstick: all frames decoded, the rate given on from the first to the last."""
    packets = packets_of(make_video(quiet=True, seconds=6, fps=10, gop=20).path)
    frames, counters = watch(packets, gate=False)
    assert counters["frames_decoded"] == len(packets) == 60
    assert len(frames) == 30


def test_long_groups_are_looked_into(make_video: VideoMaker) -> None:
    """Groups of 10 s do not hide somebody who passes within one."""
    packets = packets_of(make_video(seconds=20, fps=10, gop=100, walks=(Walk("person", 12, 17),)).path)
    frames, counters = watch(packets)
    assert counters["frames_decoded_inside"] > 0
    moving = [frame.utc_s for frame in frames if frame.reason == "motion"]
    assert any(13 < at_s < 16 for at_s in moving)
    assert moving[0] < 13


def test_short_groups_are_not_looked_into(make_video: VideoMaker) -> None:
    """The second look costs nothing where keyframes come often enough."""
    packets = packets_of(make_video(quiet=True, seconds=10, fps=10, gop=20).path)
    assert watch(packets[:-19])[1]["frames_decoded_inside"] == 0


def test_a_corrupt_keyframe_costs_a_counter(make_video: VideoMaker) -> None:
    """The look is skipped, the next one is taken, and who comes later is seen."""
    packets = packets_of(make_video(seconds=14, fps=10, gop=10, walks=PASSING).path)
    for index in (20, 30):
        broken = av.Packet(b"\x00\x00\x00\x04\x65\xff\xff\xff" * 50)
        broken.pts, broken.dts = packets[index].packet.pts, packets[index].packet.dts
        broken.time_base = packets[index].packet.time_base
        packets[index] = replace(packets[index], packet=broken)
    frames, counters = watch(packets)
    assert counters["keyframes_corrupt"] == 2
    assert any(frame.reason == "motion" for frame in frames)


def test_a_change_of_size_begins_anew(make_video: VideoMaker) -> None:
    """The stretch of before is finished, the new one starts with its first looks; numbers go on."""
    small = packets_of(make_video(quiet=True, seconds=4, fps=10, gop=10, width=320, height=180).path)
    large = packets_of(make_video(quiet=True, seconds=4, fps=10, gop=10).path)
    frames, counters = watch([*small, *(replace(p, utc_s=p.utc_s + 4) for p in large)])
    starts = [(frame.picture.width, frame.utc_s) for frame in frames if frame.reason == "start"]
    assert [width for width, _ in starts] == [320, 640]
    assert [frame.sequence for frame in frames] == list(range(1, len(frames) + 1))
    assert counters["gate_opened"] == 0


def test_a_break_of_the_stream_forgets_the_group(make_video: VideoMaker) -> None:
    """After a discontinuity nothing is decoded with packets from before it."""
    packets = packets_of(make_video(seconds=14, fps=10, gop=20, walks=PASSING).path)
    later = [replace(p, utc_s=p.utc_s + 100, discontinuity=n == 0) for n, p in enumerate(packets)]
    frames, counters = watch([*packets[:66], *later])
    assert counters["gate_opened"] == 2
    assert counters["decode_errors"] == counters["corrupt_packets"] == 0
    times = [frame.utc_s for frame in frames]
    assert times == sorted(times)


def test_what_stands_before_the_first_keyframe_is_left_out(make_video: VideoMaker) -> None:
    """A stream that is joined in the middle of a group is watched from its first keyframe on."""
    packets = packets_of(make_video(quiet=True, seconds=6, fps=10, gop=20).path)
    frames, counters = watch(packets[5:])
    assert counters["keyframes_corrupt"] == 0
    assert frames[0].utc_s == pytest.approx(2.0)


def test_the_unseen_end_of_a_quiet_file_is_looked_at(make_video: VideoMaker) -> None:
    """Somebody who comes after the last keyframe is not overlooked when the file ends."""
    packets = packets_of(make_video(seconds=11.9, fps=10, gop=60, walks=(Walk("person", 10.2, 13),)).path)
    frames, _ = watch(list(packets))
    assert any(frame.reason == "motion" and frame.utc_s > 10.2 for frame in frames)


def test_a_profile_changes_between_two_packets(make_video: VideoMaker) -> None:
    """The rate of the open gate follows at once, and nothing is decoded twice."""
    packets = packets_of(make_video(seconds=8, fps=10, gop=20, walks=(Walk("person", 0.5, 8),)).path)
    counters: Counter[str] = Counter()
    capture = Capture("door", replace_rate(2.0), counters, gate=False)
    before = [frame for packet in packets[:40] for frame in capture.feed(packet)]
    capture.configure(replace_rate(10.0))
    after = [frame for packet in packets[40:] for frame in capture.feed(packet)] + list(capture.finish())
    assert len(before) == pytest.approx(8, abs=1)
    assert len(after) == pytest.approx(40, abs=5)
    assert counters["frames_decoded"] == 80


def test_only_some_packets_wake_the_analysis(make_video: VideoMaker) -> None:
    """While quiet, keyframes are wanted and the packets between them are not."""
    packets = packets_of(make_video(quiet=True, seconds=6, fps=10, gop=10).path)
    capture = Capture("door", PROFILE, Counter())
    wanted = []
    for packet in packets:
        wanted.append(capture.wants(packet))
        list(capture.feed(packet))
    assert wanted == [packet.keyframe for packet in packets]
