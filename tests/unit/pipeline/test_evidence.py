"""Evidence: the best picture of every event, durable before the message goes out."""

from pathlib import Path

import msgspec
import numpy as np
import structlog

from tests.unit.pipeline.test_open_events import event
from vedette.domain.geometry import Box
from vedette.media.jpeg import decode_jpeg
from vedette.media.planes import BgrPicture
from vedette.pipeline.evidence import Evidence, SnapshotFolder


def picture(grey: int) -> BgrPicture:
    """A picture all of one grey."""
    return BgrPicture(np.full((360, 640, 3), grey, np.uint8))


def grey_of(path: Path) -> int:
    """The middle pixel of a JPEG file."""
    found = decode_jpeg(path.read_bytes())
    return int(found.crop(None, (1, 1))[0, 0, 0])


def test_the_best_moment_is_kept(tmp_path: Path) -> None:
    """Picture and crop are of the best moment so far, in files that the message names."""
    evidence = Evidence(SnapshotFolder(tmp_path))
    first = event(best_utc_s=11.0, box=Box(100, 100, 80, 60))
    evidence.observe([first], 11.0, picture(50))
    evidence.observe([first], 12.0, picture(200))  # not its best moment
    (told,) = evidence.attach([first])
    assert grey_of(tmp_path / told.snapshot) == 50
    crop = decode_jpeg((tmp_path / told.crop).read_bytes())
    assert 80 <= crop.width <= 110
    assert 60 <= crop.height <= 90


def test_a_better_picture_replaces_it(tmp_path: Path) -> None:
    """Under the same name, so that the newest is found; a worse one does not."""
    evidence = Evidence(SnapshotFolder(tmp_path))
    first = event(best_utc_s=11.0)
    evidence.observe([first], 11.0, picture(50))
    (told,) = evidence.attach([first])
    better = msgspec.structs.replace(first, best_utc_s=13.0, phase="update", revision=2)
    evidence.observe([better], 13.0, picture(200))
    (again,) = evidence.attach([better])
    assert again.snapshot == told.snapshot
    assert grey_of(tmp_path / told.snapshot) == 200


def test_a_message_without_a_picture_names_none(tmp_path: Path) -> None:
    """No key without a file."""
    (told,) = Evidence(SnapshotFolder(tmp_path)).attach([event()])
    assert (told.snapshot, told.crop) == ("", "")


def test_pictures_of_events_that_are_over_are_let_go(tmp_path: Path) -> None:
    """A picture is memory; what was not told by then is not told later."""
    evidence = Evidence(SnapshotFolder(tmp_path))
    kept, gone = event(best_utc_s=11.0), event(best_utc_s=11.0)
    evidence.observe([kept, gone], 11.0, picture(50))
    evidence.keep_only({kept.id})
    told = evidence.attach([kept, gone])
    assert [bool(message.snapshot) for message in told] == [True, False]


def test_a_box_outside_the_picture_has_no_crop(tmp_path: Path) -> None:
    """The clean picture is there all the same."""
    evidence = Evidence(SnapshotFolder(tmp_path))
    outside = event(best_utc_s=11.0, box=Box(5000, 5000, 10, 10))
    evidence.observe([outside], 11.0, picture(50))
    (told,) = evidence.attach([outside])
    assert (tmp_path / told.snapshot).exists()
    assert not told.crop or (tmp_path / told.crop).exists()


def test_a_disk_that_refuses_costs_the_picture_not_the_event(tmp_path: Path) -> None:
    """The event goes out without a picture, with one line in the log, and nothing half-written is left."""
    (tmp_path / "door").write_text("in the way")
    evidence = Evidence(SnapshotFolder(tmp_path))
    first = event(best_utc_s=11.0)
    evidence.observe([first], 11.0, picture(50))
    with structlog.testing.capture_logs() as logs:
        (told,) = evidence.attach([first])
    assert told == first
    assert [line["event"] for line in logs] == ["snapshot not written"]


def test_files_are_whole_or_absent(tmp_path: Path) -> None:
    """What is being written has another name until it is complete."""
    folder = SnapshotFolder(tmp_path)
    folder.put("door/a.jpg", b"one")
    folder.put("door/a.jpg", b"two")
    assert [path.name for path in (tmp_path / "door").iterdir()] == ["a.jpg"]
    assert (tmp_path / "door/a.jpg").read_bytes() == b"two"
