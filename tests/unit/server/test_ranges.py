"""Byte ranges after RFC 9110."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.server.api.ranges import UnsatisfiableError, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 10)),
        ("bytes=90-1000", (90, 10)),
        ("bytes=-10", (90, 10)),
        ("bytes=-1000", (0, 100)),
        ("bytes=5-", (5, 95)),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("pages=0-1", None),
        ("bytes=x-y", None),
    ],
)
def test_reads_one_range(header: str, expected: tuple[int, int] | None) -> None:
    """One range is read; what is none, or several, means everything."""
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_had(header: str) -> None:
    """That is 416."""
    with pytest.raises(UnsatisfiableError):
        parse_range(header, 100)


@given(st.text(max_size=40) | st.from_regex(r"bytes=\d{0,5}-\d{0,5}"), st.integers(0, 10_000))
def test_a_range_lies_within_the_content(header: str, size_bytes: int) -> None:
    """Whatever is asked, no byte outside the content is promised."""
    try:
        span = parse_range(header, size_bytes)
    except UnsatisfiableError:
        return
    if span is not None:
        offset, length = span
        assert 0 <= offset < size_bytes
        assert 0 < length <= size_bytes - offset
