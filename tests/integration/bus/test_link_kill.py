"""Either end of the link is killed in the middle of a stream; nothing is missing afterwards (P2)."""

import signal
import sqlite3
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.support.processes import Child, wait_until
from tests.unit.bus.messages import event
from vedette.bus.outbox import Outbox

COUNT = 2000


def server_end(folder: Path) -> Child:
    return Child([sys.executable, "-m", "tests.integration.bus.server_end", folder])


def worker_end(folder: Path, count: int = COUNT) -> Child:
    return Child([sys.executable, "-m", "tests.integration.bus.worker_end", folder, str(count)])


def stored(folder: Path) -> list[tuple[int, str, str]]:
    """Sequence number, camera and id in the order they were stored."""
    with closing(sqlite3.connect(folder / "stored.sqlite3", timeout=10)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'stored'").fetchone():
            return []
        return list(db.execute("SELECT seq, camera, id FROM stored ORDER BY rowid"))


def durable(worker: Child) -> int:
    return worker.output.count("durable ")


def kill(child: Child) -> None:
    child.signal(signal.SIGKILL)
    child.wait()


def assert_complete(rows: list[tuple[int, str, str]], count: int = COUNT) -> None:
    """All are there; repeats are the same message; the first sight of each is in order per camera."""
    assert all(identity == f"{camera}-{seq}" for seq, camera, identity in rows)
    assert {seq for seq, _, _ in rows} == set(range(1, count + 1))
    for number in range(4):
        sequence = list(dict.fromkeys(seq for seq, camera, _ in rows if camera == f"camera-{number}"))
        assert sequence == sorted(sequence)


@pytest.mark.parametrize("kills", [[100, 700, 1500]])
def test_a_killed_server_end_loses_nothing(tmp_path: Path, kills: list[int]) -> None:
    """kill -9 of the server while 2000 messages flow: what was stored before and after is complete."""
    with ExitStack() as ends:
        worker = ends.enter_context(worker_end(tmp_path))
        for count in kills:
            server = ends.enter_context(server_end(tmp_path))
            wait_until(lambda n=count: len(stored(tmp_path)) >= n)
            kill(server)
        ends.enter_context(server_end(tmp_path))
        worker.wait_for_line("delivered")
        assert worker.wait() == 0
        assert_complete(stored(tmp_path))


def test_a_killed_worker_end_loses_nothing(tmp_path: Path) -> None:
    """kill -9 of the worker while it appends and delivers: everything that was durable arrives."""
    with server_end(tmp_path) as server:
        server.wait_for_line("serving")
        for _ in range(4):
            with worker_end(tmp_path) as worker:
                wait_until(lambda w=worker: durable(w) >= 150)
                kill(worker)
        with worker_end(tmp_path) as worker:
            worker.wait_for_line("delivered")
        assert_complete(stored(tmp_path))


def test_a_server_that_comes_late_gets_everything(tmp_path: Path) -> None:
    """Messages appended while there was no server wait for it."""
    with worker_end(tmp_path, 300) as worker:
        worker.wait_for_line("durable 300")
        with server_end(tmp_path):
            worker.wait_for_line("delivered")
            assert_complete(stored(tmp_path), 300)


def test_a_locked_database_delays_and_loses_nothing(tmp_path: Path) -> None:
    """While somebody else holds the database's lock nothing is acknowledged or set aside."""
    with server_end(tmp_path) as server:
        server.wait_for_line("serving")
        lock = sqlite3.connect(tmp_path / "stored.sqlite3", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        with worker_end(tmp_path, 50) as worker:
            wait_until(lambda: server.output.count("database is locked") >= 3)
            assert stored(tmp_path) == []
            lock.execute("ROLLBACK")
            lock.close()
            worker.wait_for_line("delivered")
            assert_complete(stored(tmp_path), 50)


def test_a_poison_message_does_not_block_the_others(tmp_path: Path) -> None:
    """The one message that the server can never store is set aside in the outbox; the rest is stored once."""
    outbox = Outbox(tmp_path / "outbox.sqlite3")
    for number in range(1, 21):
        camera = f"camera-{number % 4}"
        message = event(number, camera)
        outbox.append(message if number != 7 else type(message)(**_fields(message, id=f"{camera}-poison")))
    outbox.close()
    with server_end(tmp_path), worker_end(tmp_path, 20) as worker:
        worker.wait_for_line("delivered")
        worker.wait()
        assert [seq for seq, _, _ in stored(tmp_path)] == [n for n in range(1, 21) if n != 7]
    outbox = Outbox(tmp_path / "outbox.sqlite3")
    assert [(seq, "cannot be stored" in reason) for seq, _, reason, _ in outbox.refused()] == [(7, True)]
    outbox.close()


def _fields(message: object, **changed: object) -> dict[str, object]:
    return {**{name: getattr(message, name) for name in message.__struct_fields__}, **changed}  # type: ignore[attr-defined]
