"""Addresses: the camera gets the credentials, people never see them."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.camera import Secret, StreamSpec
from vedette.sources.address import Address

URL = "rtsp://10.0.0.5:554/Streaming/Channels/101"


@pytest.mark.parametrize(
    ("url", "clean", "username", "password"),
    [
        (URL, URL, "", ""),
        ("rtsp://admin:pw@10.0.0.5/live", "rtsp://10.0.0.5/live", "admin", "pw"),
        ("rtsp://admin:p%40ss@10.0.0.5/live", "rtsp://10.0.0.5/live", "admin", "p@ss"),
        ("rtsp://admin:p@ss@10.0.0.5/live", "rtsp://10.0.0.5/live", "admin", "p@ss"),
        ("rtsp://admin:pa/ss?#@10.0.0.5/live", "rtsp://10.0.0.5/live", "admin", "pa/ss?#"),
        ("rtsp://admin@10.0.0.5:8554/live", "rtsp://10.0.0.5:8554/live", "admin", ""),
        ("rtsp://[fe80::1]:554/live", "rtsp://[fe80::1]:554/live", "", ""),
        ("rtsp://u:p@[fe80::1]/live", "rtsp://[fe80::1]/live", "u", "p"),
        ("http://10.0.0.5/user@home", "http://10.0.0.5/user@home", "", ""),
        ("http://10.0.0.5:80/user@home", "http://10.0.0.5:80/user@home", "", ""),
        ("/videos/a@b.mp4", "/videos/a@b.mp4", "", ""),
    ],
)
def test_credentials_inside_the_address_are_taken_out(
    url: str, clean: str, username: str, password: str
) -> None:
    """However people write them, escaped or not, credentials are found and the rest stays."""
    address = Address.of(StreamSpec(url=url))
    assert (address.url, address.username, address.password) == (clean, username, password)


def test_fields_win_over_the_address() -> None:
    """The stream's own fields count when they are given."""
    address = Address.of(StreamSpec(url="rtsp://old:old@cam/", username="new", password=Secret("pw")))
    assert address.with_credentials() == "rtsp://new:pw@cam/"


def test_queries_are_not_shown() -> None:
    """Some brands put user and password into the query."""
    address = Address.of(StreamSpec(url="http://cam/video.cgi?user=admin&password=hush"))
    assert address.shown == "http://cam/video.cgi?..."
    assert "hush" in address.with_credentials()


@given(username=st.text(min_size=1, max_size=20), password=st.text(max_size=20))
def test_any_credentials_reach_the_camera(username: str, password: str) -> None:
    """Every character survives the way into the address and stays out of what is shown."""
    address = Address.of(StreamSpec(url=URL, username=username, password=Secret(password)))
    parts = urlsplit(address.with_credentials())
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == (username, password)
    assert (parts.hostname, parts.port, parts.path) == ("10.0.0.5", 554, "/Streaming/Channels/101")
    assert address.shown == URL
    assert repr(address) == f"Address('{URL}')"
