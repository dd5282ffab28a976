"""Outside bytes: whatever arrives on a socket is read or refused, never more."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.bus.messages import event
from vedette.bus.wire import MALFORMED, Ack, Answer, Batch, Heard, Nack, pack, read_answer, read_batch
from vedette.domain.messages import decode, encode

garbage = st.binary(max_size=200) | st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["type", "v", "entries", "x"]), inner),
).map(msgspec.msgpack.encode)


@pytest.mark.parametrize(
    "answer", [Ack("s", 3, ((1, "why"),)), Nack("s", 3, "locked", transient=True), Heard("server")]
)
def test_answers_come_back_equal(answer: Answer) -> None:
    """Every kind of answer survives the wire."""
    assert read_answer(pack(answer)) == answer


@given(st.lists(st.tuples(st.integers(1, 2**62), st.binary()), max_size=5))
def test_batches_come_back_equal(entries: list[tuple[int, bytes]]) -> None:
    """Payloads are carried as they are, readable or not."""
    batch = Batch("session", tuple(entries))
    assert read_batch(pack(batch)) == batch


@pytest.mark.parametrize("read", [read_batch, read_answer, decode])
@given(data=garbage)
def test_garbage_is_refused_with_known_errors(read: object, data: bytes) -> None:
    """No bytes raise anything that the links do not count as malformed."""
    try:
        read(data)  # type: ignore[operator]
    except MALFORMED:
        return


@given(st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_damaged_messages_are_refused_with_known_errors(at: int, damage: bytes) -> None:
    """Neither do almost right bytes."""
    data = encode(event(1))
    at %= len(data)
    try:
        decode(data[:at] + damage + data[at + len(damage) :])
    except MALFORMED:
        return


@pytest.mark.parametrize(
    "data",
    [
        b"\x82\xa4type\xa5event\xa1x" + b"\x91" * 1_000_000,
        encode(event(1)).replace(b"door", b"\xff\xfe\xfd\xfc"),
    ],
)
def test_nesting_and_mistaken_texts_are_no_messages(data: bytes) -> None:
    """A million brackets, or a text that is not UTF-8, is refused like all other garbage."""
    with pytest.raises(msgspec.DecodeError):
        decode(data)
