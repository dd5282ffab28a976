"""A damaged file is set aside and a new one begun; what can be read is kept."""

import os
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.processes import wait_until
from tests.unit.bus.messages import segment
from vedette.bus.outbox import Outbox
from vedette.bus.outbox_file import Changes, OutboxFile
from vedette.domain.errors import StorageError


def filled(path: Path, count: int = 200) -> int:
    outbox = Outbox(path)
    for number in range(count):
        outbox.append_nowait(segment(number))
    outbox.flush(10.0)
    outbox.close()
    return path.stat().st_size


def overwrite(path: Path, offset: int, size_bytes: int) -> None:
    fd = os.open(path, os.O_WRONLY)
    os.pwrite(fd, b"\xa5" * size_bytes, offset)
    os.close(fd)


def aside(folder: Path) -> list[Path]:
    return list(folder.glob("outbox.damaged-*"))


@pytest.mark.parametrize(
    "content", [b"not a database at all", b"\x00" * 8192, b"SQLite format 3\x00 and no more"]
)
def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path, content: bytes) -> None:
    """The worker starts, the log says what happened and where the old file is."""
    path = tmp_path / "outbox"
    path.write_bytes(content)
    with capture_logs() as logs:
        outbox = Outbox(path)
    assert outbox.append(segment(1)) == 1
    outbox.close()
    assert aside(tmp_path)[0].read_bytes() == content
    assert any("damaged" in line["event"] and line["file"] == str(aside(tmp_path)[0]) for line in logs)


def test_readable_messages_of_a_damaged_file_are_saved(tmp_path: Path) -> None:
    """Damage in one place does not lose the messages before it, and numbers go on."""
    path = tmp_path / "outbox"
    size_bytes = filled(path)
    overwrite(path, size_bytes - 4096, 4096)
    outbox = Outbox(path)
    saved = [seq for seq, _ in outbox.pending(1000)]
    assert saved == list(range(1, len(saved) + 1))
    assert 50 < len(saved) < 200
    assert outbox.append(segment(1)) == len(saved) + 1
    outbox.close()
    assert len(aside(tmp_path)) == 1


def test_an_empty_file_is_simply_a_new_outbox(tmp_path: Path) -> None:
    """A crash between creating and filling the file is no damage."""
    path = tmp_path / "outbox"
    path.touch()
    outbox = Outbox(path)
    assert outbox.append(segment(1)) == 1
    outbox.close()
    assert not aside(tmp_path)


def test_damage_while_running_is_survived(tmp_path: Path) -> None:
    """The running outbox replaces the file, goes on with its numbers, and keeps what waits."""
    path = tmp_path / "outbox"
    counters: Counter[str] = Counter()
    size_bytes = filled(path)
    outbox = Outbox(path, counters=counters)
    overwrite(path, 4096, size_bytes - 4096)

    def append_until_replaced() -> bool:
        outbox.append(segment(1))
        try:
            outbox.pending(10)
        except StorageError:
            return False
        return counters["outbox_damaged"] > 0

    wait_until(append_until_replaced)
    seq = outbox.append(segment(2))
    assert seq > 200
    assert outbox.pending(10_000, max_bytes=10**9)[-1][0] == seq
    outbox.close()


def test_a_write_that_was_reported_as_failed_may_be_repeated(tmp_path: Path) -> None:
    """The same change twice leaves one message."""
    file = OutboxFile(tmp_path / "outbox", ("server",))
    file.open()
    for _ in range(2):
        file.write(Changes(appended=[(1, b"one")]))
    assert file.read(0, 10) == [(1, b"one")]
    file.close()


def test_cursors_never_go_back(tmp_path: Path) -> None:
    """A late acknowledgement does not bring old messages back."""
    file = OutboxFile(tmp_path / "outbox", ("server",))
    file.open()
    file.write(Changes(appended=[(1, b"one"), (2, b"two")], acked={"server": 2}))
    file.write(Changes(acked={"server": 1}))
    assert file.contents().acked == {"server": 2}
    file.close()


def test_durability_settings_are_on(tmp_path: Path) -> None:
    """Every commit is synced: WAL with synchronous=FULL."""
    file = OutboxFile(tmp_path / "outbox", ("server",))
    file.open()
    writer = file._open_writer()
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
    file.close()
    db = sqlite3.connect(tmp_path / "outbox")
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
