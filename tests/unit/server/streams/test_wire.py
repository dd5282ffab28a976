"""What viewers may say on the live socket."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.server.streams.wire import Received, Subscribe, Unsubscribe, read_asked


def test_the_known_messages() -> None:
    """Subscribe with its choices, unsubscribe, received."""
    asked = read_asked('{"type":"subscribe","subscription":3,"camera":"door","stream":"sub","sound":true}')
    assert asked == Subscribe(subscription=3, camera="door", stream="sub", sound=True)
    assert read_asked('{"type":"unsubscribe","subscription":3}') == Unsubscribe(subscription=3)
    assert read_asked('{"type":"received","frames":9}') == Received(frames=9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"type":"shutdown"}',
        '{"type":"subscribe","subscription":-1,"camera":"door"}',
        '{"type":"subscribe","subscription":4294967296,"camera":"door"}',
        '{"type":"subscribe","subscription":1,"camera":"door","stream":"all"}',
        '{"type":"subscribe","subscription":1,"camera":"' + "x" * 65 + '"}',
        '{"type":"unsubscribe","subscription":1,"force":true}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """Unknown kinds, fields and values, and numbers that no header can hold."""
    with pytest.raises(msgspec.DecodeError):
        read_asked(text)


@given(st.text(max_size=200))
def test_garbage_is_refused(text: str) -> None:
    """P7: one error for whatever comes."""
    with pytest.raises(msgspec.DecodeError):
        read_asked(text)
