from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from tests.unit.bus.messages import segment
from vedette.bus.delivery import MAX_BATCH, POISON_FAILURES, RESEND_S, Delivery
from vedette.bus.outbox import Outbox
from vedette.bus.wire import Ack, Batch, Nack

SESSION = "this run"


@pytest.fixture
def counters() -> Counter[str]:
    return Counter()


@pytest.fixture
def outbox(tmp_path: Path, counters: Counter[str]) -> Iterator[Outbox]:
    outbox = Outbox(tmp_path / "outbox", counters=counters)
    yield outbox
    outbox.close()


@pytest.fixture
def delivery(outbox: Outbox, counters: Counter[str]) -> Delivery:
    return Delivery(outbox, SESSION, counters)


def fill(outbox: Outbox, count: int) -> None:
    for number in range(count):
        outbox.append_nowait(segment(number))
    outbox.flush(10.0)


def send(delivery: Delivery, now_s: float = 0.0) -> Batch:
    batch = delivery.due(now_s)
    assert batch is not None
    delivery.sent(batch, now_s)
    return batch


def nack(batch: Batch, *, transient: bool = False) -> Nack:
    return Nack(batch.session, batch.entries[-1][0], "no", transient)


def test_nothing_is_due_from_an_empty_outbox(delivery: Delivery) -> None:
    """An idle worker sends no empty batches."""
    assert delivery.due(0.0) is None


def test_one_batch_at_a_time(delivery: Delivery, outbox: Outbox) -> None:
    """The next batch waits for the answer, which keeps the order."""
    fill(outbox, MAX_BATCH + 1)
    first = send(delivery)
    assert delivery.due(1.0) is None
    delivery.acked(Ack(SESSION, first.entries[-1][0]))
    assert [seq for seq, _ in send(delivery).entries] == [MAX_BATCH + 1]


def test_no_answer_means_again(delivery: Delivery, outbox: Outbox, counters: Counter[str]) -> None:
    """A lost batch is sent again after a while, and counted."""
    fill(outbox, 1)
    first = send(delivery)
    assert send(delivery, RESEND_S).entries == first.entries
    assert counters["link_resends"] == 1


def test_another_server_gets_it_at_once(delivery: Delivery, outbox: Outbox) -> None:
    """What the dead server had is sent to the new one without waiting for the time."""
    fill(outbox, 1)
    first = send(delivery)
    delivery.lost()
    assert send(delivery, 0.1).entries == first.entries


@pytest.mark.parametrize("ack", [Ack("another run", 1), Ack(SESSION, 0)])
def test_answers_to_something_else_are_ignored(delivery: Delivery, outbox: Outbox, ack: Ack) -> None:
    """An answer to the process before this one acknowledges nothing."""
    fill(outbox, 1)
    send(delivery)
    delivery.acked(ack)
    assert outbox.waiting_for()


def test_an_ack_never_reaches_beyond_what_was_sent(delivery: Delivery, outbox: Outbox) -> None:
    """A wrong number from the server loses no message that it never saw."""
    fill(outbox, MAX_BATCH + 1)
    send(delivery)
    delivery.acked(Ack(SESSION, 10**9))
    assert [seq for seq, _ in outbox.pending(10)] == [MAX_BATCH + 1]


def test_a_partial_ack_brings_the_rest_again(delivery: Delivery, outbox: Outbox) -> None:
    """The server may store only the beginning of a batch."""
    fill(outbox, 3)
    send(delivery)
    delivery.acked(Ack(SESSION, 2))
    assert [seq for seq, _ in send(delivery).entries] == [3]


def test_a_locked_database_is_nobodys_fault(delivery: Delivery, outbox: Outbox) -> None:
    """However often it fails for a passing reason, nothing is set aside and the batch stays whole."""
    fill(outbox, 4)
    now_s = 0.0
    for _ in range(50):
        batch = send(delivery, now_s)
        assert len(batch.entries) == 4
        delivery.failed(nack(batch, transient=True), now_s)
        assert delivery.due(now_s) is None
        now_s += 5.0
    assert outbox.refused() == []


def test_a_poison_message_is_found_and_set_aside(
    delivery: Delivery, outbox: Outbox, counters: Counter[str]
) -> None:
    """The one message that cannot be stored ends in the table; all others arrive once, in order."""
    fill(outbox, 20)
    poison, stored, now_s = 13, [], 0.0
    for _ in range(100):
        now_s += 10.0
        if (batch := delivery.due(now_s)) is None:
            break
        delivery.sent(batch, now_s)
        sequence = [seq for seq, _ in batch.entries]
        if poison in sequence:
            delivery.failed(nack(batch), now_s)
        else:
            stored += sequence
            delivery.acked(Ack(SESSION, sequence[-1]))
    assert stored == [n for n in range(1, 21) if n != poison]
    assert [seq for seq, *_ in wait_until(outbox.refused)] == [poison]
    assert counters["outbox_set_aside"] == 1
    assert counters["link_nacks"] >= POISON_FAILURES


def test_pauses_grow(delivery: Delivery, outbox: Outbox) -> None:
    """A failing server is asked less and less often."""
    fill(outbox, 1)
    pauses = []
    for n in range(4):
        now_s = n * 100.0
        delivery.failed(nack(send(delivery, now_s), transient=True), now_s)
        pauses.append(next(p / 10 for p in range(100) if delivery.due(now_s + p / 10)))
    assert pauses == sorted(pauses)
    assert pauses[-1] > pauses[0]


def test_undecodable_entries_are_set_aside_and_pass(delivery: Delivery, outbox: Outbox) -> None:
    """What the server cannot read is kept here, and does not come again."""
    fill(outbox, 3)
    send(delivery)
    delivery.acked(Ack(SESSION, 3, ((2, "unknown version"),)))
    assert delivery.due(0.0) is None
    assert [(seq, reason) for seq, _, reason, _ in wait_until(outbox.refused)] == [(2, "unknown version")]
