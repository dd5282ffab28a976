import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec
import pytest
from django.db import OperationalError

from tests.support.processes import wait_until
from tests.unit.bus.messages import event, report, segment
from vedette.bus.inbox import Inbox, OutboxMessage, is_transient
from vedette.bus.wire import Ack, Batch, Nack
from vedette.domain.errors import StorageError
from vedette.domain.messages import NodeReport, encode


class Server:
    """The handlers of a server, and what they were given."""

    def __init__(self) -> None:
        self.reports: list[NodeReport] = []
        self.stored: list[int] = []
        self.answers: list[Ack | Nack] = []
        self.counters: Counter[str] = Counter()
        self.store: Callable[[Sequence[tuple[int, OutboxMessage]]], int] = self._store
        self.inbox = Inbox(
            lambda _, r: self.reports.append(r),
            lambda _, messages: self.store(messages),
            lambda _, answer: self.answers.append(answer),
            self.counters,
        )

    def _store(self, messages: Sequence[tuple[int, OutboxMessage]]) -> int:
        self.stored += [seq for seq, _ in messages]
        return messages[-1][0]

    def answer(self, batch: Batch) -> Ack | Nack:
        self.inbox.put_batch("worker-1", batch)
        wait_until(lambda: self.answers)
        return self.answers.pop()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.inbox.start()
    yield server
    server.inbox.close()


def batch(*payloads: bytes) -> Batch:
    return Batch("run", tuple(enumerate(payloads, 1)))


def raiser(error: Exception) -> Callable[[object], int]:
    def store(_: object) -> int:
        raise error

    return store


def test_a_stored_batch_is_acknowledged(server: Server) -> None:
    """The answer names the last message the handler stored."""
    assert server.answer(batch(encode(event(1)), encode(segment(1)))) == Ack("run", 2)
    assert server.stored == [1, 2]


@pytest.mark.parametrize(
    "payload",
    [b"\xc1", b"", encode(report()), msgspec.msgpack.encode({"type": "event", "v": 99}), b"\xa1\xff"],
)
def test_what_cannot_be_read_is_refused_by_number(server: Server, payload: bytes) -> None:
    """One bad entry, of whatever kind, does not hold up its neighbours (P7)."""
    answer = server.answer(batch(encode(event(1)), payload, encode(event(2)), payload))
    assert isinstance(answer, Ack)
    assert (answer.up_to, [seq for seq, _ in answer.refused]) == (4, [2, 4])
    assert server.stored == [1, 3]
    assert server.counters["link_undecodable"] == 2


def test_a_batch_of_nothing_readable_never_reaches_the_handler(server: Server) -> None:
    """It is acknowledged and refused as a whole."""
    answer = server.answer(batch(b"\xc1"))
    assert isinstance(answer, Ack)
    assert (answer.up_to, len(answer.refused), server.stored) == (1, 1, [])


def test_a_handler_may_store_a_part(server: Server) -> None:
    """Only what it names is acknowledged, and only what lies before is refused."""
    server.store = lambda _: 1
    assert server.answer(batch(encode(event(1)), b"\xc1", encode(event(2)))) == Ack("run", 1)


def test_a_handler_that_stores_nothing_is_asked_again(server: Server) -> None:
    """No progress is a passing failure, not an endless loop without pauses."""
    server.store = lambda _: 0
    answer = server.answer(batch(encode(event(1))))
    assert isinstance(answer, Nack)
    assert answer.transient


def test_an_error_of_the_handler_is_answered(server: Server) -> None:
    """The worker hears what went wrong, and the handler thread lives on."""
    server.store = raiser(ValueError("no such camera"))
    answer = server.answer(batch(encode(event(1))))
    assert isinstance(answer, Nack)
    assert (answer.last, answer.transient) == (1, False)
    assert "no such camera" in answer.error
    server.store = server._store
    assert server.answer(batch(encode(event(1)))) == Ack("run", 1)


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (sqlite3.OperationalError("database is locked"), True),
        (OperationalError("database is locked"), True),
        (StorageError("disk full"), True),
        (OSError(28, "no space"), True),
        (sqlite3.IntegrityError("NOT NULL"), False),
        (KeyError("camera"), False),
    ],
)
def test_a_locked_database_is_not_poison(error: Exception, transient: bool) -> None:
    """Errors about the database are told from errors about the message, for every driver and Django."""
    assert is_transient(error) is transient


def test_of_waiting_reports_the_newest_counts(server: Server) -> None:
    """While the handler is busy, reports do not pile up."""
    held, begun = threading.Event(), threading.Event()

    def store(messages: Sequence[tuple[int, OutboxMessage]]) -> int:
        begun.set()
        held.wait(10)
        return messages[-1][0]

    server.store = store
    server.inbox.put_batch("worker-1", batch(encode(event(1))))
    begun.wait(10)
    for revision in range(100):
        server.inbox.put_report("worker-1", report(revision=revision))
    held.set()
    wait_until(lambda: server.reports)
    assert [r.revision for r in server.reports] == [99]


def test_a_failing_report_handler_is_survived(server: Server) -> None:
    """A bug in one handler does not stop the others."""
    server.inbox._on_report = lambda *_: 1 / 0
    server.inbox.put_report("worker-1", report())
    assert server.answer(batch(encode(event(1)))) == Ack("run", 1)
    assert server.counters["link_handler_errors"] == 1


def test_an_empty_batch_is_ignored(server: Server) -> None:
    """Nothing in, nothing out."""
    server.inbox.put_batch("worker-1", batch())
    server.inbox.put_batch("worker-2", batch(encode(event(1))))
    wait_until(lambda: server.answers)
    assert server.answers == [Ack("run", 1)]
