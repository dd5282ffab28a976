"""What a request and a client may take."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from vedette.server.edge.asgi import Event, Receive, Refusal, Scope, Send
from vedette.server.edge.bounds import LARGEST_HEADERS_BYTES, LONGEST_ADDRESS_BYTES, Bounds
from vedette.server.edge.rate import REMEMBERED, Buckets, cost_of, is_bounded
from vedette.settings import LimitSettings

LIMITS = LimitSettings(body_bytes=1024, requests_per_s=1)


async def reads_all(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that reads the body and answers with its size."""
    size, more = 0, scope["type"] == "http"
    while more:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        size += len(event["body"])
        more = event["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


def scope_of(path: str = "/api/v1/x", client: str = "127.0.0.1", **more: Any) -> Scope:
    headers = more.pop("headers", [(b"host", b"localhost:8080")])
    fields = {
        "type": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }
    return {**fields, "client": (client, 1), **more}


def ask(
    scope: Scope, *pieces: bytes, app: Any = None, body_s: float = 60
) -> tuple[Any, dict[bytes, bytes], bytes]:
    """Status (or close code), headers and body of the answer."""
    sent: list[Event] = []
    waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    if waiting:
        waiting[-1]["more_body"] = False

    async def receive() -> Event:
        if waiting:
            return waiting.pop(0)
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(event: Event) -> None:
        sent.append(event)

    app = app or Bounds(reads_all, LIMITS, Counter())
    asyncio.run(app(scope, receive, send))
    first = sent[0]
    return first.get("status", first.get("code")), dict(first.get("headers", [])), sent[-1].get("body", b"")


def test_what_is_within_the_bounds_passes() -> None:
    """The application sees the body as it came."""
    assert ask(scope_of(), b"x" * 512, b"y" * 512)[::2] == (200, b"1024")


@pytest.mark.parametrize(
    ("scope", "status", "words"),
    [
        (scope_of("/api/" + "x" * LONGEST_ADDRESS_BYTES), 414, "too long"),
        (scope_of(headers=[(b"cookie", b"x" * LARGEST_HEADERS_BYTES)]), 431, "headers"),
        (scope_of(headers=[(b"content-length", b"1025")]), 413, "limits.body_bytes"),
    ],
)
def test_what_is_too_large_is_refused_with_words(scope: Scope, status: int, words: str) -> None:
    """Before anything of it is read; the connection is closed, for the rest of it is not wanted."""
    found, headers, body = ask(scope)
    assert (found, headers[b"connection"]) == (status, b"close")
    assert words in " ".join(json.loads(body).values())


def test_a_body_of_unknown_length_is_counted() -> None:
    """Pieces without an announced length end where the bound is; pages get plain text."""
    status, headers, body = ask(scope_of("/login"), b"x" * 1000, b"x" * 25)
    assert (status, headers[b"content-type"]) == (413, b"text/plain; charset=utf-8")
    assert body.startswith(b"The request is too large.")


def test_a_body_that_does_not_come_is_given_up() -> None:
    """A client that stops in the middle holds nothing for long."""
    app = Bounds(reads_all, LIMITS, Counter(), body_s=0.0)
    assert ask(scope_of(), app=app)[0] == 408


def test_an_answer_that_has_begun_is_not_followed_by_another() -> None:
    """What comes too late to be said is left unsaid."""

    async def hasty(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()

    sent = ask(scope_of(), b"x" * 2000, app=Bounds(hasty, LIMITS, Counter()))
    assert sent[0] == 200


def test_too_many_requests_wait() -> None:
    """After the burst, 429 and when to come again; others are not concerned, and loopback never."""
    counters: Counter[str] = Counter()
    app = Bounds(reads_all, LIMITS, counters)
    busy = [ask(scope_of(client="203.0.113.5"), b"", app=app) for _ in range(11)]
    assert [status for status, _, _ in busy] == [200] * 10 + [429]
    assert busy[-1][1][b"retry-after"] == b"1"
    assert counters == {"requests_refused": 1}
    assert ask(scope_of(client="203.0.113.6"), b"", app=app)[0] == 200
    assert {ask(scope_of(), b"", app=app)[0] for _ in range(20)} == {200}


@pytest.mark.parametrize(
    ("host", "origin", "passes"),
    [
        (b"localhost:8080", b"http://localhost:8080", True),
        (b"localhost:8080", None, True),
        (b"localhost:8080", b"https://evil.example", False),
        (b"localhost:8080", b"null", False),
        (b"evil.example", b"http://evil.example", False),
    ],
)
def test_foreign_pages_open_no_sockets(host: bytes, origin: bytes | None, passes: bool) -> None:
    """A socket carries cookies: its page must be ours (cross-site hijacking), its host known (rebinding)."""
    headers = [(b"host", host), *([(b"origin", origin)] if origin else [])]
    status, _, _ = ask(scope_of(type="websocket", headers=headers))
    assert status == (200 if passes else 1008)


def test_buckets_fill_again() -> None:
    """Tokens come back with time, up to the burst; quiet addresses are forgotten at last."""
    now = [0.0]
    buckets = Buckets(2.0, clock=lambda: now[0])
    assert buckets.take("a", 20) == 0
    assert buckets.take("a", 1) == 0.5
    now[0] = 0.5
    assert buckets.take("a", 1) == 0
    for number in range(REMEMBERED):
        buckets.take(str(number), 1)
    assert buckets.take("a", 20) == 0


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        ("/static/a.css", 0),
        ("/api/v1/events", 1),
        ("/api/v1/cameras/door/clip.mp4", 5),
        ("/api/v1/exports", 5),
    ],
)
def test_dear_requests_cost_more(path: str, cost: float) -> None:
    """Files that browsers keep are free, what reads disks or the network is dear."""
    assert cost_of(path) == cost


def test_who_is_bounded() -> None:
    """Addresses of the network; not this machine, and nothing without an address."""
    assert [is_bounded(client) for client in ("10.0.0.1", "::1", "127.0.0.1", "", None)] == [
        True, False, False, False, False,
    ]  # fmt: skip


def test_a_refusal_says_so_in_its_headers() -> None:
    """Names may be given as Python writes them."""
    assert Refusal(429, "x", retry_after="3").headers == {"retry-after": "3"}
