"""Cutting into segments, announcing, and going on whatever happens."""

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tests.support.video import VideoMaker
from tests.unit.recording.packets import (
    START_UTC_S,
    Recording,
    decode_complaints,
    packets,
    probe,
    record,
)
from vedette.media.packets import AudioInfo, VideoInfo
from vedette.recording.fmp4 import parse_segment
from vedette.recording.naming import parse_name

SMALL = {"width": 320, "height": 180}


def test_segments_are_cut_at_keyframes(tmp_path: Path, make_video: VideoMaker) -> None:
    """Three segments of 4 s from 12 s with keyframes every 2 s; no picture is lost or doubled."""
    video = make_video(seconds=4, gop=20, **SMALL)
    recording = record(tmp_path, packets(video.path, times=3), segment_s=4)
    assert [parse_segment(path).duration_s for path in recording.paths()] == pytest.approx([4.0] * 3)
    assert sum(int(probe(path)["video"]["nb_read_frames"]) for path in recording.paths()) == 120
    assert all(decode_complaints(path) == "" for path in recording.paths())


def test_every_segment_is_announced_open_then_closed(tmp_path: Path, make_video: VideoMaker) -> None:
    """Messages of a segment come in order and say what is on the disk."""
    recording = record(tmp_path, packets(make_video(seconds=4, **SMALL).path, times=2), segment_s=4)
    assert [m.state for m in recording.messages].count("open") == 2
    for message in recording.closed:
        states = [m.state for m in recording.messages if m.id == message.id]
        assert states == ["open", "closed"]
        assert message.size_bytes == (tmp_path / message.path).stat().st_size
        assert (message.codec, message.width, message.height) == ("h264", 320, 180)
        assert parse_segment(tmp_path / message.path).complete
    assert recording.counters["segments_closed"] == 2


def test_rows_of_consecutive_segments_touch(tmp_path: Path, make_video: VideoMaker) -> None:
    """A segment ends where the next one begins, and begins when its first picture was shown."""
    recording = record(tmp_path, packets(make_video(seconds=4, **SMALL).path, times=3), segment_s=4)
    rows = recording.closed
    assert rows[0].start_utc_s == START_UTC_S
    assert all(a.end_utc_s == b.start_utc_s for a, b in itertools.pairwise(rows))
    assert rows[-1].end_utc_s == pytest.approx(START_UTC_S + 12)


def test_the_path_says_camera_time_and_id(tmp_path: Path, make_video: VideoMaker) -> None:
    """Day and hour folders, the start in UTC to the microsecond, the segment's id."""
    message = record(tmp_path, packets(make_video(seconds=1, **SMALL).path)).closed[0]
    assert message.path == f"door/2026-11-21/12/20261121T120000.250000Z_{message.id}.mp4"
    name = parse_name(message.path)
    assert name is not None
    assert (name.camera, name.start_utc_s, name.id) == ("door", START_UTC_S, message.id)


@pytest.mark.parametrize("change", ["info", "discontinuity", "jump_forward", "jump_back"])
def test_a_changed_stream_begins_a_new_segment(tmp_path: Path, make_video: VideoMaker, change: str) -> None:
    """New parameters, a clock jump announced or not: a cut, never a segment with a tear."""
    stream = list(packets(make_video(seconds=2, gop=10, **SMALL).path, times=2))
    second = stream[20:]
    if change == "info":
        assert isinstance(second[0].info, VideoInfo)
        other = replace(second[0].info, fps=9.0)
        second = [replace(p, info=other) for p in second]
    elif change == "discontinuity":
        second[0] = replace(second[0], discontinuity=True)
    else:
        step = 3600.0 if change == "jump_forward" else -3600.0
        second = [replace(p, utc_s=p.utc_s + step) for p in second]
    recording = record(tmp_path, [*stream[:20], *second])
    assert [parse_segment(path).duration_s for path in recording.paths()] == pytest.approx([2.0, 2.0])


def test_nothing_is_written_before_a_keyframe(tmp_path: Path, make_video: VideoMaker) -> None:
    """A recording that begins in the middle of a group waits for the next keyframe, and counts."""
    stream = list(packets(make_video(seconds=4, gop=20, **SMALL).path))
    recording = record(tmp_path, stream[5:])
    assert recording.counters["packets_before_keyframe"] == 15
    assert recording.closed[0].start_utc_s == stream[20].utc_s


def test_cut_ends_the_segment_at_once(tmp_path: Path, make_video: VideoMaker) -> None:
    """When the policy stops, the segment closes without waiting for a keyframe."""
    stream = list(packets(make_video(seconds=4, gop=20, **SMALL).path))
    recording = Recording(tmp_path)
    recording.feed(stream[:7])
    recording.recorder.cut()
    assert not recording.recorder.recording
    recording.feed(stream[20:])
    recording.close()
    assert [m.end_utc_s - m.start_utc_s for m in recording.closed] == pytest.approx([0.7, 2.0])


def test_marks_go_with_the_segment_they_were_made_in(tmp_path: Path, make_video: VideoMaker) -> None:
    """Motion noticed before the segment or in it marks this segment and not the next."""
    stream = list(packets(make_video(seconds=2, gop=10, **SMALL).path, times=3))
    recording = Recording(tmp_path, segment_s=2)
    recording.recorder.mark(motion=True)
    recording.feed(stream[:25])
    recording.recorder.mark(event=True)
    recording.feed(stream[25:])
    recording.close()
    assert [m.has_motion for m in recording.closed] == [True, False, False]
    assert [m.has_event for m in recording.closed] == [False, True, False]
    ends = [parse_segment(path).end for path in recording.paths()]
    assert [end and end.has_event for end in ends] == [False, True, False]


def test_audio_that_appears_is_recorded_from_the_next_keyframe(
    tmp_path: Path, make_video: VideoMaker
) -> None:
    """Nobody said beforehand that there is sound: one short silent segment, then sound."""
    video = make_video(seconds=4, gop=10, tone_hz=440.0, **SMALL)
    recording = record(tmp_path, itertools.dropwhile(lambda p: not p.is_video, packets(video.path)))
    assert [m.audio_codec for m in recording.closed] == ["", "aac"]
    assert recording.closed[0].end_utc_s - START_UTC_S == pytest.approx(1.0)
    assert "audio" in probe(recording.paths()[1])


def test_expected_audio_is_recorded_at_once(tmp_path: Path, make_video: VideoMaker) -> None:
    """With the source's word the first segment has sound."""
    stream = list(packets(make_video(seconds=4, gop=10, tone_hz=440.0, **SMALL).path))
    recording = Recording(tmp_path)
    recording.recorder.expect_audio(next(p.info for p in stream if not p.is_video))  # type: ignore[arg-type]
    recording.feed(stream)
    recording.close()
    assert [m.audio_codec for m in recording.closed] == ["aac"]


def test_audio_that_mp4_cannot_hold_costs_the_audio_only(tmp_path: Path, make_video: VideoMaker) -> None:
    """G.711 is left out with one warning; the picture is recorded in one piece."""
    stream = [
        replace(p, info=replace(p.info, codec="pcm_mulaw")) if not p.is_video else p  # type: ignore[type-var]
        for p in packets(make_video(seconds=4, gop=10, tone_hz=440.0, **SMALL).path)
    ]
    sound = next(p.info for p in stream if not p.is_video)
    recording = record(tmp_path, [p if p.is_video else replace(p, info=sound) for p in stream])
    assert [m.audio_codec for m in recording.closed] == [""]


def test_a_stream_that_cannot_be_recorded_says_so(tmp_path: Path, make_video: VideoMaker) -> None:
    """A codec without a place in MP4 is named, its packets are counted, no file is left."""
    info = VideoInfo("theora", 320, 180, b"", Fraction(1, 10))
    stream = packets(make_video(seconds=1, **SMALL).path, video_info=info)
    recording = record(tmp_path, stream)
    assert recording.counters["packets_not_recorded"] == 10
    assert "theora" in recording.recorder.error
    assert not list(tmp_path.rglob("*.mp4"))


def test_parameter_sets_are_found_in_the_keyframe(tmp_path: Path, make_video: VideoMaker) -> None:
    """A camera that announces no parameter sets sends them before each keyframe."""
    path = make_video(suffix=".ts", seconds=2, **SMALL).path
    first = next(packets(path))
    assert isinstance(first.info, VideoInfo)
    recording = record(tmp_path, packets(path, video_info=replace(first.info, extradata=b"")))
    assert int(probe(recording.paths()[0])["video"]["nb_read_frames"]) == 20


def test_a_packet_the_muxer_refuses_costs_one_packet(tmp_path: Path, make_video: VideoMaker) -> None:
    """One packet with a time that no file can hold: counted, and the recording goes on."""
    stream = list(packets(make_video(suffix=".ts", seconds=2, **SMALL).path))
    stream[7].packet.pts = 2**62
    recording = record(tmp_path, stream)
    assert recording.counters["packets_refused"] <= 1
    assert len(parse_segment(recording.paths()[0]).samples[1]) >= 19


def test_sound_that_comes_late_goes_into_the_segment_of_its_time(
    tmp_path: Path, make_video: VideoMaker
) -> None:
    """Sound is often delivered after the picture of its time: no piece is missing at the cuts."""
    stream = list(packets(make_video(seconds=4, gop=10, tone_hz=440.0, **SMALL).path, times=2))
    sound = next(p.info for p in stream if isinstance(p.info, AudioInfo))
    late = sorted(stream, key=lambda p: p.utc_s + (0.0 if p.is_video else 0.3))
    recording = Recording(tmp_path, segment_s=2)
    recording.recorder.expect_audio(sound)
    recording.feed(late)
    recording.close()
    parsed = [parse_segment(path) for path in recording.paths()]
    heard = [len(s.samples[t.id]) for s in parsed for t in [s.track("soun")] if t is not None]
    assert len(heard) == 4
    after_start = [p for p in stream if not p.is_video and p.utc_s >= START_UTC_S]
    assert sum(heard) == len(after_start)
    assert [s.duration_s for s in parsed] == pytest.approx([2.0] * 4)
    assert all(s.complete for s in parsed)
    assert [m.size_bytes for m in recording.closed] == [p.stat().st_size for p in recording.paths()]
