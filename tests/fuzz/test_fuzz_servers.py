"""Cameras that speak nonsense: an error in words, soon, whatever they send."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.inputs import damaged, fuzz
from vedette.domain.camera import StreamSpec
from vedette.domain.errors import SourceError
from vedette.sources.base import Timeouts, open_source

OPTIONS = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n"
SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    b"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LACtoFB+hAAAADAEAAAAwDxIqA,aM4PyA==\r\n"
    b"a=control:0\r\n"
)
DESCRIBE = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n" % len(
    SDP
)
RTSP = (
    OPTIONS + DESCRIBE + SDP + b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"
)
MULTIPART = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
MJPEG = (
    MULTIPART + b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\n\r\n\xff\xd8\xff\xe0abcde\r\n" * 3
)


class Nonsense:
    """Sends the same bytes to whoever connects, then hangs up."""

    def __init__(self) -> None:
        self.reply = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                client.settimeout(2)
                try:
                    client.recv(4096)
                    client.sendall(self.reply)
                    client.shutdown(socket.SHUT_WR)
                except OSError:
                    continue


@pytest.fixture(scope="module")
def server() -> Iterator[Nonsense]:
    """One for all examples."""
    with closing(Nonsense()) as running:
        yield running


def read(url: str) -> None:
    """Open and read to the end; nothing but SourceError may come."""
    counters: Counter[str] = Counter()
    source = open_source(
        StreamSpec(url=url), pace=False, counters=counters, timeouts=Timeouts(open_s=3, read_s=1)
    )
    try:
        source.open()
        for count, _ in enumerate(source.packets()):
            assert count < 1000
    except SourceError as error:
        assert len(str(error)) > 10  # noqa: PT017 - one or the other
    finally:
        source.close()


@fuzz(0.5)
@given(reply=st.binary(max_size=500) | damaged(RTSP))
def test_an_rtsp_camera_may_say_anything(server: Nonsense, reply: bytes) -> None:
    """Any bytes, and a dialogue that is nearly right."""
    server.reply = reply
    read(f"rtsp://127.0.0.1:{server.port}/stream")


@fuzz(0.5)
@given(reply=st.binary(max_size=500) | damaged(MJPEG))
def test_an_http_camera_may_say_anything(server: Nonsense, reply: bytes) -> None:
    """Likewise."""
    server.reply = reply
    read(f"http://127.0.0.1:{server.port}/video.mjpg")
