"""Whether a camera can be reached at all, asked before libav is: tells apart what libav calls one error.

It also keeps requests where the administrator sent them: no address that `net.guard` forbids, and no redirect
to another host.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from vedette.domain.errors import Trouble
from vedette.net.guard import ForbiddenAddressError, GuardedTransport, is_forbidden
from vedette.sources.failures import unreached

PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_HEAD_MAX = 8192
_BUSY = frozenset({453, 503})


def resolve(host: str, port: int, shown: str) -> list[tuple[str, int]]:
    """Where a host is, as addresses and ports.

    Raises:
        SourceError: nobody knows the name, or one of its addresses is forbidden.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise unreached(shown, Trouble.UNKNOWN_NAME) from None
    places = list(dict.fromkeys((str(info[4][0]), port) for info in found))
    if any(is_forbidden(address) for address, _ in places):
        raise unreached(shown, Trouble.FORBIDDEN_ADDRESS)
    return places


def check_reach(url: str, shown: str, timeout_s: float = 3.0) -> None:
    """Connect to a network address and see that something like a camera answers.

    Args:
        url: without credentials; only rtsp(s) and http(s) addresses are looked at.
        shown: how messages name it.
        timeout_s: for connecting, and again for the answer.

    Raises:
        SourceError: it does not; `trouble` says what kind of failure it is.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS:
        return
    places = resolve(parts.hostname or "", parts.port or PORTS[parts.scheme], shown)
    if parts.scheme in {"http", "https"}:
        _check_http(url, shown, timeout_s)
        return
    with _connected(places, shown, timeout_s) as plain:
        _check_rtsp(plain, url, shown, timeout_s)


def _connected(places: list[tuple[str, int]], shown: str, timeout_s: float) -> socket.socket:
    trouble = Trouble.UNREACHABLE
    for place in places:
        try:
            return socket.create_connection(place, timeout_s)
        except ConnectionRefusedError:
            trouble = Trouble.REFUSED
        except OSError:
            continue
    raise unreached(shown, trouble)


def _check_rtsp(plain: socket.socket, url: str, shown: str, timeout_s: float) -> None:
    try:
        status, headers = _describe(_wrapped(plain, url), url, timeout_s)
    except TimeoutError:
        raise unreached(shown, Trouble.SILENT) from None
    except (OSError, ValueError):
        raise unreached(shown, Trouble.NOT_A_CAMERA) from None
    if status in _BUSY:
        raise unreached(shown, Trouble.TOO_MANY_VIEWERS)
    if 300 <= status < 400:
        check_same_host(url, headers.get("location", ""), shown)


def _wrapped(plain: socket.socket, url: str) -> socket.socket:
    if not url.startswith("rtsps:"):
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # cameras have no certificate that could be checked
    return context.wrap_socket(plain)


def _describe(connection: socket.socket, url: str, timeout_s: float) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer to DESCRIBE without credentials (RFC 2326, 10.2).

    Raises:
        TimeoutError: no answer in time.
        ValueError: it is not RTSP.
    """
    connection.settimeout(timeout_s)
    request = f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\nUser-Agent: vedette\r\n\r\n"
    connection.sendall(request.encode())
    head, deadline_s = b"", time.monotonic() + timeout_s
    while b"\r\n\r\n" not in head and len(head) < _HEAD_MAX and head[:5] == b"RTSP/"[: len(head)]:
        if time.monotonic() > deadline_s:
            raise TimeoutError
        got = connection.recv(_HEAD_MAX)
        if not got:
            break
        head += got
    lines = head.decode("latin-1").partition("\r\n\r\n")[0].split("\r\n")
    if not lines[0].startswith("RTSP/"):
        raise ValueError(lines[0][:40])
    pairs = (line.partition(":") for line in lines[1:])
    return int(lines[0].split(" ")[1][:3]), {name.strip().lower(): text.strip() for name, _, text in pairs}


def _check_http(url: str, shown: str, timeout_s: float) -> None:
    """See where an HTTP address leads; what it answers with is libav's to judge."""
    try:
        with (
            http_troubles(shown),
            httpx.Client(transport=unverified(), timeout=timeout_s) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.is_redirect:
                check_same_host(url, answer.headers.get("location", ""), shown)
    except ForbiddenAddressError:
        raise unreached(shown, Trouble.FORBIDDEN_ADDRESS) from None


@contextmanager
def http_troubles(shown: str) -> Iterator[None]:
    """Say what went wrong with a request to a camera in the words that all cameras have.

    Raises:
        SourceError: instead of httpx's errors.
    """
    try:
        yield
    except httpx.ConnectTimeout:
        raise unreached(shown, Trouble.UNREACHABLE) from None
    except httpx.ConnectError as error:
        refused = "refused" in str(error).lower()
        raise unreached(shown, Trouble.REFUSED if refused else Trouble.UNREACHABLE) from None
    except httpx.TimeoutException:
        raise unreached(shown, Trouble.SILENT) from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise unreached(shown, Trouble.NOT_A_CAMERA) from None


def unverified() -> GuardedTransport:
    """How to ask cameras: at allowed addresses only, and without checking the certificates they make up."""
    return GuardedTransport(verify=False, trust_env=False)


def check_same_host(url: str, location: str, shown: str) -> None:
    """Refuse a redirect that leads to another host; a relative one stays.

    Raises:
        SourceError: it leads elsewhere.
    """
    try:
        target = urlsplit(location).hostname
    except ValueError:
        target = "?"
    if target is not None and target != urlsplit(url).hostname:
        raise unreached(shown, Trouble.REDIRECTED)
