"""Whatever a crash leaves of a segment is a playable prefix or garbage."""

import os
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
from vedette.domain.errors import StorageError
from vedette.recording.fmp4 import parse_segment
from vedette.recording.repair import GARBAGE_SUFFIX, discard, recover, repair_segment

TINY = {"width": 64, "height": 48, "seconds": 2, "gop": 10}


def test_truncation_at_every_byte(tmp_path: Path, make_video: VideoMaker) -> None:
    """Cut anywhere, a segment becomes a complete one with all whole fragments, or is called garbage."""
    whole = record(tmp_path, packets(make_video(**TINY).path)).paths()[0].read_bytes()
    ends = _fragment_ends(whole, tmp_path)
    path = tmp_path / "cut.mp4"
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        found = repair_segment(path, START_UTC_S)
        fragments = [end for end in ends if end <= size]
        assert found.garbage == (not fragments), size
        if fragments:
            assert path.read_bytes()[: fragments[-1]] == whole[: fragments[-1]]
            assert parse_segment(path).complete
            assert found.size_bytes == path.stat().st_size


def _fragment_ends(whole: bytes, folder: Path) -> list[int]:
    """Ends of the `mdat` boxes, found by walking the boxes."""
    ends, at = [], 0
    while at < len(whole):
        size = int.from_bytes(whole[at : at + 4], "big")
        at += size
        if whole[at - size + 4 : at - size + 8] == b"mdat":
            ends.append(at)
    assert len(ends) >= 3
    return ends


def test_a_repaired_prefix_plays(tmp_path: Path, make_video: VideoMaker) -> None:
    """ffmpeg decodes it without a complaint, and its row is right."""
    path = record(tmp_path, packets(make_video(width=320, height=180, seconds=4, gop=10).path)).paths()[0]
    os.truncate(path, path.stat().st_size * 2 // 3)
    found = repair_segment(path)
    assert decode_complaints(path) == ""
    frames = int(probe(path)["video"]["nb_read_frames"])
    assert found.end_utc_s - found.start_utc_s == pytest.approx(frames / 10)
    assert found.start_utc_s == START_UTC_S
    assert (found.codec, found.width, found.height) == ("h264", 320, 180)
    assert found.cut_bytes > 0


def test_repair_changes_nothing_that_is_whole(tmp_path: Path, make_video: VideoMaker) -> None:
    """A complete segment is only read; its end and marks are those that were written."""
    recording = Recording(tmp_path)
    recording.recorder.mark(event=True)
    recording.feed(packets(make_video(**TINY).path))
    recording.close()
    path = recording.paths()[0]
    before = path.read_bytes()
    found = repair_segment(path)
    assert path.read_bytes() == before
    assert (found.has_event, found.end_utc_s) == (True, recording.closed[0].end_utc_s)


def test_bytes_that_cannot_be_trusted_are_cut(tmp_path: Path, make_video: VideoMaker) -> None:
    """After a failed fsync only what was durable before counts, whatever the file looks like."""
    path = record(tmp_path, packets(make_video(**TINY).path)).paths()[0]
    ends = _fragment_ends(path.read_bytes(), tmp_path)
    found = repair_segment(path, START_UTC_S, trusted_bytes=ends[1] + 5)
    assert parse_segment(path).valid_bytes == found.size_bytes
    assert found.size_bytes < ends[2]


def test_a_file_that_is_being_written_is_not_repaired(tmp_path: Path, make_video: VideoMaker) -> None:
    """A recorder holds a lock on its file, also against other processes and while its camera is silent."""
    recording = Recording(tmp_path)
    recording.feed(list(packets(make_video(**TINY).path))[:15])
    path = next(tmp_path.rglob("*.mp4"))
    with pytest.raises(StorageError, match="being written"):
        repair_segment(path)
    assert recover(tmp_path, "door") == []
    recording.close()
    assert not repair_segment(path).garbage


def test_recover_finishes_what_was_left(tmp_path: Path, make_video: VideoMaker) -> None:
    """The open segment of a dead worker is closed, and the last closed ones are announced again."""
    recording = record(tmp_path, packets(make_video(**TINY).path, times=5), segment_s=2)
    last = recording.closed[-1]
    os.truncate(tmp_path / last.path, last.size_bytes - 200)
    messages = recover(tmp_path, "door")
    assert [m.id for m in messages] == [m.id for m in recording.closed[-4:]]
    assert messages[:3] == recording.closed[-4:-1]
    assert messages[-1].state == "closed"
    assert messages[-1].size_bytes == (tmp_path / last.path).stat().st_size
    assert parse_segment(tmp_path / last.path).complete


def test_recover_deletes_a_head_without_media(tmp_path: Path, make_video: VideoMaker) -> None:
    """Killed right after the segment was begun: no video is lost with the file."""
    message = record(tmp_path, packets(make_video(**TINY).path)).closed[0]
    os.truncate(tmp_path / message.path, 900)
    assert [m.state for m in recover(tmp_path, "door")] == ["deleted"]
    assert not (tmp_path / message.path).exists()


def test_recover_leaves_other_files_alone(tmp_path: Path) -> None:
    """What does not have the form of a segment's name is not ours, wherever it lies."""
    hour = tmp_path / "door" / "2026-11-21" / "12"
    hour.mkdir(parents=True)
    others = [tmp_path / "notes.txt", tmp_path / "door" / "x.mp4", hour / "holiday.mp4", hour / "y.tmp"]
    for other in others:
        other.write_bytes(b"mine")
    assert recover(tmp_path, "door") == []
    assert [other.read_bytes() for other in others] == [b"mine"] * 4


def test_recover_of_a_new_camera_is_empty(tmp_path: Path) -> None:
    """No folder, nothing to do."""
    assert recover(tmp_path, "new") == []


def test_garbage_that_may_hold_video_is_set_aside(tmp_path: Path, make_video: VideoMaker) -> None:
    """A destroyed head over megabytes of video: a person may still want to try."""
    path = record(tmp_path, packets(make_video(**TINY).path)).paths()[0]
    data = bytearray(path.read_bytes())
    data[:64] = os.urandom(64)
    path.write_bytes(data)
    discard(path)
    assert not path.exists()
    assert path.with_name(path.name + GARBAGE_SUFFIX).read_bytes() == data
