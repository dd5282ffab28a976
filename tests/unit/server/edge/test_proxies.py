"""Who really asks."""

import asyncio
from typing import Any

import pytest

from vedette.server.edge.asgi import Event, Receive, Scope, Send
from vedette.server.edge.proxies import Proxies

SAID = [
    (b"host", b"127.0.0.1:8080"),
    (b"x-forwarded-for", b"203.0.113.5, 10.0.0.2"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"cameras.example.org"),
    (b"forwarded", b"for=1.2.3.4"),
    (b"x-real-ip", b"1.2.3.4"),
    (b"accept", b"*/*"),
]


def seen(client: str, trusted: list[str], kind: str = "http") -> Scope:
    """What the application behind sees."""
    found: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.append(scope)

    async def never(*_: Any) -> Event:
        raise AssertionError

    scope = {"type": kind, "client": (client, 9), "scheme": "http", "headers": list(SAID)}
    asyncio.run(Proxies(app, trusted)(scope, never, never))  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize("trusted", [["10.0.0.0/8"], ["10.0.0.1", "10.0.0.2"]])
def test_a_trusted_proxy_is_believed(trusted: list[str]) -> None:
    """Address, scheme and host are the browser's; a chain of trusted proxies is walked to its end."""
    scope = seen("10.0.0.1", trusted)
    assert (scope["client"][0], scope["scheme"]) == ("203.0.113.5", "https")
    assert scope["headers"] == [(b"host", b"cameras.example.org"), (b"accept", b"*/*")]


@pytest.mark.parametrize("trusted", [[], ["10.0.0.1"]])
def test_anybody_else_is_not(trusted: list[str]) -> None:
    """What strangers say about themselves is dropped, loopback's words too."""
    scope = seen("127.0.0.1", trusted)
    assert (scope["client"][0], scope["scheme"]) == ("127.0.0.1", "http")
    assert scope["headers"] == [SAID[0], SAID[-1]]


def test_sockets_too() -> None:
    """A WebSocket behind a proxy with TLS is a secure one."""
    assert seen("10.0.0.1", ["10.0.0.0/8"], "websocket")["scheme"] == "wss"
