import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from tests.unit.bus.messages import event, segment
from vedette.bus.outbox import MAX_MESSAGE_BYTES, Outbox, OutboxFullError
from vedette.domain.errors import StorageError
from vedette.domain.messages import EventMessage, SegmentMessage, decode


@pytest.fixture
def counters() -> Counter[str]:
    return Counter()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "worker-1.sqlite3"


@pytest.fixture
def outbox(path: Path, counters: Counter[str]) -> Iterator[Outbox]:
    outbox = Outbox(path, counters=counters)
    yield outbox
    outbox.close()


def stored(path: Path) -> list[int]:
    """Sequence numbers that another connection sees, as a process after a crash would."""
    db = sqlite3.connect(path)
    rows = [seq for (seq,) in db.execute("SELECT seq FROM message ORDER BY seq")]
    db.close()
    return rows


def numbers(outbox: Outbox, reader: str = "server") -> list[int]:
    return [seq for seq, _ in outbox.pending(1000, reader=reader)]


def fill(outbox: Outbox) -> None:
    for number in count():
        outbox.append(segment(number))


def test_append_returns_when_the_message_is_on_disk(outbox: Outbox, path: Path) -> None:
    """What append returned for is visible to another connection (P2)."""
    assert outbox.append(event(1)) == 1
    assert stored(path) == [1]


@pytest.mark.parametrize("message", [event(1), segment(1)])
def test_messages_come_back_equal(outbox: Outbox, message: EventMessage | SegmentMessage) -> None:
    """What goes in comes out."""
    outbox.append(message)
    assert [decode(payload) for _, payload in outbox.pending(10)] == [message]


def test_flush_makes_everything_durable(outbox: Outbox, path: Path) -> None:
    """Messages added without waiting are on disk, in order, after a flush."""
    assigned = [outbox.append_nowait(segment(n)) for n in range(300)]
    outbox.flush(10.0)
    assert stored(path) == assigned == list(range(1, 301))


def test_flush_of_nothing_returns(outbox: Outbox) -> None:
    """An empty outbox has nothing to wait for."""
    outbox.flush(5.0)


def test_acknowledged_messages_are_not_pending_and_then_deleted(outbox: Outbox, path: Path) -> None:
    """An acknowledgement takes effect at once and on disk soon."""
    for number in range(5):
        outbox.append(segment(number))
    outbox.ack(3)
    assert numbers(outbox) == [4, 5]
    wait_until(lambda: stored(path) == [4, 5])
    wait_until(lambda: outbox.size == 2)


def test_pending_is_bounded_by_count_and_bytes(outbox: Outbox) -> None:
    """A batch never grows beyond its bounds, yet holds at least one message."""
    for number in range(5):
        outbox.append_nowait(segment(number))
    outbox.flush(5.0)
    size = len(outbox.pending(1)[0][1])
    assert len(outbox.pending(3)) == 3
    assert len(outbox.pending(5, max_bytes=2 * size)) == 2
    assert len(outbox.pending(5, max_bytes=1)) == 1


def test_numbers_grow_over_restarts_even_when_empty(path: Path) -> None:
    """A number is never given to two messages."""
    first = Outbox(path)
    first.append(segment(1))
    first.ack(1)
    first.close()
    second = Outbox(path)
    assert second.size == 0
    assert second.append(segment(2)) == 2
    second.close()


def test_many_threads_append_in_few_transactions(outbox: Outbox, path: Path) -> None:
    """Each thread's messages keep their order, and all are durable (group commit)."""
    order: dict[str, list[int]] = {f"camera-{n}": [] for n in range(16)}

    def run(camera: str) -> None:
        order[camera] = [outbox.append(event(number, camera)) for number in range(20)]

    threads = [threading.Thread(target=run, args=(camera,)) for camera in order]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(numbers == sorted(numbers) for numbers in order.values())
    assert sorted(chain(*order.values())) == stored(path) == list(range(1, 321))


def test_listeners_hear_of_durable_messages(outbox: Outbox) -> None:
    """The link is woken instead of polling."""
    heard: list[bool] = []
    outbox.listen(lambda: heard.append(outbox.waiting_for()))
    outbox.append(segment(1))
    wait_until(lambda: heard == [True])


def test_a_message_stays_until_every_reader_has_it(path: Path) -> None:
    """Readers have their own cursors and cannot hold up or rob each other."""
    outbox = Outbox(path, readers=("server", "mqtt"))
    outbox.append(event(1))
    outbox.append(event(2))
    outbox.ack(2)
    outbox.ack(1, reader="mqtt")
    wait_until(lambda: stored(path) == [2])
    assert numbers(outbox) == []
    assert numbers(outbox, "mqtt") == [2]
    outbox.close()


def test_a_removed_reader_holds_nothing_back(path: Path) -> None:
    """A sink that is no longer configured does not fill the disk."""
    first = Outbox(path, readers=("server", "mqtt"))
    first.append(event(1))
    first.close()
    second = Outbox(path)
    second.ack(1)
    wait_until(lambda: stored(path) == [])
    second.close()


def test_a_new_reader_starts_at_what_is_there(path: Path) -> None:
    """A sink added later gets the messages that are still held, not numbers of the past."""
    first = Outbox(path)
    for number in range(3):
        first.append(event(number))
    first.ack(2)
    first.close()
    second = Outbox(path, readers=("server", "mqtt"))
    assert numbers(second, "mqtt") == [3]
    second.close()


def test_rows_are_bounded_and_room_comes_back(path: Path) -> None:
    """A full outbox refuses loudly, counts, and takes messages again after acknowledgements (P3)."""
    counters: Counter[str] = Counter()
    outbox = Outbox(path, max_rows=2, counters=counters)
    outbox.append(segment(1))
    outbox.append(segment(2))
    with pytest.raises(OutboxFullError, match="is full"):
        outbox.append(segment(3))
    assert counters["outbox_refused"] == 1
    outbox.ack(1)
    wait_until(lambda: outbox.size == 1)
    assert outbox.append(segment(3)) == 3
    outbox.close()


def test_bytes_are_bounded(path: Path) -> None:
    """Large messages fill the outbox before its rows do, also after a restart."""
    outbox = Outbox(path, max_bytes=1000)
    with pytest.raises(OutboxFullError):
        fill(outbox)
    assert 0 < outbox.size_bytes <= 1000
    outbox.close()
    again = Outbox(path, max_bytes=1000)
    with pytest.raises(OutboxFullError):
        again.append(segment(1000))
    again.close()


def test_an_enormous_message_is_refused(outbox: Outbox) -> None:
    """One message cannot be larger than a link can carry."""
    message = SegmentMessage(
        id="x", camera="x", path="p" * MAX_MESSAGE_BYTES, state="open", start_utc_s=0.0, end_utc_s=0.0
    )
    with pytest.raises(OutboxFullError, match="takes no message of"):
        outbox.append(message)


def test_refused_messages_are_kept_aside(outbox: Outbox) -> None:
    """What a reader cannot take is not lost with the acknowledgement (P7)."""
    seq = outbox.append(event(1))
    outbox.set_aside(seq, "no such column")
    outbox.ack(seq)
    wait_until(lambda: outbox.size == 0)
    [(number, reader, reason, payload)] = outbox.refused()
    assert (number, reader, reason) == (seq, "server", "no such column")
    assert decode(payload) == event(1)


def test_close_writes_what_waits(path: Path) -> None:
    """An orderly end loses nothing, acknowledgements included."""
    outbox = Outbox(path)
    for number in range(10):
        outbox.append_nowait(segment(number))
    outbox.flush(5.0)
    outbox.append_nowait(segment(10))
    outbox.ack(4)
    outbox.close()
    assert stored(path) == list(range(5, 12))


def test_a_closed_outbox_says_so(path: Path) -> None:
    """A late message is refused, not swallowed."""
    outbox = Outbox(path)
    outbox.close()
    with pytest.raises(StorageError, match="closed"):
        outbox.append(segment(1))


def test_two_processes_cannot_share_a_file(outbox: Outbox, path: Path) -> None:
    """A second writer is refused with the process id of the first."""
    with pytest.raises(StorageError, match="in use by process"):
        Outbox(path)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """A missing folder gives a message with what to do."""
    with pytest.raises(StorageError, match="cannot be opened"):
        Outbox(tmp_path / "missing" / "outbox.sqlite3")
