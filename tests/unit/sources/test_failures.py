"""Failures: libav's errors in words for people, without what libav itself would tell."""

import errno
from collections import Counter

import av.error
import pytest

from tests.unit.sources.cameras import camera, failure_of
from vedette.domain.errors import SourceError, UnauthorizedError
from vedette.sources.failures import read_failure, silence

SECRET_URL = "rtsp://admin:hush@cam/live"


@pytest.mark.parametrize(
    ("kind", "code", "counter", "words"),
    [
        (av.error.HTTPUnauthorizedError, 1, "unauthorized", "Check user name and password"),
        (av.error.HTTPForbiddenError, 1, "unauthorized", "Check user name and password"),
        (av.error.HTTPNotFoundError, 1, "not_found", "Check the path"),
        (av.error.HTTPServerError, 1, "connect_failures", "answers with an error"),
        (av.error.ConnectionRefusedError, errno.ECONNREFUSED, "connect_failures", "Check host and port"),
        (av.error.InvalidDataError, 1, "invalid_data", "web page"),
        (av.error.PermissionError, errno.EACCES, "not_permitted", "permissions"),
        (av.error.OSError, errno.EHOSTUNREACH, "connect_failures", "unknown name, or no way there"),
        (av.error.ExitError, 1, "connect_failures", "Check the address"),
    ],
)
def test_each_kind_has_its_words_and_counter(kind: type, code: int, counter: str, words: str) -> None:
    """The message names the stream and what to do; the counter has the failure's name."""
    counters: Counter[str] = Counter()
    error = read_failure(kind(code, "reason", SECRET_URL), "rtsp://cam/live", counters)
    assert words in str(error)
    assert str(error).startswith("rtsp://cam/live")
    assert "hush" not in str(error)
    assert counters == {counter: 1}
    assert isinstance(error, UnauthorizedError) == (counter == "unauthorized")


def test_silence_tells_how_long() -> None:
    """The time that was waited is in the message."""
    counters: Counter[str] = Counter()
    assert "for 10 s" in str(silence("rtsp://cam/live", 10.0, "stalls", counters))
    assert counters == {"stalls": 1}


def test_a_device_that_is_not_there_is_named() -> None:
    """A missing camera device is an error for people; a present one needs hardware to be proved."""
    assert "/dev/video-none" in failure_of(camera("v4l2:///dev/video-none"), SourceError)


def test_too_long_credentials_are_refused() -> None:
    """libav would cut them silently, and the camera would refuse them."""
    with pytest.raises(SourceError, match="too long"):
        camera("rtsp://cam/", username="operator", password="ö" * 60)
