"""One client's RTSP 1.0 connection (RFC 2326)."""

import asyncio
import re
import secrets
from collections.abc import Callable
from typing import cast
from urllib.parse import unquote, urlsplit

from vedette.testing.rtsp.camera import Camera, Fault
from vedette.testing.rtsp.player import Channel, Player, Tcp, Udp
from vedette.testing.rtsp.sdp import describe

_REASONS = {
    200: "OK",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    461: "Unsupported Transport",
    501: "Not Implemented",
}
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER, SET_PARAMETER"
_TRACK = re.compile(r"/track([12])$")
_MAX_BUFFERED_BYTES = 4 << 20

Headers = dict[str, str]


class Connection(asyncio.Protocol):
    """Answers requests and starts the player.

    Args:
        find: the camera of a path, or None.
        opened: told when the connection is there.
        closed: told when it has gone.
    """

    def __init__(
        self,
        find: Callable[[str], Camera | None],
        opened: Callable[["Connection"], None],
        closed: Callable[["Connection"], None],
    ) -> None:
        self._find, self._opened, self._closed = find, opened, closed
        self._buffer = b""
        self._channels: dict[int, Channel] = {}
        self._playing: asyncio.Task[None] | None = None
        self._ready = True
        self._session = secrets.token_hex(8)
        self.camera: Camera | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_MAX_BUFFERED_BYTES)
        self._opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio says so)
        """The client has gone."""
        self._stop()
        self._closed(self)

    def pause_writing(self) -> None:
        """The client does not keep up."""
        self._ready = False

    def resume_writing(self) -> None:
        """The client takes more."""
        self._ready = True

    def abort(self) -> None:
        """Cut the connection as a pulled cable would."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Requests, and RTCP of the client between them, which is ignored."""
        self._buffer += data
        while self._buffer and (message := self._next_message()) is not None:
            if message:
                self._handle(message)

    def _next_message(self) -> str | None:
        """The next request's head; empty for something to ignore, None while it is incomplete."""
        if self._buffer[0] == ord("$"):
            end = 4 + int.from_bytes(self._buffer[2:4], "big")
            if len(self._buffer) < max(end, 4):
                return None
            self._buffer = self._buffer[end:]
            return ""
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return None
        text = head.decode("utf-8", "replace").lstrip("\r\n")
        body_bytes = int(_headers(text).get("content-length") or 0)
        if len(rest) < body_bytes:
            return None
        self._buffer = rest[body_bytes:]
        return text

    def _handle(self, text: str) -> None:
        method, _, rest = text.partition(" ")
        url, headers = rest.partition(" ")[0], _headers(text)
        path = unquote(urlsplit(url).path).rstrip("/")
        camera = self._find(_TRACK.sub("", path))
        if camera and camera.fault is Fault.SILENT:
            return
        if method == "OPTIONS":
            self._answer(200, headers, [f"Public: {_METHODS}"])
        elif camera is None or camera.fault is Fault.NOT_FOUND:
            self._answer(404, headers)
        elif self._refused(camera, method, headers):
            camera.counters["refused"] += 1
        else:
            self.camera = camera
            self._act(camera, method, url, headers)

    def _refused(self, camera: Camera, method: str, headers: Headers) -> bool:
        guard = camera.guard
        if camera.fault is not Fault.UNAUTHORIZED and (
            guard is None or guard.allows(method, headers.get("authorization"))
        ):
            return False
        challenge = guard.challenge if guard else 'Basic realm="camera"'
        self._answer(401, headers, [f"WWW-Authenticate: {challenge}"])
        return True

    def _act(self, camera: Camera, method: str, url: str, headers: Headers) -> None:
        if method == "DESCRIBE":
            body = describe(camera.media, sprop=camera.sprop)
            lines = [f"Content-Base: {url.rstrip('/')}/", "Content-Type: application/sdp"]
            self._answer(200, headers, lines, body)
        elif method == "SETUP":
            self._set_up(url, headers)
        elif method == "PLAY":
            self._play(camera, headers)
        elif method == "TEARDOWN":
            self._answer(200, headers)
            self._stop()
            self._transport.close()
        else:
            known = method in {"GET_PARAMETER", "SET_PARAMETER"}
            self._answer(200 if known else 501, headers, [f"Session: {self._session}"])

    def _set_up(self, url: str, headers: Headers) -> None:
        match = _TRACK.search(urlsplit(url).path.rstrip("/"))
        track = int(match[1]) - 1 if match else 0
        opened = self._open_channel(headers.get("transport", ""), track)
        if opened is None:
            self._answer(461, headers)
            return
        self._channels[track], transport = opened
        ssrc = f"ssrc={self._channels[track].source:08X}"
        session = f"Session: {self._session};timeout=60"
        self._answer(200, headers, [f"Transport: {transport};{ssrc}", session])

    def _open_channel(self, wanted: str, track: int) -> tuple[Channel, str] | None:
        if "TCP" in wanted:
            match = re.search(r"interleaved=(\d+)", wanted)
            first = int(match[1]) if match else 2 * track
            return Channel(Tcp(self._write, first)), f"RTP/AVP/TCP;unicast;interleaved={first}-{first + 1}"
        if match := re.search(r"client_port=(\d+)-(\d+)", wanted):
            peer = self._transport.get_extra_info("peername")[0]
            out = Udp(self._transport.get_extra_info("sockname")[0], (peer, int(match[1])))
            ports = f"{match[0]};server_port={out.ports[0]}-{out.ports[1]}"
            return Channel(out), f"RTP/AVP;unicast;{ports}"
        return None

    def _play(self, camera: Camera, headers: Headers) -> None:
        if not self._channels:
            self._answer(454, headers)
            return
        self._answer(200, headers, [f"Session: {self._session}", "Range: npt=0.000-"])
        if self._playing is None:
            camera.counters["connections"] += 1
            player = Player(camera, self._channels, lambda: self._ready, self._write)
            self._playing = asyncio.get_running_loop().create_task(player.run())

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def _answer(self, status: int, headers: Headers, lines: list[str] | None = None, body: str = "") -> None:
        head = [f"RTSP/1.0 {status} {_REASONS[status]}", f"CSeq: {headers.get('cseq', '0')}", *(lines or [])]
        if body:
            head.append(f"Content-Length: {len(body.encode())}")
        self._write(("\r\n".join(head) + "\r\n\r\n" + body).encode())

    def _stop(self) -> None:
        if self._playing:
            self._playing.cancel()
        for channel in self._channels.values():
            channel.out.close()


def _headers(text: str) -> Headers:
    pairs = (line.partition(":") for line in text.split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
