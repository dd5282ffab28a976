"""Connections that say nothing, or little by little, are closed before they use up all that there are."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from vedette.server.edge.proxies import trusted_hosts
from vedette.settings import Settings

HEADERS_S = 15.0
"""From the connection, or from the first byte of a further request, to the end of the headers."""

_WORDS = b"Too many connections are open from one address.\n"
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_WORDS), _WORDS)
)


class Connection(H11Protocol):
    """HTTP/1.1 with patience that ends, and so many connections for each address.

    `bounded(settings)` makes the class that uvicorn is given.
    """

    most_per_client = 100
    headers_s = HEADERS_S
    trusted: Any = ()

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it, and begin to wait for a request."""
        super().connection_made(transport)
        host = self.client[0] if self.client else None
        if host is not None and host not in self.trusted and self._open_from(host) > self.most_per_client:
            transport.write(_BUSY)
            transport.close()
            return
        self._begin_to_wait()

    def data_received(self, data: bytes) -> None:
        """Stop waiting when the headers are complete."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._patience is None:
            self._begin_to_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more to wait for."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _open_from(self, host: str) -> int:
        clients = (getattr(connection, "client", None) for connection in self.connections)
        return sum(client is not None and client[0] == host for client in clients)

    def _begin_to_wait(self) -> None:
        self._patience = self.loop.call_later(self.headers_s, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def bounded(settings: Settings) -> type[Connection]:
    """The class for these settings."""
    most = settings.limits.connections_per_client
    fields = {"most_per_client": most, "trusted": trusted_hosts(settings.trusted_proxies)}
    return type("BoundedConnection", (Connection,), fields)
