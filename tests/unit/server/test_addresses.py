"""Addresses: what people paste, credentials out."""

from contextlib import suppress
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.camera import Secret, StreamSpec
from vedette.server.cameras.addresses import Address, split_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rtsp://cam/1", Address("rtsp://cam/1")),
        ("RTSP://u:p@cam:554/1", Address("rtsp://cam:554/1", "u", "p")),
        ("rtsp://u:p%40ss@[::1]:554/1?a=b", Address("rtsp://[::1]:554/1?a=b", "u", "p@ss")),
        ("rtsp://u:p@s@s@cam/1", Address("rtsp://cam/1", "u", "p@s@s")),
        ("rtsp://u:a/b?c#d@cam/1", Address("rtsp://cam/1", "u", "a/b?c#d")),
        ("http://cam/pic@home.jpg", Address("http://cam/pic@home.jpg")),
        ("rtsp://cam:554/x@y", Address("rtsp://cam:554/x@y")),
        (
            "http://cam/x?user=me&password=pa%20ss&ch=1",
            Address("http://cam/x?user={username}&password={password}&ch=1", "me", "pa ss"),
        ),
        ("scene:street", Address("scene:street")),
        ("v4l2:///dev/video0", Address("v4l2:///dev/video0")),
        ("/a/b.mp4", Address("/a/b.mp4")),
    ],
)
def test_takes_the_credentials_out(text: str, expected: Address) -> None:
    """Credentials of every spelling end up outside the URL, everything else stays."""
    assert split_address(text) == expected


@pytest.mark.parametrize(
    "text", ["", "rtsp://", "rtsp:///x", "ftp://cam/1", "rtsp://cam:99999/", "rtsp://cam\r\nX: y", "a" * 3000]
)
def test_refuses_what_nothing_can_open(text: str) -> None:
    """Addresses without host, with unknown scheme, control characters or beyond the bound are refused."""
    with pytest.raises(ValidationError):
        split_address(text)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=40))
def test_any_encoded_password_comes_back(password: str) -> None:
    """Percent-encoded credentials survive whatever the password is made of."""
    address = split_address(f"rtsp://admin:{quote(password, safe='')}@10.0.0.5:554/main")
    assert address == Address("rtsp://10.0.0.5:554/main", "admin", password)


@given(st.text(max_size=80))
def test_never_fails_in_another_way(text: str) -> None:
    """Any text is an address or a validation error."""
    with suppress(ValidationError):
        assert split_address("rtsp://" + text).url.startswith("rtsp://")


def test_query_placeholders_are_filled_only_on_opening() -> None:
    """The stored URL keeps placeholders; the opened one has the encoded values."""
    stream = StreamSpec(url="http://cam/x?u={username}&p={password}", username="a b", password=Secret("c&d"))
    assert stream.filled_url() == "http://cam/x?u=a%20b&p=c%26d"
    assert "c&d" not in repr(stream)
