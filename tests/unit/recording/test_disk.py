"""A disk that fails: full, read-only, with limits. Recording stops loudly and comes back."""

import os
import resource
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.video import VideoMaker
from tests.unit.recording.packets import Recording, decode_complaints, packets
from vedette.domain.errors import StorageError
from vedette.media.packets import MediaPacket
from vedette.recording.disk import Disk
from vedette.recording.fmp4 import parse_segment

SMALL = {"width": 320, "height": 180}


def wait_for(what: Callable[[], object]) -> None:
    """Wait until something is true, at most half a minute."""
    wake = threading.Event()
    for _ in range(3000):
        if what():
            return
        wake.wait(0.01)
    pytest.fail("it did not happen")


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A real file system of one megabyte."""
    place = tmp_path / "tiny"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"cannot mount a small file system here: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def stream(make_video: VideoMaker) -> list[MediaPacket]:
    """6 s of some hundred kilobytes."""
    found = list(packets(make_video(seconds=6, gop=10, bit_rate=800_000, noise_sigma=12.0, **SMALL).path))
    assert 400_000 < sum(p.size_bytes for p in found) < 900_000
    return found


def test_files_become_durable_by_themselves(tmp_path: Path) -> None:
    """The disk's thread makes durable what was written, within its rhythm."""
    disk = Disk(tmp_path, sync_every_s=0.01)
    file = disk.create("a/b/c.bin")
    file.write(b"x" * 1000)
    wait_for(lambda: file.durable_bytes == 1000)
    file.write(b"y")
    wait_for(lambda: file.durable_bytes == 1001)
    disk.close()
    assert (tmp_path / "a/b/c.bin").read_bytes() == b"x" * 1000 + b"y"


def test_callbacks_come_after_durability_in_order(tmp_path: Path) -> None:
    """Who waits is called once, in order, when the bytes are on the disk; a finished file is closed."""
    disk = Disk(tmp_path, sync_every_s=0.01)
    seen: list[tuple[str, bool, int]] = []
    file = disk.create("c.bin")
    file.write(b"x" * 10)
    file.when_durable(lambda well: seen.append(("open", well, file.durable_bytes)))
    wait_for(lambda: seen)
    file.write(b"x" * 10)
    file.finish(lambda well: seen.append(("closed", well, file.durable_bytes)))
    wait_for(lambda: len(seen) == 2)
    disk.close()
    assert seen == [("open", True, 10), ("closed", True, 20)]
    assert file.closed


def test_no_file_is_written_over(tmp_path: Path) -> None:
    """A name that exists is an error, its content stays."""
    (tmp_path / "c.bin").write_bytes(b"mine")
    disk = Disk(tmp_path)
    with pytest.raises(StorageError):
        disk.create("c.bin")
    disk.close()
    assert (tmp_path / "c.bin").read_bytes() == b"mine"


def test_a_full_disk_stops_and_comes_back(tiny: Path, stream: list[MediaPacket]) -> None:
    """ENOSPC: stopped loudly, nothing raised into the reader, new segments once there is space again."""
    ballast = tiny / "ballast"
    ballast.write_bytes(bytes(850 * 1024))
    recording = Recording(tiny, segment_s=2, sync_every_s=0.01, probe_every_s=0.01, reserve_bytes=600 * 1024)
    recording.feed(stream[:40])
    assert not recording.disk.healthy
    assert "No space left" in recording.disk.error
    assert "Free some space" in recording.recorder.error
    assert recording.counters["disk_failures"] == 1
    assert recording.counters["packets_not_recorded"] > 0
    ballast.unlink()
    wait_for(lambda: recording.disk.healthy)
    recording.feed(stream[40:])
    recording.close()
    assert recording.counters["disk_recoveries"] == 1
    assert recording.recorder.error == ""
    states = {m.id: m.state for m in recording.messages}
    assert set(states.values()) <= {"closed", "deleted"}
    assert all(parse_segment(path).complete for path in tiny.rglob("*.mp4"))
    assert recording.closed[-1].end_utc_s == pytest.approx(stream[-1].utc_s + 0.1)
    assert all(decode_complaints(path) == "" for path in tiny.rglob("*.mp4"))


def test_a_full_disk_waits_for_the_reserve(tiny: Path) -> None:
    """A few free bytes are not enough: recording would stop again at once."""
    disk = Disk(tiny, probe_every_s=3600, reserve_bytes=500 * 1024)
    ballast = tiny / "ballast"
    ballast.write_bytes(bytes(1000 * 1024))
    file = disk.create("x")
    with pytest.raises(StorageError, match="No space left"):
        file.write(bytes(200 * 1024))
    os.truncate(ballast, 800 * 1024)
    file.path.unlink()
    file.abandon()
    assert not disk.probe()
    os.truncate(ballast, 100 * 1024)
    assert disk.probe()
    disk.close()


def test_a_read_only_disk_stops_and_comes_back(tiny: Path, stream: list[MediaPacket]) -> None:
    """A disk with errors is mounted read-only by the kernel; when it is back, recording goes on."""
    recording = Recording(tiny, segment_s=2, sync_every_s=0.01, probe_every_s=0.01)
    recording.feed(stream[:10])
    recording.recorder.cut()
    recording.disk.sync()
    subprocess.run(["mount", "-o", "remount,ro", str(tiny)], check=True)
    recording.feed(stream[10:30])
    assert "Read-only" in recording.disk.error
    subprocess.run(["mount", "-o", "remount,rw", str(tiny)], check=True)
    wait_for(lambda: recording.disk.healthy)
    recording.feed(stream[30:])
    recording.close()
    assert [m.start_utc_s for m in recording.closed][:2] == [stream[0].utc_s, stream[30].utc_s]


def test_a_folder_that_vanishes_stops_and_comes_back(tmp_path: Path, stream: list[MediaPacket]) -> None:
    """Where the recordings folder was is now a file (a disk unplugged): loud, then back when repaired."""
    root = tmp_path / "recordings"
    recording = Recording(root, segment_s=1, sync_every_s=0.01, probe_every_s=0.01)
    recording.feed(stream[:10])
    recording.recorder.cut()
    recording.disk.sync()
    shutil.rmtree(root)
    root.write_text("not a folder")
    recording.feed(stream[10:20])
    assert not recording.disk.healthy
    root.unlink()
    wait_for(lambda: recording.disk.healthy)
    recording.feed(stream[20:])
    recording.close()
    assert recording.closed[-1].end_utc_s == pytest.approx(stream[-1].utc_s + 0.1)


def test_a_failed_fsync_cuts_the_segment_to_what_is_durable(
    tmp_path: Path, stream: list[MediaPacket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came after the last good fsync is not believed, though it can be read; other files go on.

    A failing fsync cannot be had without a failing device: the system call is replaced.
    """
    recording = Recording(tmp_path, sync_every_s=3600, probe_every_s=3600)
    recording.feed(stream[:30])
    recording.disk.sync()
    file = next(iter(recording.disk._files))
    durable = file.durable_bytes
    recording.feed(stream[30:45])

    def fail(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", fail)
        recording.disk.sync()
    assert "Input/output error" in recording.disk.error
    assert recording.counters["disk_failures"] == 1
    recording.feed(stream[45:50])
    assert recording.disk.probe()
    recording.feed(stream[50:])
    recording.close()
    assert file.durable_bytes == durable
    first, second = recording.closed
    media_bytes = parse_segment(tmp_path / first.path).valid_bytes
    assert media_bytes <= durable + 200
    assert second.start_utc_s == stream[50].utc_s


def test_a_file_that_may_not_grow_stops_the_disk(tmp_path: Path, stream: list[MediaPacket]) -> None:
    """RLIMIT_FSIZE in the middle of a fragment: a segment is lost from there on, not the recorder."""
    recording = Recording(tmp_path, segment_s=60, sync_every_s=0.01, probe_every_s=3600)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200 * 1024, hard))
    try:
        recording.feed(stream[:40])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert recording.counters["disk_failures"] == 1
    assert recording.disk.probe()
    recording.feed(stream[40:])
    recording.close()
    assert [m.state for m in recording.messages if m.state != "open"] == ["closed", "closed"]
    assert all(decode_complaints(path) == "" for path in tmp_path.rglob("*.mp4"))


def test_a_camera_that_stops_while_the_disk_is_bad_leaves_something_repairable(
    tiny: Path, stream: list[MediaPacket]
) -> None:
    """The recorder is closed before the disk is well: no exception, and the next start repairs."""
    (tiny / "ballast").write_bytes(bytes(850 * 1024))
    recording = Recording(tiny, sync_every_s=3600, probe_every_s=3600)
    recording.feed(stream)
    recording.close()
    assert recording.closed == []
    (tiny / "ballast").unlink()
    from vedette.recording.repair import recover  # noqa: PLC0415

    assert [m.state for m in recover(tiny, "door")] == ["closed"]


def test_space_is_that_of_the_file_system(tiny: Path) -> None:
    """Total and free bytes of the recordings disk."""
    disk = Disk(tiny)
    assert disk.space().total_bytes == 2**20
    (tiny / "x").write_bytes(bytes(512 * 1024))
    assert disk.space().free_bytes <= 512 * 1024
    disk.close()
