"""libav's errors in words for people. Their own texts hold the address with the password: never used."""

import errno
from collections import Counter
from typing import NamedTuple

import av
import av.error

from vedette.domain.errors import SourceError, UnauthorizedError


class _Failure(NamedTuple):
    counter: str
    text: str
    hint: str


_LOGIN = _Failure("unauthorized", "refuses the credentials", "Check user name and password.")
_MISSING = _Failure("not_found", "does not exist", "Check the path of the address.")
_KINDS: tuple[tuple[type[av.error.FFmpegError], _Failure], ...] = (
    (av.error.HTTPUnauthorizedError, _LOGIN),
    (av.error.HTTPForbiddenError, _LOGIN),
    (av.error.HTTPNotFoundError, _MISSING),
    (av.error.FileNotFoundError, _MISSING),
    (
        av.error.ConnectionRefusedError,
        _Failure("connect_failures", "refuses the connection", "Check host and port, and that it is on."),
    ),
    (
        av.error.InvalidDataError,
        _Failure(
            "invalid_data",
            "gives no video that can be read",
            "It may be a web page, a damaged file, or another service.",
        ),
    ),
    (av.error.PermissionError, _Failure("not_permitted", "may not be read", "Check its permissions.")),
    (
        av.error.HTTPError,
        _Failure("connect_failures", "answers with an error", "Check the path and the camera."),
    ),
)
_OTHER = _Failure("connect_failures", "cannot be read", "Check the address and the network.")
_NETWORK = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNRESET, errno.EPIPE, errno.EIO}


def read_failure(error: Exception, shown: str, counters: Counter[str]) -> SourceError:
    """The error to raise for one of libav's; counted.

    Args:
        error: what PyAV raised.
        shown: the address without credentials.
        counters: gets one more of the failure's name.
    """
    failure = next((failure for kind, failure in _KINDS if isinstance(error, kind)), _OTHER)
    counters[failure.counter] += 1
    made = UnauthorizedError if failure is _LOGIN else SourceError
    return made(f"{shown} {failure.text}{_reason(error, failure)}.", hint=failure.hint)


def silence(shown: str, waited_s: float, counter: str, counters: Counter[str]) -> SourceError:
    """The error for a camera that gives nothing; counted as `counter`."""
    counters[counter] += 1
    return SourceError(
        f"{shown} has given nothing for {waited_s:g} s.",
        hint="Check that the camera is on and that the address names a stream.",
    )


def _reason(error: Exception, failure: _Failure) -> str:
    if failure is not _OTHER or not isinstance(error, av.error.FFmpegError):
        return ""
    network = " (unknown name, or no way there)" if error.errno in _NETWORK else ""
    return f": {error.strerror}{network}" if error.strerror else ""
