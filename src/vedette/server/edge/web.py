"""The web server: uvicorn with our bounds, before Django's application."""

import ssl
from typing import TYPE_CHECKING, Any

import uvicorn

from vedette.server.edge.asgi import Application
from vedette.server.edge.bounds import Bounds
from vedette.server.edge.certificate import Renewal
from vedette.server.edge.connections import bounded
from vedette.server.edge.proxies import Proxies
from vedette.server.runtime import runtime
from vedette.settings import Settings

if TYPE_CHECKING:
    import socket

STOP_S = 3
"""Requests that still run when the server is told to stop have so long."""

LARGEST_SOCKET_MESSAGE_BYTES = 1024 * 1024


class _Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: object) -> None:
        runtime.live.close()  # streams would otherwise outlast every patience
        super().handle_exit(sig, frame)  # type: ignore[arg-type]


def run_web_server(settings: Settings, listener: "socket.socket", context: ssl.SSLContext | None) -> None:
    """Answer on the listener until SIGTERM or SIGINT."""
    renewal = None
    if context is not None and settings.tls_cert is not None and settings.tls_key is not None:
        renewal = Renewal(context, settings.tls_cert, settings.tls_key)
        renewal.start()
    try:
        _Server(_config(settings, context)).run(sockets=[listener])
    finally:
        if renewal is not None:
            renewal.close()


def application(settings: Settings) -> Application:
    """Django behind the bounds, behind what proxies say."""
    from vedette.server.asgi import application as django  # noqa: PLC0415  needs Django to be set up

    app: Any = django
    return Proxies(Bounds(app, settings.limits, runtime.counters), settings.trusted_proxies)


def _config(settings: Settings, context: ssl.SSLContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        application(settings),
        http=bounded(settings),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_S,
        timeout_keep_alive=30,
        limit_concurrency=settings.limits.connections,
        proxy_headers=False,
        ws_max_size=LARGEST_SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # video does not get smaller
        ssl_context_factory=None if context is None else lambda *_: context,
    )
