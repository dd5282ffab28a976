"""HTTP cameras and video files, by a real server on a real socket."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.http import Guard, HttpFault, HttpServer, Resource, jpegs_of
from tests.support.video import VideoMaker
from tests.unit.sources.cameras import PATIENT, QUICK, Collector, camera, failure_of, read
from tests.unit.sources.threads import running
from vedette.domain.camera import StreamSpec
from vedette.domain.errors import SourceError, UnauthorizedError
from vedette.domain.messages import CameraState
from vedette.media.decoder import decode_keyframe
from vedette.sources.base import Timeouts
from vedette.sources.reader import Backoff, StreamReader

pytestmark = pytest.mark.servers
PASSWORD = "p@ss:w/ö?rd#%20 &="


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    with HttpServer() as running_server:
        yield running_server


@pytest.fixture(scope="module")
def pictures(make_video: VideoMaker) -> list[bytes]:
    return jpegs_of(make_video(codec="mjpeg", suffix=".avi", seconds=1, width=320, height=240).path)


@pytest.fixture
def stream(server: HttpServer, pictures: list[bytes], request: pytest.FixtureRequest) -> Iterator[Resource]:
    resource = server.add(request.node.name, Resource(pictures=pictures, fps=50.0))
    yield resource
    resource.fault = HttpFault.DROP


@pytest.fixture
def url(server: HttpServer, stream: Resource, request: pytest.FixtureRequest) -> str:
    return server.url(request.node.name)


@pytest.mark.parametrize("lengths", [True, False])
def test_motion_jpeg_is_stamped_on_arrival(stream: Resource, url: str, lengths: bool) -> None:
    """Pictures without timestamps get the wall's, strictly growing, with or without part lengths."""
    stream.lengths = lengths
    source = camera(url)
    packets = read(source, 8)
    times = [packet.utc_s for packet in packets]
    assert times == sorted(set(times))
    assert source.live
    assert [p.packet.pts for p in packets] == sorted(p.packet.pts for p in packets)
    assert all(packet.keyframe and packet.info is source.video for packet in packets)
    assert decode_keyframe(packets[-1]).width == 320


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_credentials_with_any_character_are_accepted(stream: Resource, url: str, scheme: str) -> None:
    """Basic and Digest both work with a password full of characters that mean something in URLs."""
    stream.guard = Guard("us:er".replace(":", "-"), PASSWORD, scheme=scheme)
    assert len(read(camera(url, username="us-er", password=PASSWORD), 3)) == 3


def test_wrong_credentials_are_named_and_not_shown(stream: Resource, url: str) -> None:
    """A refused login is its own error, counted, and says nothing of the password."""
    stream.guard = Guard("user", "right")
    counters: Counter[str] = Counter()
    message = failure_of(camera(url, counters, username="user", password="secret#1"), UnauthorizedError)
    assert "refuses the credentials" in message
    assert "secret" not in message
    assert counters["unauthorized"] == 1


def test_a_web_page_is_no_video(server: HttpServer) -> None:
    """The address of a web page gives a message that says so."""
    server.add("page", Resource(body=b"<html><body>Login</body></html>" * 50, content_type="text/html"))
    assert "web page" in failure_of(camera(server.url("page")), SourceError)


def test_a_missing_path_is_named(server: HttpServer) -> None:
    """404 points at the path."""
    assert "Check the path" in failure_of(camera(server.url("nothing-here")), SourceError)


def test_a_broken_server_is_named(server: HttpServer) -> None:
    """500 is the camera's own fault, and said so."""
    server.add("broken", Resource(fault=HttpFault.ERROR))
    assert "answers with an error" in failure_of(camera(server.url("broken")), SourceError)


def test_a_silent_server_costs_the_open_time_out(stream: Resource, url: str) -> None:
    """A server that accepts and never answers is given up."""
    stream.fault = HttpFault.SILENT
    counters: Counter[str] = Counter()
    assert "has given nothing" in failure_of(camera(url, counters, timeouts=QUICK), SourceError)
    assert counters["connect_timeouts"] == 1


def test_a_stall_is_a_disconnect(stream: Resource, url: str) -> None:
    """A stream that stops without closing is given up after the read time-out, and counted."""
    counters: Counter[str] = Counter()
    source = camera(url, counters, timeouts=Timeouts(open_s=5.0, read_s=0.5))
    source.open()
    packets = source.packets()
    next(packets)
    stream.fault = HttpFault.STALL
    with pytest.raises(SourceError, match="has given nothing"):
        list(packets)
    assert counters["stalls"] == 1


@pytest.mark.parametrize("fault", [HttpFault.GARBAGE, HttpFault.HALF_PICTURE])
def test_damaged_pictures_do_no_harm(stream: Resource, url: str, fault: HttpFault) -> None:
    """Garbage or half pictures in a running stream are decodable or refused, nothing else."""
    source = camera(url, timeouts=QUICK)
    source.open()
    packets = source.packets()
    next(packets)
    stream.fault = fault
    for _ in range(5):
        packet = next(packets, None)
        if packet is None:
            break
        try:
            decode_keyframe(packet)
        except SourceError:
            continue
    source.close()


def test_video_files_come_over_http(server: HttpServer, make_video: VideoMaker) -> None:
    """An MP4 over HTTP with credentials is footage: read to its end, in its own time."""
    video = make_video(seconds=2, tone_hz=440.0)
    resource = server.add_file("clip", video.path)
    resource.guard = Guard("user", PASSWORD)
    source = camera(server.url("clip"), username="user", password=PASSWORD, pace=False)
    packets = read(source)
    pictures = [packet for packet in packets if packet.is_video]
    assert not source.live
    assert len(pictures) == video.spec.pictures
    assert pictures[0].utc_s == pytest.approx(0.0, abs=0.1)
    assert any(not packet.is_video for packet in packets)


def test_the_reader_comes_back_after_a_stall(stream: Resource, url: str) -> None:
    """A stalled camera is shown as such, connected to again, and its time never runs backwards."""
    sink, counters = Collector(), Counter[str]()
    reader = StreamReader(
        StreamSpec(url=url),
        sink,
        counters=counters,
        backoff=Backoff(first_s=0.01, most_s=0.05),
        timeouts=Timeouts(5.0, 0.5),
    )
    with running(reader):
        sink.wait(lambda s: len(s.packets) > 3)
        stream.fault = HttpFault.STALL
        sink.wait(lambda s: any(state is CameraState.RETRYING for state, _ in s.states))
        before = len(sink.packets)
        stream.fault = HttpFault.NONE
        sink.wait(lambda s: len(s.packets) > before + 3)
    times = [packet.utc_s for packet in sink.packets]
    assert times == sorted(times)
    assert sink.packets[before].discontinuity
    assert counters["reconnects"] >= 1
    assert counters["stalls"] >= 1
    assert counters["clock_jumps"] == 0


def test_stop_returns_while_a_camera_says_nothing(stream: Resource, url: str) -> None:
    """A reader that hangs in a connection ends at once, long before any time-out."""
    stream.fault = HttpFault.SILENT
    sink = Collector()
    reader = StreamReader(StreamSpec(url=url), sink, counters=Counter(), timeouts=Timeouts(600.0, 600.0))
    with running(reader):
        sink.wait(lambda s: bool(s.states))
    assert not sink.packets


def test_stop_returns_while_a_camera_stalls(stream: Resource, url: str) -> None:
    """A reader that waits for the next picture ends at once."""
    sink = Collector()
    reader = StreamReader(StreamSpec(url=url), sink, counters=Counter(), timeouts=Timeouts(5.0, 600.0))
    with running(reader):
        sink.wait(lambda s: len(s.packets) > 2)
        stream.fault = HttpFault.STALL
    assert PATIENT.read_s < 600


def test_close_ends_a_blocked_open_for_good(stream: Resource, url: str) -> None:
    """Closing from outside makes a source unusable, before, while and after it is opened."""
    source = camera(url)
    source.close()
    with pytest.raises(SourceError, match="closed"):
        source.open()


def test_a_redirect_on_the_same_host_is_followed(server: HttpServer, stream: Resource, url: str) -> None:
    """With the credentials that the new place asks for."""
    stream.guard = Guard("ada", "hush", scheme="basic")
    server.add("moved", Resource(location=f"/{url.rpartition('/')[2]}"))
    source = camera(server.url("moved"), username="ada", password="hush")
    assert len(read(source, 3)) == 3


def test_a_redirect_to_another_host_is_not_followed(server: HttpServer) -> None:
    """Nobody is asked whom the user did not name, and endless redirects end."""
    server.add("away", Resource(location="http://203.0.113.9/stream"))
    server.add("loop", Resource(location="/loop"))
    assert "another host" in failure_of(camera(server.url("away")), SourceError)
    failure_of(camera(server.url("loop")), SourceError)
