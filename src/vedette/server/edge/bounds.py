"""What a request may take: size of address, headers and body, time for the body, requests in a time."""

import asyncio
import math
from collections import Counter
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from vedette.server.edge.asgi import Application, Event, Receive, Refusal, Scope, Send, header
from vedette.server.edge.rate import Buckets, cost_of, is_bounded
from vedette.settings import LimitSettings

LONGEST_ADDRESS_BYTES = 8192
LARGEST_HEADERS_BYTES = 16384
BODY_S = 60.0
"""The whole body must have come in this time."""


class Bounds:
    """Refuses, with words, what is too large, too slow or too much; the rest goes on to the application.

    Args:
        app: what is behind.
        limits: of the settings.
        counters: takes `requests_refused`.
        body_s: time for a whole body.
    """

    def __init__(
        self, app: Application, limits: LimitSettings, counters: Counter[str], *, body_s: float = BODY_S
    ) -> None:
        self._app, self._limits, self._counters, self._body_s = app, limits, counters, body_s
        self._buckets = Buckets(limits.requests_per_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or socket."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        try:
            self._check(scope)
        except Refusal as refusal:
            return await self._refuse(refusal, scope, send)
        if scope["type"] == "websocket":
            return await self._app(scope, receive, send)
        return await self._with_body(scope, receive, send)

    async def _with_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, answer = _Body(receive, self._limits.body_bytes, self._body_s), _Answer(send)
        await self._app(scope, body.receive, answer.send)
        if body.refusal is not None and not answer.begun:
            await self._refuse(body.refusal, scope, send)

    async def _refuse(self, refusal: Refusal, scope: Scope, send: Send) -> None:
        self._counters["requests_refused"] += 1
        await refusal.answer(scope, send)

    def _check(self, scope: Scope) -> None:
        if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_ADDRESS_BYTES:
            raise Refusal(414, "The address is too long.", f"At most {LONGEST_ADDRESS_BYTES} bytes.")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEADERS_BYTES:
            raise Refusal(431, "The headers are too large.", "Delete this site's cookies and try again.")
        if _announced_bytes(scope) > self._limits.body_bytes:
            raise _too_large(self._limits.body_bytes)
        if scope["type"] == "websocket" and not _from_our_pages(scope):
            raise Refusal(403, "This page may not open a socket here.")
        client = scope["client"][0] if scope.get("client") else None
        if client is not None and is_bounded(client):
            self._check_rate(client, scope["path"])

    def _check_rate(self, client: str, path: str) -> None:
        if (wait_s := self._buckets.take(client, cost_of(path))) > 0:
            wait = {"retry_after": str(math.ceil(wait_s))}
            raise Refusal(429, "Too many requests from your address.", "Wait a moment.", **wait)


class _Answer:
    """Knows whether an answer has begun: then another cannot be given."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def send(self, event: Event) -> None:
        self.begun = True
        await self._send(event)


class _Body:
    """Counts a body that comes in pieces, and watches the time until it is complete.

    For the application, a client that sends too much or too slowly is one that has left.

    Attributes:
        refusal: why, in that case.
    """

    def __init__(self, receive: Receive, most_bytes: int, body_s: float) -> None:
        self._receive, self._most_bytes = receive, most_bytes
        self._deadline_s = asyncio.get_running_loop().time() + body_s
        self._got_bytes = 0
        self._complete = False
        self.refusal: Refusal | None = None

    async def receive(self) -> Event:
        if self._complete:  # now the application waits for the client to leave
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline_s):
                event = await self._receive()
        except TimeoutError:
            return self._gone(
                Refusal(408, "The request did not come in time.", "Try on a better connection.")
            )
        self._got_bytes += len(event.get("body", b""))
        self._complete = not event.get("more_body", False)
        return self._gone(_too_large(self._most_bytes)) if self._got_bytes > self._most_bytes else event

    def _gone(self, refusal: Refusal) -> Event:
        self.refusal = refusal
        return {"type": "http.disconnect"}


def _too_large(most_bytes: int) -> Refusal:
    hint = f"At most {most_bytes} bytes; limits.body_bytes in the settings says so."
    return Refusal(413, "The request is too large.", hint)


def _announced_bytes(scope: Scope) -> int:
    found = header(scope, b"content-length")
    return int(found) if found.isdecimal() and len(found) < 19 else 0


def _from_our_pages(scope: Scope) -> bool:
    """Whether a socket is not opened by a foreign page: it carries cookies, and no token protects it."""
    host, origin = header(scope, b"host"), header(scope, b"origin")
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return False
    return not origin or urlsplit(origin).netloc == host or origin in settings.CSRF_TRUSTED_ORIGINS
