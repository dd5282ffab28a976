"""An HTTP server for the tests: MJPEG streams, files with ranges, pages, and the ways they go wrong."""

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, Self

import av

from vedette.testing.auth import Guard

__all__ = ["Guard", "HttpFault", "HttpServer", "Resource", "jpegs_of"]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_BOUNDARY = "picture"


class HttpFault(StrEnum):
    """What a resource does wrong; it may change while clients are connected."""

    NONE = "none"
    SILENT = "silent"
    """Accepts and never answers."""
    STALL = "stall"
    """Sends no further picture, or half of the file, and stays connected."""
    DROP = "drop"
    """Cuts the connection."""
    GARBAGE = "garbage"
    """Sends pictures that are not JPEG."""
    HALF_PICTURE = "half_picture"
    """Sends only the first half of each picture."""
    ERROR = "error"
    """Answers 500."""


@dataclass
class Resource:
    """What one path serves: a body, or pictures without end.

    Attributes:
        pictures: JPEG files, sent one after the other in a loop as multipart/x-mixed-replace.
        location: redirects there.
        lengths: whether each part of the stream says how long it is.
    """

    body: bytes = b""
    content_type: str = "application/octet-stream"
    pictures: list[bytes] = field(default_factory=list)
    fps: float = 10.0
    guard: Guard | None = None
    fault: HttpFault = HttpFault.NONE
    location: str = ""
    lengths: bool = True
    requests: int = 0
    sent: int = 0


def jpegs_of(path: Path, count: int | None = None) -> list[bytes]:
    """The pictures of an MJPEG video file, as JPEG files."""
    with av.open(str(path)) as container:
        packets = (bytes(packet) for packet in container.demux(video=0) if packet.size)
        return list(itertools.islice(packets, count))


class HttpServer:
    """Serves resources on 127.0.0.1 from threads of its own.

    with HttpServer() as server:
        camera = server.add("stream", Resource(pictures=jpegs_of(video.path)))
        server.url("stream")
    """

    def __init__(self) -> None:
        self._resources: dict[str, Resource] = {}
        self._ended = threading.Event()
        handler = type("Handler", (_Handler,), {"find": self._resources.get, "ended": self._ended})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def add(self, path: str, resource: Resource) -> Resource:
        """Serve a resource under a path."""
        self._resources[f"/{path.strip('/')}"] = resource
        return resource

    def add_file(self, path: str, file: Path, content_type: str = "video/mp4") -> Resource:
        """Serve a file, with ranges."""
        return self.add(path, Resource(body=file.read_bytes(), content_type=content_type))

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self._server.server_port}/{path.strip('/')}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    find: ClassVar[Callable[[str], Resource | None]]
    ended: ClassVar[threading.Event]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class says so)
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def _serve(self) -> None:
        resource = type(self).find(self.path.partition("?")[0])
        if resource is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        resource.requests += 1
        if resource.fault is HttpFault.SILENT:
            self._hold(resource, HttpFault.SILENT)
            self.close_connection = True
        elif resource.location:
            self._redirect(resource.location)
        elif resource.fault is HttpFault.ERROR:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
        elif resource.guard and not resource.guard.allows(self.command, self.headers["Authorization"]):
            self._refuse(HTTPStatus.UNAUTHORIZED, resource.guard.challenge)
        else:
            self._send(resource)

    def _send(self, resource: Resource) -> None:
        try:
            self._stream(resource) if resource.pictures else self._send_body(resource)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has seen enough

    def _refuse(self, status: HTTPStatus, challenge: str = "") -> None:
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _redirect(self, location: str) -> None:
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_body(self, resource: Resource) -> None:
        first, last = self._range(len(resource.body))
        partial = "Range" in self.headers
        self.send_response(HTTPStatus.PARTIAL_CONTENT if partial else HTTPStatus.OK)
        self.send_header("Content-Type", resource.content_type)
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Accept-Ranges", "bytes")
        if partial:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(resource.body)}")
        self.end_headers()
        if self.command == "GET":
            self._write_body(resource, resource.body[first : last + 1])

    def _range(self, size: int) -> tuple[int, int]:
        match = _RANGE.match(self.headers.get("Range", ""))
        if not match or match[0] == "bytes=-":
            return 0, size - 1
        if not match[1]:
            return max(size - int(match[2]), 0), size - 1
        return int(match[1]), min(int(match[2] or size), size - 1)

    def _write_body(self, resource: Resource, body: bytes) -> None:
        if resource.fault in {HttpFault.STALL, HttpFault.DROP}:
            self.wfile.write(body[: len(body) // 2])
            self._hold(resource, HttpFault.STALL)
            self.close_connection = True
            return
        self.wfile.write(body)

    def _stream(self, resource: Resource) -> None:
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.end_headers()
        started = time.monotonic()
        for index, picture in enumerate(itertools.cycle(resource.pictures)):
            if self.ended.wait(max(0.0, started + index / resource.fps - time.monotonic())):
                return
            self._hold(resource, HttpFault.STALL)
            if resource.fault is HttpFault.DROP:
                return
            self.wfile.write(b"".join(_part(resource, picture)))
            resource.sent += 1

    def _hold(self, resource: Resource, fault: HttpFault) -> None:
        """Wait while the fault lasts."""
        while resource.fault is fault and not self.ended.wait(0.01):
            pass


def _part(resource: Resource, picture: bytes) -> Iterator[bytes]:
    if resource.fault is HttpFault.GARBAGE:
        picture = b"\x00\x01not a picture" * 50
    if resource.fault is HttpFault.HALF_PICTURE:
        picture = picture[: len(picture) // 2]
    length = f"Content-Length: {len(picture)}\r\n" if resource.lengths else ""
    yield f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n{length}\r\n".encode()
    yield picture
    yield b"\r\n"
