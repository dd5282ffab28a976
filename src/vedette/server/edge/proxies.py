"""Who really asks, when a proxy stands in between: only proxies that are named are believed."""

from collections.abc import Sequence
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from vedette.server.edge.asgi import Application, Receive, Scope, Send

_HOST = b"x-forwarded-host"
_SAID_BY_PROXIES = (b"x-forwarded-", b"forwarded", b"x-real-ip")


class Proxies:
    """Takes address, scheme and host from the headers of trusted proxies, and drops those of everybody else.

    Nothing behind this sees an `X-Forwarded-...` header, so nothing can believe one by mistake.

    Args:
        app: what is behind.
        trusted: addresses and networks.
    """

    def __init__(self, app: Application, trusted: Sequence[str]) -> None:
        self._app = app
        clean: Any = self._without_headers
        self._address_and_scheme: Any = ProxyHeadersMiddleware(clean, list(trusted))
        self._trusted = trusted_hosts(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or socket."""
        if (client := scope.get("client")) and client[0] in self._trusted:
            _take_host(scope)
        await self._address_and_scheme(scope, receive, send)

    async def _without_headers(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "headers" in scope:
            kept = [
                (name, value) for name, value in scope["headers"] if not name.startswith(_SAID_BY_PROXIES)
            ]
            scope["headers"] = kept
        await self._app(scope, receive, send)


def trusted_hosts(trusted: Sequence[str]) -> Any:
    """Something that contains the addresses that are trusted."""
    nothing: Any = None
    return ProxyHeadersMiddleware(nothing, list(trusted)).trusted_hosts


def _take_host(scope: Scope) -> None:
    named = [value for name, value in scope["headers"] if name == _HOST]
    if named:
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        scope["headers"] = [(b"host", named[-1].rpartition(b",")[2].strip()), *others]
