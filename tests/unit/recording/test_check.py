"""Index and disk side by side: every difference is found, named and repaired."""

import os
from pathlib import Path

import pytest
from msgspec import structs

from tests.support.video import VideoMaker
from tests.unit.recording.packets import Recording, packets, record
from vedette.domain.errors import StorageError
from vedette.domain.messages import SegmentMessage
from vedette.recording.check import (
    FindingKind,
    RepairStep,
    SegmentRow,
    compare,
    plan,
    repair,
)
from vedette.recording.fmp4 import parse_segment
from vedette.recording.repair import GARBAGE_SUFFIX

LATER = 4e9  # long after any file of the test was written


@pytest.fixture
def recording(tmp_path: Path, make_video: VideoMaker) -> Recording:
    video = make_video(width=64, height=48, seconds=2, gop=10)
    return record(tmp_path / "recordings", packets(video.path, times=3), segment_s=2)


def row(message: SegmentMessage) -> SegmentRow:
    return SegmentRow(
        id=message.id,
        camera=message.camera,
        path=message.path,
        state=message.state,
        start_utc_s=message.start_utc_s,
        end_utc_s=message.end_utc_s,
        size_bytes=message.size_bytes,
        has_motion=message.has_motion,
        has_event=message.has_event,
    )


def rows(recording: Recording) -> list[SegmentRow]:
    return [row(m) for m in sorted(recording.closed, key=lambda m: m.path)]


def check(index: list[SegmentRow], root: Path, **options: bool) -> list[FindingKind]:
    return [f.kind for f in compare(index, root, now_utc_s=LATER, **options)]


def repaired(index: list[SegmentRow], root: Path) -> list[SegmentRow]:
    """The index after every finding was repaired and stored."""
    stored = {r.path: r for r in index}
    for finding in compare(index, root, now_utc_s=LATER):
        message = repair(finding, root)
        if message is None:
            continue
        if message.state == "deleted":
            stored.pop(message.path, None)
        else:
            stored[message.path] = row(message)
    return [stored[path] for path in sorted(stored)]


def test_a_sound_recording_has_no_findings(recording: Recording) -> None:
    """What the recorder wrote and announced agrees, quickly and thoroughly looked at."""
    assert check(rows(recording), recording.root) == []
    assert check(rows(recording), recording.root, thorough=True) == []


def test_missing_file(recording: Recording) -> None:
    """A row whose file is gone is deleted."""
    index = rows(recording)
    (recording.root / index[1].path).unlink()
    finding = compare(index, recording.root, now_utc_s=LATER)[0]
    assert (finding.kind, plan(finding)) == (FindingKind.MISSING_FILE, RepairStep.DELETE_ROW)
    assert repaired(index, recording.root) == [index[0], index[2]]


def test_orphan_file(recording: Recording) -> None:
    """A file without a row gets the row that it had."""
    index = rows(recording)
    finding = compare(index[:2], recording.root, now_utc_s=LATER)[0]
    assert (finding.kind, plan(finding)) == (FindingKind.ORPHAN_FILE, RepairStep.ADD_ROW)
    assert repaired(index[:2], recording.root) == index


def test_half_written(recording: Recording) -> None:
    """A closed row over a file that lost its tail: both are cut to the last complete fragment."""
    index = rows(recording)
    path = recording.root / index[1].path
    os.truncate(path, index[1].size_bytes - 150)
    finding = compare(index, recording.root, now_utc_s=LATER)[0]
    assert (finding.kind, plan(finding)) == (FindingKind.HALF_WRITTEN, RepairStep.FINISH_FILE)
    after = repaired(index, recording.root)
    assert parse_segment(path).complete
    assert after[1].size_bytes == path.stat().st_size < index[1].size_bytes
    assert check(after, recording.root, thorough=True) == []


def test_damage_of_the_same_size_needs_a_thorough_look(recording: Recording) -> None:
    """Zeros where video was: found when every file is read."""
    index = rows(recording)
    path = recording.root / index[1].path
    data = path.read_bytes()
    path.write_bytes(data[:2000] + bytes(len(data) - 2000))
    assert check(index, recording.root) == []
    assert check(index, recording.root, thorough=True) == [FindingKind.HALF_WRITTEN]


def test_wrong_size(recording: Recording) -> None:
    """A whole file whose row is wrong: the row is corrected, the file not touched."""
    index = rows(recording)
    wrong = [
        index[0],
        structs.replace(index[1], size_bytes=7),
        index[2],
    ]
    before = (recording.root / index[1].path).read_bytes()
    finding = compare(wrong, recording.root, now_utc_s=LATER)[0]
    assert (finding.kind, plan(finding)) == (FindingKind.WRONG_SIZE, RepairStep.CORRECT_ROW)
    assert repaired(wrong, recording.root) == index
    assert (recording.root / index[1].path).read_bytes() == before


def test_stale_open(recording: Recording) -> None:
    """A row that stayed open when its worker died is closed."""
    index = rows(recording)
    opened = next(row(m) for m in recording.messages if m.state == "open" and m.id == index[2].id)
    finding = compare([*index[:2], opened], recording.root, now_utc_s=LATER)[0]
    assert (finding.kind, plan(finding)) == (FindingKind.STALE_OPEN, RepairStep.FINISH_FILE)
    assert repaired([*index[:2], opened], recording.root) == index


def test_garbage_stays_listed(recording: Recording) -> None:
    """A destroyed file loses its row, is set aside, and is named until somebody deletes it."""
    index = rows(recording)
    path = recording.root / index[0].path
    path.write_bytes(os.urandom(index[0].size_bytes + 1))
    after = repaired(index, recording.root)
    assert after == index[1:]
    finding = compare(after, recording.root, now_utc_s=LATER)[0]
    assert (finding.kind, plan(finding)) == (FindingKind.GARBAGE, RepairStep.REPORT)
    assert repair(finding, recording.root) is None
    assert (path.parent / (path.name + GARBAGE_SUFFIX)).exists()


def test_recordings_at_work_are_left_alone(tmp_path: Path, make_video: VideoMaker) -> None:
    """A file with an open row that is being written is no finding, however quiet its camera is."""
    working = Recording(tmp_path)
    working.feed(list(packets(make_video(width=64, height=48, seconds=2, gop=10).path))[:15])
    working.disk.sync()
    index = [row(m) for m in working.messages]
    assert [r.state for r in index] == ["open"]
    assert check(index, tmp_path) == []
    assert check([], tmp_path) == []
    working.close()
    assert check(index, tmp_path) == [FindingKind.STALE_OPEN]


def test_a_message_on_its_way_is_no_orphan(recording: Recording) -> None:
    """Just after a file was closed its row may not be stored yet."""
    assert compare(rows(recording)[:2], recording.root) == []


def test_files_of_others_are_never_touched(recording: Recording) -> None:
    """Foreign files and folders are neither found nor changed."""
    hour = (recording.root / recording.closed[0].path).parent
    others = [hour / "holiday.mp4", hour / "x.garbage", recording.root / "lost+found", hour.parent / "y.mp4"]
    for other in others:
        other.write_text("mine")
    link = hour / recording.closed[0].path.rsplit("/", 1)[1].replace("_0", "_1", 1)
    link.symlink_to(others[0])
    assert repaired(rows(recording), recording.root) == rows(recording)
    assert [other.read_text() for other in others] == ["mine"] * 4
    assert link.is_symlink()


def test_cameras_are_walked_in_the_order_of_paths(tmp_path: Path, make_video: VideoMaker) -> None:
    """`door-2/...` sorts before `door/...` and after `door`: the walk follows the whole path."""
    stream = list(packets(make_video(width=64, height=48, seconds=1).path))
    index = []
    for camera in ("door", "door-2", "door2", "a"):
        each = Recording(tmp_path, camera)
        each.feed(stream)
        each.close()
        index += [row(m) for m in each.closed]
    assert check(sorted(index, key=lambda r: r.path), tmp_path) == []


def test_unsorted_rows_are_refused(recording: Recording) -> None:
    """A wrong order would make findings of sound files."""
    with pytest.raises(ValueError, match="not sorted"):
        compare(rows(recording)[::-1], recording.root)


def test_a_folder_that_is_not_there_is_not_an_empty_one(recording: Recording, tmp_path: Path) -> None:
    """A disk that is not mounted must not cost the whole index."""
    with pytest.raises(StorageError, match="mounted"):
        compare(rows(recording), tmp_path / "elsewhere")


def test_a_file_that_came_back_keeps_its_row(recording: Recording) -> None:
    """Between looking and repairing the file has reappeared."""
    index = rows(recording)
    path = recording.root / index[1].path
    data = path.read_bytes()
    path.unlink()
    finding = compare(index, recording.root, now_utc_s=LATER)[0]
    path.write_bytes(data)
    assert repair(finding, recording.root) is None
    assert path.read_bytes() == data
