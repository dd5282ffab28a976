"""The live socket: `/api/v1/live/socket`, an ASGI application beside Django."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
import structlog
from django.db import DatabaseError

from vedette.server.runtime import runtime
from vedette.server.streams.access import Visitor, visitor
from vedette.server.streams.relay import Relay
from vedette.server.streams.viewer import Viewer, Watching
from vedette.server.streams.wire import (
    MESSAGE_BYTES_MAX,
    Received,
    Subscribe,
    Unsubscribe,
    read_asked,
    said,
)

PATH = "/api/v1/live/socket"
MAX_SOCKETS = 256
MAX_SUBSCRIPTIONS = 64
RECHECK_S = 15.0
"""So often it is asked whether the viewer may still look."""

NOT_ALLOWED, TOO_MANY, UNREADABLE, TOO_SLOW, RESTART = 4401, 4429, 4400, 4408, 1012

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = structlog.get_logger(__name__)
_open: set["Connection"] = set()


class Closing(Exception):  # noqa: N818  it is how a socket ends, not an error
    """The socket is to be closed with this code and these words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


async def live_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one WebSocket."""
    await receive()  # websocket.connect
    relay = runtime.hub.relay if runtime.hub is not None else None
    if scope["path"] != PATH or relay is None:
        await _refuse(send, 404, "There is no such socket.")
    elif len(_open) >= MAX_SOCKETS:
        await _refuse(send, 503, "Too many live sockets are open.")
    elif (who := await visitor(scope)) is None:
        await _refuse(send, 403, "Not logged in, not allowed, or opened by a page of somebody else.")
    else:
        await send({"type": "websocket.accept"})
        await Connection(who, relay, receive, send).run()


async def _refuse(send: Send, status: int, words: str) -> None:
    """Say no before the socket is one (ASGI's websocket.http.response)."""
    body = msgspec.json.encode({"error": words, "hint": ""})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


class Connection:
    """One accepted socket."""

    def __init__(self, who: Visitor, relay: Relay, receive: Receive, send: Send) -> None:
        self._who, self._relay = who, relay
        self._receive, self._send = receive, send
        self._viewer = Viewer(runtime.counters)
        self._watched: dict[int, Watching] = {}

    async def run(self) -> None:
        """Serve until either side has had enough."""
        _open.add(self)
        runtime.counters["live_sockets_opened"] += 1
        tasks = [asyncio.ensure_future(part) for part in (self._listen(), self._talk(), self._stay_allowed())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            _open.discard(self)
            for number in list(self._watched):
                self._unsubscribe(number)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        await self._say_goodbye(ended)

    async def _say_goodbye(self, ended: list[Any]) -> None:
        reasons = [end for end in ended if isinstance(end, Exception)]
        closing = next((end for end in reasons if isinstance(end, Closing)), None)
        if closing is not None:
            await self._send({"type": "websocket.close", "code": closing.code, "reason": closing.words})
        for unexpected in reasons:
            if not isinstance(unexpected, Closing | OSError):
                runtime.counters["live_socket_errors"] += 1
                _log.error("live socket failed", error=repr(unexpected), exc_info=unexpected)

    # -- in -----------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while (event := await self._receive())["type"] == "websocket.receive":
            text = event.get("text") or ""
            try:
                asked = read_asked(text[:MESSAGE_BYTES_MAX])
            except (msgspec.DecodeError, RecursionError) as error:
                runtime.counters["live_malformed"] += 1
                raise Closing(UNREADABLE, f"Cannot be read: {str(error)[:80]}") from error
            await self._obey(asked)

    async def _obey(self, asked: Subscribe | Unsubscribe | Received) -> None:
        if isinstance(asked, Received):
            self._viewer.received(asked.frames)
        elif isinstance(asked, Unsubscribe):
            self._unsubscribe(asked.subscription)
        else:
            await self._subscribe(asked)

    async def _subscribe(self, asked: Subscribe) -> None:
        self._unsubscribe(asked.subscription)
        if len(self._watched) >= MAX_SUBSCRIPTIONS:
            raise Closing(TOO_MANY, f"At most {MAX_SUBSCRIPTIONS} streams on one socket.")
        if not await self._who.may_see(asked.camera):
            words = "There is no such camera."
            self._viewer.say(said("end", asked.subscription, reason="no_camera", message=words))
            return
        if asked.stream != "boxes":
            await self._who.note(asked.camera, asked.stream)
        watching = Watching(asked.subscription, asked.camera, asked.stream, asked.sound)
        self._watched[asked.subscription] = watching
        self._relay.join(self._viewer, watching)

    def _unsubscribe(self, number: int) -> None:
        if (watching := self._watched.pop(number, None)) is not None:
            self._relay.leave(self._viewer, watching)

    # -- out ----------------------------------------------------------------------------------------

    async def _talk(self) -> None:
        while True:
            data = await self._viewer.next()
            if self._viewer.overrun:
                raise Closing(TOO_SLOW, "Nothing is read any more.")
            kind = "text" if isinstance(data, str) else "bytes"
            await self._send({"type": "websocket.send", kind: data})

    async def _stay_allowed(self) -> None:
        """Close when the session has ended or the user is disabled; end what was taken away."""
        revision, waited_s = _revision(), 0.0
        while True:
            await asyncio.sleep(1.0)
            waited_s += 1.0
            if waited_s < RECHECK_S and _revision() == revision:
                continue
            revision, waited_s = _revision(), 0.0
            await self._check()

    async def _check(self) -> None:
        try:
            seen = await self._who.refreshed(tuple({w.camera for w in self._watched.values()}))
        except DatabaseError as error:
            # It is asked again; what is allowed now does not become forbidden by a locked database.
            runtime.counters["database_errors"] += 1
            _log.warning("live access not checked", error=str(error))
            return
        if seen is None:
            raise Closing(NOT_ALLOWED, "Not logged in any more, or not allowed.")
        for number, watching in list(self._watched.items()):
            if watching.camera not in seen:
                self._unsubscribe(number)
                words = "There is no such camera."
                self._viewer.say(said("end", number, reason="no_camera", message=words))


def _revision() -> int:
    return runtime.hub.revision if runtime.hub is not None else 0
