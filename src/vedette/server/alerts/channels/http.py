"""One bounded HTTP request: guarded address, no redirects, a deadline, a short answer."""

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from vedette.domain.errors import ConfigurationError
from vedette.net.guard import GuardedTransport
from vedette.server.alerts.channels.base import TIMEOUT_S, SendError
from vedette.server.alerts.channels.tls import client_context

# It writes every address to the log, and some hold a secret (Telegram's token, a browser's endpoint).
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

_MOST_BYTES = 16 * 1024
_NUMBER = re.compile(r"\[Errno -?\d+\] ")
_LONGEST_PAUSE_S = 3600.0
_TRY_AGAIN = frozenset({408, 409, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the body only its beginning."""

    status: int
    body: str

    @property
    def words(self) -> str:
        """Status and the beginning of the body, on one line."""
        return " ".join(f"{self.status} {self.body}".split())[:200]


def client(authority: str = "", timeout_s: float = TIMEOUT_S) -> httpx.Client:
    """A client that follows no redirect and connects to guarded addresses only."""
    transport = GuardedTransport(verify=client_context(authority), retries=0)
    return httpx.Client(transport=transport, timeout=timeout_s, follow_redirects=False)


def post(through: httpx.Client, url: str, *, headers: Mapping[str, str] | None = None, **body: Any) -> Answer:
    """Post and read the answer.

    Raises:
        SendError: no answer, or one that is no success.
    """
    deadline = time.monotonic() + 2 * TIMEOUT_S
    try:
        with through.stream("POST", url, headers=dict(headers or {}), **body) as response:
            answer = Answer(response.status_code, _read(response, deadline))
            pause_s = _retry_after_s(response)
    except ConfigurationError as error:  # the guard
        raise SendError(str(error.args[0]), permanent=False) from None
    except httpx.HTTPError as error:
        raise SendError(_words(error)) from None
    if not 200 <= answer.status < 300:
        raise _refused(answer, pause_s)
    return answer


def _read(response: httpx.Response, deadline: float) -> str:
    data = b""
    for part in response.iter_bytes():
        data += part
        if len(data) > _MOST_BYTES or time.monotonic() > deadline:
            break
    return data[:_MOST_BYTES].decode(errors="replace")


def _refused(answer: Answer, pause_s: float) -> SendError:
    status = answer.status
    if 300 <= status < 400:
        return SendError(f"It answered {status}, a redirect, and those are not followed.", permanent=True)
    lasting = status < 500 and status not in _TRY_AGAIN
    return SendError(f"It answered {answer.words}", permanent=lasting, retry_after_s=pause_s)


def _retry_after_s(response: httpx.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return min(float(text), _LONGEST_PAUSE_S) if text.isdecimal() else 0.0


def plain(text: str) -> str:
    """The words of a system error without its number."""
    return _NUMBER.sub("", text)


def _words(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"No answer within {TIMEOUT_S:g} s."
    cause = plain(str(error)) or type(error).__name__
    return f"{'No connection' if isinstance(error, httpx.ConnectError) else 'The connection broke'}: {cause}"[
        :300
    ]
