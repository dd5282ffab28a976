"""libav's errors in words for people. Their own texts hold the address with the password: never used."""

import errno
from collections import Counter
from typing import NamedTuple

import av
import av.error

from vedette.domain.errors import SourceError, Trouble, UnauthorizedError


class _Failure(NamedTuple):
    counter: str
    text: str
    hint: str
    trouble: Trouble = Trouble.OTHER


_LOGIN = _Failure(
    "unauthorized", "refuses the credentials", "Check user name and password.", Trouble.UNAUTHORIZED
)
_MISSING = _Failure("not_found", "does not exist", "Check the path of the address.", Trouble.NOT_FOUND)
_KINDS: tuple[tuple[type[av.error.FFmpegError], _Failure], ...] = (
    (av.error.HTTPUnauthorizedError, _LOGIN),
    (av.error.HTTPForbiddenError, _LOGIN),
    (av.error.HTTPNotFoundError, _MISSING),
    (av.error.FileNotFoundError, _MISSING),
    (
        av.error.ConnectionRefusedError,
        _Failure(
            "connect_failures",
            "refuses the connection",
            "Check host and port, and that it is on.",
            Trouble.REFUSED,
        ),
    ),
    (
        av.error.InvalidDataError,
        _Failure(
            "invalid_data",
            "gives no video that can be read",
            "It may be a web page, a damaged file, or another service.",
            Trouble.NOT_A_CAMERA,
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
    text = f"{shown} {failure.text}{_reason(error, failure)}."
    return made(text, hint=failure.hint, trouble=_trouble(error, failure))


def silence(shown: str, waited_s: float, counter: str, counters: Counter[str]) -> SourceError:
    """The error for a camera that gives nothing; counted as `counter`."""
    counters[counter] += 1
    return SourceError(
        f"{shown} has given nothing for {waited_s:g} s.",
        hint="Check that the camera is on and that the address names a stream.",
        trouble=Trouble.SILENT,
    )


_REACH = {
    Trouble.UNKNOWN_NAME: ("is not known by that name", "Check the spelling, or use the camera's number."),
    Trouble.UNREACHABLE: (
        "cannot be reached",
        "Is it switched on, in this network, and not behind a firewall? Can you ping it?",
    ),
    Trouble.REFUSED: (
        "refuses the connection",
        "The machine is there, but nothing listens on this port. Is RTSP or ONVIF switched on in the camera?",
    ),
    Trouble.SILENT: (
        "takes the connection but does not answer",
        "It may be restarting, or serve as many viewers as it can. Try again in a minute.",
    ),
    Trouble.NOT_A_CAMERA: (
        "answers, but not as a camera does",
        "Another service listens on this port. RTSP is mostly on 554, ONVIF on 80, 8000 or 8080.",
    ),
    Trouble.TOO_MANY_VIEWERS: (
        "has as many viewers as it can serve",
        "Close other programs and apps that watch it, or use its sub stream.",
    ),
    Trouble.FORBIDDEN_ADDRESS: (
        "is an address that no camera is asked at",
        "Link-local, multicast and unspecified addresses are refused. Give the camera one of your network.",
    ),
    Trouble.REDIRECTED: (
        "sends us on to another host",
        "Vedette follows nobody to a host that you did not name. Use the address that it leads to.",
    ),
}


def unreached(shown: str, trouble: Trouble) -> SourceError:
    """The error for an address where no camera answers as it should."""
    text, hint = _REACH[trouble]
    return SourceError(f"{shown} {text}.", hint=hint, trouble=trouble)


def _trouble(error: Exception, failure: _Failure) -> Trouble:
    is_network = isinstance(error, av.error.FFmpegError) and error.errno in _NETWORK
    return Trouble.UNREACHABLE if failure is _OTHER and is_network else failure.trouble


def _reason(error: Exception, failure: _Failure) -> str:
    if failure is not _OTHER or not isinstance(error, av.error.FFmpegError):
        return ""
    network = " (unknown name, or no way there)" if error.errno in _NETWORK else ""
    return f": {error.strerror}{network}" if error.strerror else ""
