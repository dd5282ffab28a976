"""The HTTP server serves real clients, and fails in the ways it was told to."""

import itertools

import av
import httpx
import pytest

from tests.support.http import Guard, HttpFault, HttpServer, Resource, jpegs_of
from tests.support.processes import PATIENCE_S, wait_until

pytestmark = pytest.mark.servers


@pytest.fixture
def server():
    """A server of our own."""
    with HttpServer() as server:
        yield server


@pytest.fixture(scope="module")
def pictures(make_video):
    """Ten JPEG files."""
    return jpegs_of(make_video(width=160, height=96, seconds=1, codec="mjpeg", suffix=".avi").path)


def test_an_mjpeg_stream_is_read_by_a_real_client(server, pictures) -> None:
    """ffmpeg's multipart demuxer finds the pictures, more of them than there are files."""
    server.add("stream", Resource(pictures=pictures, fps=50))
    with av.open(server.url("stream"), format="mpjpeg") as container:
        frames = list(itertools.islice(container.decode(video=0), 15))
    assert {(frame.width, frame.height) for frame in frames} == {(160, 96)}


def test_a_file_is_served_whole_and_in_ranges(server, tmp_path) -> None:
    """Open and closed ranges and suffixes give the bytes they name."""
    file = tmp_path / "a.bin"
    file.write_bytes(bytes(range(100)))
    server.add_file("a.bin", file)
    for header, part in [
        ("bytes=10-19", slice(10, 20)),
        ("bytes=90-", slice(90, 100)),
        ("bytes=-5", slice(95, 100)),
    ]:
        answer = httpx.get(server.url("a.bin"), headers={"Range": header})
        assert (answer.status_code, answer.content) == (206, bytes(range(100))[part])
    assert httpx.get(server.url("a.bin")).content == bytes(range(100))
    assert httpx.head(server.url("a.bin")).headers["content-length"] == "100"


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_credentials_are_asked_for(server, scheme) -> None:
    """An independent client passes with the right password and not with a wrong one."""
    server.add("page", Resource(body=b"<html>", content_type="text/html", guard=Guard("u", "p:w d", scheme)))
    auth = httpx.BasicAuth if scheme == "basic" else httpx.DigestAuth
    assert httpx.get(server.url("page"), auth=auth("u", "p:w d")).content == b"<html>"
    assert httpx.get(server.url("page"), auth=auth("u", "wrong")).status_code == 401
    assert httpx.get(server.url("page")).status_code == 401


def test_silence_lasts_until_the_clients_own_limit(server) -> None:
    """Nothing is answered."""
    server.add("page", Resource(body=b"x", fault=HttpFault.SILENT))
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(server.url("page"), timeout=0.2)


def test_errors_and_unknown_paths_have_their_status(server) -> None:
    """500 and 404."""
    server.add("page", Resource(body=b"x", fault=HttpFault.ERROR))
    assert httpx.get(server.url("page")).status_code == 500
    assert httpx.get(server.url("never")).status_code == 404


def test_a_stream_stalls_goes_on_and_drops(server, pictures) -> None:
    """A stall ends when the fault is taken back; a drop ends the answer."""
    camera = server.add("stream", Resource(pictures=pictures, fps=100))
    with httpx.stream("GET", server.url("stream"), timeout=PATIENCE_S) as answer:
        parts = answer.iter_bytes()
        next(parts)
        camera.fault = HttpFault.STALL
        sent = camera.sent
        camera.fault = HttpFault.NONE
        wait_until(lambda: camera.sent > sent)
        camera.fault = HttpFault.DROP
        for _ in parts:
            pass


@pytest.mark.parametrize("fault", [HttpFault.GARBAGE, HttpFault.HALF_PICTURE])
def test_broken_pictures_travel_in_whole_parts(server, pictures, fault) -> None:
    """The multipart form stays right, what is in it is not a whole JPEG file."""
    server.add("stream", Resource(pictures=pictures, fps=100, fault=fault))
    with httpx.stream("GET", server.url("stream"), timeout=PATIENCE_S) as answer:
        received = b"".join(itertools.islice(answer.iter_bytes(500), 6))
    assert received.startswith(b"--picture\r\nContent-Type: image/jpeg")
    assert not any(picture in received for picture in pictures)


def test_half_a_file_and_then_nothing(server) -> None:
    """A dropped download is shorter than it said."""
    server.add("file", Resource(body=bytes(1000), fault=HttpFault.DROP))
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(server.url("file"))
