"""The ASGI application (`vedette.server.setup.setup_django` first)."""

from typing import Any

from django.core.handlers.asgi import ASGIHandler

from vedette.server.streams.socket import live_socket

_django = ASGIHandler()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Requests go to Django, sockets to the live view."""
    if scope["type"] == "websocket":
        await live_socket(scope, receive, send)
    else:
        await _django(scope, receive, send)
