"""The words of ASGI (asgi.readthedocs.io), and short answers before Django sees a request."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY_VIOLATION = 1008
"""Close code of a socket for what is not allowed (RFC 6455, 7.4.1)."""

_HEADERS = {
    "connection": "close",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
}


class Refusal(Exception):  # noqa: N818  it is an answer
    """A request that is not taken.

    Attributes:
        status: of HTTP.
        error: what is wrong.
        hint: what to do.
        headers: to send beside the usual ones.
    """

    def __init__(self, status: int, error: str, hint: str = "", **headers: str) -> None:
        super().__init__(error)
        self.status, self.error, self.hint = status, error, hint
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(self, scope: Scope, send: Send) -> None:
        """Say so and close the connection; in JSON below /api/, else in plain text."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": self.error})
            return
        kind, body = self._body(scope["path"].startswith("/api/"))
        headers = {"content-type": kind, "content-length": str(len(body)), **_HEADERS, **self.headers}
        lines = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": lines})
        await send({"type": "http.response.body", "body": body})

    def _body(self, for_program: bool) -> tuple[str, bytes]:
        if for_program:
            return "application/json", json.dumps({"error": self.error, "hint": self.hint}).encode()
        return "text/plain; charset=utf-8", f"{self.error} {self.hint}".strip().encode() + b"\n"


def header(scope: Scope, wanted: bytes) -> str:
    """The first header of this name, or an empty text."""
    return next((value.decode("latin1") for name, value in scope["headers"] if name == wanted), "")
