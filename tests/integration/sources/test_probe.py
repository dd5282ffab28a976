"""Trying streams out, against real servers: what is found, and what is wrong in words."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.http import HttpServer, Resource
from tests.support.rtsp import CameraFarm, Fault, Guard
from tests.support.video import VideoMaker
from vedette.domain.camera import Secret, StreamSpec
from vedette.domain.errors import Trouble
from vedette.media.jpeg import jpeg_size
from vedette.sources.probe import Probed, probe, probe_streams
from vedette.testing.ports import free_port

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def farm(make_video: VideoMaker) -> Iterator[CameraFarm]:
    """A camera for each way to be."""
    clip = {"seconds": 1.0, "fps": 10, "gop": 5, "width": 320, "height": 180}
    plain = make_video(**clip, tone_hz=440.0).path
    with CameraFarm() as running:
        running.add("plain", plain)
        running.add("hevc", make_video(**clip, codec="hevc").path)
        running.add("locked", plain, guard=Guard("ada", "p@ss"))
        running.add("silent", plain, fault=Fault.SILENT)
        yield running


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A service that says one thing to everybody who asks for anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection = server.accept()[0]
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"rtsp://127.0.0.1:{server.getsockname()[1]}/live"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def tried(url: str, **fields: object) -> Probed:
    """One stream, in a process of its own."""
    return probe_streams([StreamSpec(url=url, **fields)], 6.0)[0]  # type: ignore[arg-type]


def test_streams_are_described_with_their_picture(farm: CameraFarm) -> None:
    """Codec, size, rate, sound, and the first picture; several side by side."""
    plain, hevc = probe_streams([StreamSpec(url=farm.url(name)) for name in ("plain", "hevc")])
    assert (plain.codec, plain.width, plain.height, plain.fps) == ("h264", 320, 180, 10.0)
    assert (plain.audio, hevc.audio, hevc.codec) == ("aac", "", "hevc")
    assert jpeg_size(hevc.jpeg) == (320, 180)
    assert plain.trouble is None


def test_a_password_opens(farm: CameraFarm) -> None:
    """It travels to the process by its standard input, not on the command line."""
    found = tried(farm.url("locked"), username="ada", password=Secret("p@ss"))
    assert found.trouble is None


@pytest.mark.parametrize(
    ("path", "fields", "trouble", "words"),
    [
        (
            "locked",
            {"username": "ada", "password": Secret("no")},
            "unauthorized",
            "Check user name and password",
        ),
        ("nothing", {}, "not_found", "Check the path"),
        ("silent", {}, "silent", "Try again in a minute"),
    ],
)
def test_what_a_camera_refuses(
    farm: CameraFarm, path: str, fields: dict[str, object], trouble: str, words: str
) -> None:
    """Wrong password, wrong path, and a camera that says nothing: each has its words."""
    found = tried(farm.url(path), **fields)
    assert (found.trouble, found.jpeg) == (trouble, b"")
    assert words in found.hint
    assert found.took_s < 6


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (b"HTTP/1.0 400 Bad Request\r\n\r\n<html>", Trouble.NOT_A_CAMERA),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Trouble.NOT_A_CAMERA),
        (b"", Trouble.NOT_A_CAMERA),
        (b"RTSP/1.0 453 Not Enough Bandwidth\r\nCSeq: 1\r\n\r\n", Trouble.TOO_MANY_VIEWERS),
        (b"RTSP/1.0 503 Service Unavailable\r\nCSeq: 1\r\n\r\n", Trouble.TOO_MANY_VIEWERS),
        (b"RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: rtsp://203.0.113.9/x\r\n\r\n", Trouble.REDIRECTED),
    ],
)
def test_what_is_no_camera(answer: bytes, trouble: Trouble) -> None:
    """Other services, full cameras, and redirects to other hosts are told apart before libav is asked."""
    with answering(answer) as url:
        assert tried(url).trouble is trouble


def test_web_pages_and_redirects_of_http() -> None:
    """A page is no video; a redirect to another host is not followed."""
    with HttpServer() as server:
        page = server.add("page", Resource(body=b"<html>hello</html>", content_type="text/html"))
        assert tried(server.url("page")).trouble is Trouble.NOT_A_CAMERA
        assert page.requests > 0
    with answering(
        b"HTTP/1.1 302 Found\r\nLocation: http://203.0.113.9/\r\nContent-Length: 0\r\n\r\n"
    ) as url:
        assert tried(url.replace("rtsp", "http")).trouble is Trouble.REDIRECTED


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        pytest.param(f"rtsp://127.0.0.1:{free_port()}/x", Trouble.REFUSED, id="nobody listens for rtsp"),
        pytest.param(f"http://127.0.0.1:{free_port()}/x", Trouble.REFUSED, id="nobody listens for http"),
        ("rtsp://169.254.169.254/x", Trouble.FORBIDDEN_ADDRESS),
        ("http://169.254.169.254/latest/meta-data", Trouble.FORBIDDEN_ADDRESS),
        ("rtsp://[::ffff:169.254.169.254]/x", Trouble.FORBIDDEN_ADDRESS),
        ("rtsp://no-such-host.invalid/x", Trouble.UNKNOWN_NAME),
    ],
)
def test_where_nobody_is_asked(url: str, trouble: Trouble) -> None:
    """Refused, forbidden and unknown addresses each say what to do."""
    found = probe(StreamSpec(url=url), 3.0)
    assert found.trouble is trouble
    assert found.hint


def test_a_test_ends_in_time(farm: CameraFarm) -> None:
    """However long a camera would take, the limit holds."""
    found = probe_streams([StreamSpec(url=farm.url("silent"))], 1.0)[0]
    assert found.trouble is Trouble.SILENT


def test_nothing_to_try() -> None:
    """No stream, no process."""
    assert probe_streams([]) == []
