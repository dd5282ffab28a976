"""The index of recordings: lists, spans, retention and check, on real recorded files."""

import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.test import Client

from tests.integration.server.worker import event, segment
from tests.support.video import VideoMaker
from tests.unit.recording.packets import packets, record
from vedette.domain.errors import StorageError
from vedette.domain.messages import SegmentMessage
from vedette.node.home import Home
from vedette.server.cameras.models import Camera
from vedette.server.cameras.service import add_camera
from vedette.server.events.models import Event
from vedette.server.ingest import store_batch
from vedette.server.recordings import retention
from vedette.server.recordings.check import check_recordings, check_snapshots, run_check
from vedette.server.recordings.models import Segment
from vedette.server.runtime import Runtime
from vedette.settings import RetentionSettings

pytestmark = pytest.mark.django_db
NO_LIMITS = RetentionSettings(max_disk_share=None)
HOUR_S = 3600.0


def store(*messages: Any) -> None:
    """Store, and refuse nothing."""
    counters: Counter[str] = Counter()
    store_batch(messages, counters)
    assert not counters


@pytest.fixture
def recorded(tmp_path: Path, make_video: VideoMaker) -> tuple[Path, list[SegmentMessage]]:
    """Three real segments of two seconds, on disk and in the index."""
    video = make_video(seconds=2, width=320, height=180, gop=10)
    recording = record(tmp_path, packets(video.path, times=3), segment_s=2)
    store(*recording.messages)
    assert len(recording.closed) == 3
    for path in recording.paths():
        os.utime(path, (time.time() - HOUR_S,) * 2)
    return tmp_path, recording.closed


class Made(NamedTuple):
    """Rows with small files of our own making."""

    root: Path
    rows: list[SegmentMessage]

    def left(self) -> list[str]:
        """Paths that are still in the index, all of which must exist."""
        paths = list(Segment.objects.order_by("start").values_list("path", flat=True))
        assert all((self.root / path).exists() for path in paths)
        return paths


def make_files(root: Path, *ages_s: float, camera: str = "door", size_bytes: int = 1000) -> Made:
    """One segment per age."""
    now_s, rows = time.time(), []
    for age_s in ages_s:
        row = segment(camera, start_utc_s=now_s - age_s - 10, end_utc_s=now_s - age_s, size_bytes=size_bytes)
        path = root / row.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size_bytes))
        rows.append(row)
    store(*rows)
    return Made(root, rows)


def test_a_late_open_does_not_reopen_a_closed_segment() -> None:
    """States only go forward, whatever order messages are repeated in."""
    closed = segment()
    opened = segment(id=closed.id, path=closed.path, state="open", size_bytes=0)
    store(opened, closed)
    store(opened)
    assert Segment.objects.get().state == "closed"
    store(segment(id=closed.id, path=closed.path, state="deleted"))
    assert not Segment.objects.exists()


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.mp4", "", "a/../../b", "x" * 300])
def test_paths_that_leave_the_folder_are_rejected(path: str) -> None:
    """No message makes the server read or remove a file elsewhere."""
    counters: Counter[str] = Counter()
    store_batch([segment(path=path)], counters)
    assert counters == {"messages_rejected": 1}


def test_segments_are_listed_newest_first(admin_api: Client) -> None:
    """By camera and by time; those in deletion are not shown."""
    now_s = time.time()
    rows = [segment(start_utc_s=now_s - age - 10, end_utc_s=now_s - age) for age in (10, 20, 30)]
    store(*rows, segment("yard"))
    Segment.objects.filter(pk=rows[0].id).update(state="deleting")
    page = admin_api.get("/api/v1/recordings", {"camera": "door", "limit": 1}).json()
    assert [item["id"] for item in page["items"]] == [rows[1].id]
    following = admin_api.get("/api/v1/recordings", {"camera": "door", "cursor": page["next"]}).json()
    assert [item["id"] for item in following["items"]] == [rows[2].id]
    early = admin_api.get("/api/v1/recordings", {"camera": "door", "before": now_s - 35}).json()
    assert [item["id"] for item in early["items"]] == [rows[2].id]


def test_spans_join_what_touches(admin_api: Client) -> None:
    """A day of recording is a few stretches, not thousands of segments."""
    start_s = time.time() - 1000
    times = [(0, 10), (10, 20.04), (20.04, 30), (60, 70)]
    store(
        *(
            segment(start_utc_s=start_s + first, end_utc_s=start_s + last, has_motion=first == 10)
            for first, last in times
        )
    )
    window = {"camera": "door", "after": start_s - 10, "before": start_s + 500}
    spans = admin_api.get("/api/v1/recordings/spans", window).json()
    assert [(span["has_motion"], span["size_bytes"]) for span in spans] == [(True, 3000), (False, 1000)]
    too_long = window | {"before": start_s + 40 * 86400}
    assert admin_api.get("/api/v1/recordings/spans", too_long).status_code == 422


def test_retention_by_age(tmp_path: Path) -> None:
    """A camera's own age wins over the general one; other cameras follow the general one."""
    add_camera("Door", "rtsp://cam/1", max_age_days=1)
    made = make_files(tmp_path, 2 * 86400, HOUR_S)
    yard = make_files(tmp_path, 2 * 86400, 9 * 86400, camera="yard")
    runtime = Runtime()
    assert retention.keep_limits(NO_LIMITS.model_copy(update={"max_age_days": 7}), tmp_path, runtime) == 2
    assert made.left() == [yard.rows[0].path, made.rows[1].path]
    assert runtime.counters["segments_removed"] == 2
    assert not (tmp_path / yard.rows[1].path).exists()


def test_retention_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go until a camera, and all together, are within their sizes; many steps if need be."""
    monkeypatch.setattr(retention, "PER_CAMERA", 2)
    add_camera("Door", "rtsp://cam/1")
    made = make_files(tmp_path, *(HOUR_S * age for age in range(8, 0, -1)), size_bytes=1_000_000)
    Camera.objects.update(max_size_bytes=5_000_000)
    retention.keep_limits(NO_LIMITS, tmp_path, Runtime())
    assert made.left() == [row.path for row in made.rows[3:]]
    retention.keep_limits(NO_LIMITS.model_copy(update={"max_size_bytes": 2_000_000}), tmp_path, Runtime())
    assert made.left() == [row.path for row in made.rows[6:]]


def test_a_crashed_deletion_is_finished(tmp_path: Path) -> None:
    """Rows that were marked before a crash go in the next round, whether their file is there or not."""
    made = make_files(tmp_path, HOUR_S, HOUR_S)
    Segment.objects.update(state="deleting")
    (tmp_path / made.rows[0].path).unlink()
    assert retention.keep_limits(NO_LIMITS, tmp_path, Runtime()) == 2
    assert not Segment.objects.exists()


def test_files_of_others_are_never_touched(tmp_path: Path) -> None:
    """P4: only files with a row go, also when a folder empties."""
    made = make_files(tmp_path, 9 * 86400)
    other = (tmp_path / made.rows[0].path).parent / "holiday.jpg"
    other.write_bytes(b"x")
    retention.keep_limits(NO_LIMITS.model_copy(update={"max_age_days": 1}), tmp_path, Runtime())
    assert made.left() == []
    assert other.exists()


def test_a_disk_filled_by_others_raises_an_alert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P4: the archive stays, health says why, and is well again when there is room."""
    made = make_files(tmp_path, HOUR_S)
    full = replace(retention._space(tmp_path), free_bytes=0)
    runtime = Runtime()
    with monkeypatch.context() as patch:
        patch.setattr(retention, "_space", lambda _root: full)
        retention.keep_limits(RetentionSettings(), tmp_path, runtime)
    assert "full" in runtime.alerts["disk"]
    assert made.left() == [made.rows[0].path]
    retention.keep_limits(RetentionSettings(), tmp_path, runtime)
    assert "disk" not in runtime.alerts


def test_a_missing_folder_empties_no_index(tmp_path: Path) -> None:
    """An unmounted disk is an error, not a reason to forget the recordings."""
    store(segment())
    for work in (
        lambda root: retention.keep_limits(NO_LIMITS, root, Runtime()),
        lambda root: list(check_recordings(root)),
    ):
        with pytest.raises(StorageError):
            work(tmp_path / "gone")
    assert Segment.objects.count() == 1


def test_check_finds_nothing_where_all_is_well(recorded: tuple[Path, list[SegmentMessage]]) -> None:
    """A recording that ended in order has no differences."""
    assert list(check_recordings(recorded[0], thorough=True)) == []


def test_check_mends_every_difference(recorded: tuple[Path, list[SegmentMessage]]) -> None:
    """P1: a missing file, an orphan and a wrong size are found, mended and told; then all is well."""
    root, (first, second, third) = recorded
    (root / first.path).unlink()
    Segment.objects.filter(pk=second.id).delete()
    Segment.objects.filter(pk=third.id).update(size_bytes=7)
    found = {difference.kind for difference in check_recordings(root)}
    assert found == {"missing_file", "orphan_file", "wrong_size"}
    assert Segment.objects.count() == 2
    mended = list(check_recordings(root, repair=True))
    assert {difference.kind for difference in mended} == found
    assert all(difference.action for difference in mended)
    assert list(check_recordings(root, thorough=True)) == []
    sizes = dict(Segment.objects.values_list("path", "size_bytes"))
    assert sizes == {row.path: (root / row.path).stat().st_size for row in (second, third)}


def test_the_report_says_what_remains(tmp_path: Path, settings: Any) -> None:
    """Without repair every difference remains; with it none, and a second look finds nothing."""
    settings.HOME = Home(tmp_path).prepare()
    store(segment(), event(snapshot="lost.jpg"))
    assert run_check(repair=False).remaining == 2
    mended = run_check()
    assert (len(mended.lines), mended.remaining) == (2, 0)
    assert "2 differences found, 2 repaired" in mended.summary
    assert run_check().summary.startswith("All is well")


def test_check_knows_the_pictures_of_events(tmp_path: Path) -> None:
    """Pictures without event and events without picture are found and mended; fresh ones are left alone."""
    for name in ("kept.jpg", "orphan.jpg", "fresh.jpg"):
        (tmp_path / name).write_bytes(b"x")
    sent = event(snapshot="kept.jpg", crop="lost.jpg")
    store(sent)
    late_s = time.time() + 2 * HOUR_S
    os.utime(tmp_path / "fresh.jpg", (late_s, late_s))
    kinds = {difference.kind for difference in check_snapshots(tmp_path, now_utc_s=late_s)}
    assert kinds == {"orphan_picture", "missing_picture"}
    assert (tmp_path / "orphan.jpg").exists()
    assert len(list(check_snapshots(tmp_path, repair=True, now_utc_s=late_s))) == 2
    assert list(check_snapshots(tmp_path, now_utc_s=late_s)) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh.jpg", "kept.jpg"]
    assert (Event.objects.get().snapshot, Event.objects.get().crop) == ("kept.jpg", "")
