"""The server's half of Basic and Digest authentication."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.testing.auth import Guard


def test_digest_follows_the_example_of_the_rfc() -> None:
    """The response of RFC 2617 section 3.5 is accepted for its password, and for no other."""
    realm, nonce = "testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    header = (
        f'Digest username="Mufasa", realm="{realm}", nonce="{nonce}", uri="/dir/index.html", qop=auth, '
        'nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c"'
    )
    assert Guard("Mufasa", "Circle Of Life", "digest", realm, nonce).allows("GET", header)
    assert not Guard("Mufasa", "circle of life", "digest", realm, nonce).allows("GET", header)


@pytest.mark.parametrize("scheme", ["basic", "digest"])
@given(header=st.text(max_size=200))
def test_no_header_of_any_form_gets_in_by_accident(scheme, header: str) -> None:
    """Nonsense is refused, not a crash."""
    assert not Guard("a", "b", scheme).allows("GET", header)
    assert not Guard("a", "b", scheme).allows("GET", None)


def test_a_digest_for_one_method_does_not_open_another() -> None:
    """The method is part of the proof."""
    guard = Guard("u", "p", nonce="n")
    secret = hashlib.md5(b"u:camera:p").hexdigest()
    request = hashlib.md5(b"DESCRIBE:rtsp://x/").hexdigest()
    response = hashlib.md5(f"{secret}:n:{request}".encode()).hexdigest()
    header = f'Digest username="u", realm="camera", nonce="n", uri="rtsp://x/", response="{response}"'
    assert guard.allows("DESCRIBE", header)
    assert not guard.allows("SETUP", header)


def test_a_response_that_is_not_ascii_is_refused() -> None:
    """Bytes that no digest can hold do not raise."""
    assert not Guard("u", "p", nonce="n").allows("GET", 'Digest nonce="n", uri="/", response="ü"')
