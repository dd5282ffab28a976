"""RTSP cameras, by a real server on a real socket."""

import gc
import itertools
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

import pytest
import structlog

from tests.support.http import HttpServer
from tests.support.rtsp import Camera, CameraFarm, Fault, Guard, load_media
from tests.support.video import VideoMaker
from tests.unit.sources.cameras import QUICK, Collector, camera, failure_of, read
from tests.unit.sources.threads import running
from vedette.domain.camera import Secret, StreamSpec, Transport
from vedette.domain.errors import SourceError, UnauthorizedError
from vedette.domain.messages import CameraState
from vedette.media.decoder import GroupDecoder, decode_keyframe
from vedette.sources.base import Timeouts, open_source
from vedette.sources.reader import Backoff, StreamReader

pytestmark = pytest.mark.servers
PASSWORD = "p@ss:w/ö?rd#%20 &="
FAST = Backoff(first_s=0.01, most_s=0.05)
STALLING = Timeouts(open_s=5.0, read_s=0.5)
CLIP = {"seconds": 2, "fps": 25, "gop": 10, "width": 320, "height": 180}


@pytest.fixture(scope="module")
def farm() -> Iterator[CameraFarm]:
    with CameraFarm() as running_farm:
        yield running_farm


@pytest.fixture
def front(farm: CameraFarm, make_video: VideoMaker, request: pytest.FixtureRequest) -> Camera:
    return farm.add(request.node.name, make_video(**CLIP).path)


@pytest.fixture
def url(farm: CameraFarm, front: Camera) -> str:
    return farm.url(front.path)


@pytest.mark.parametrize("transport", list(Transport))
@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_stream_is_read_and_decodes(
    farm: CameraFarm, make_video: VideoMaker, codec: str, transport: Transport
) -> None:
    """H.264 and H.265 over TCP and UDP arrive in order, stamped, from a keyframe on, and decode."""
    farm.add(f"{codec}-{transport}", make_video(**CLIP, codec=codec, tone_hz=440.0).path)
    source = camera(farm.url(f"{codec}-{transport}"), transport=transport)
    packets = read(source, 60)
    pictures = [packet for packet in packets if packet.is_video]
    times = [picture.utc_s for picture in pictures]
    decoder = GroupDecoder(source.video)
    shown = [time for picture in pictures for time, _ in decoder.decode(picture)]
    assert (source.video.codec, source.video.width, source.video.height) == (codec, 320, 180)
    assert source.live
    assert pictures[0].keyframe
    assert times == sorted(set(times))
    assert shown == times[: len(shown)]
    assert len(shown) > 20
    assert source.audio is not None
    assert any(not packet.is_video for packet in packets)


def test_bidirectional_pictures_keep_decode_order(farm: CameraFarm, make_video: VideoMaker) -> None:
    """With B-frames dts grow, pts are those of presentation, and decoded times come out sorted."""
    farm.add("b-frames", make_video(**CLIP, b_frames=2).path)
    source = camera(farm.url("b-frames"))
    pictures = read(source, 40)
    stamps = [picture.packet.dts for picture in pictures]
    decoder = GroupDecoder(source.video)
    shown = [time for picture in pictures for time, _ in decoder.decode(picture)]
    assert stamps == sorted(set(stamps))
    assert all(picture.packet.pts >= picture.packet.dts for picture in pictures)
    assert [p.utc_s for p in pictures] != sorted(p.utc_s for p in pictures)
    assert shown == sorted(set(shown))


def test_rtsps_is_spoken(make_video: VideoMaker) -> None:
    """RTSP inside TLS works, with the self-made certificate that cameras have."""
    with CameraFarm(tls=True) as farm:
        farm.add("front", make_video(**CLIP).path)
        assert len(read(camera(farm.url("front")), 10)) == 10


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_credentials_with_any_character_are_accepted(front: Camera, url: str, scheme: str) -> None:
    """Basic and Digest both work with a password full of characters that mean something in URLs."""
    front.guard = Guard("us@er", PASSWORD, scheme=scheme)
    assert len(read(camera(url, username="us@er", password=PASSWORD), 3)) == 3


def test_no_secret_is_told(front: Camera, url: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither the error, nor any log line, nor libav's own output holds password or user."""
    front.guard = Guard("right", "right")
    sink, counters = Collector(), Counter[str]()
    spec = StreamSpec(url=url + "?token=hush", username="operator", password=Secret("s3cr#t"))
    with structlog.testing.capture_logs() as lines:
        reader = StreamReader(spec, sink, counters=counters, backoff=FAST)
        with running(reader):
            sink.wait(lambda s: any(state is CameraState.RETRYING for state, _ in s.states))
    source = open_source(spec, pace=True, counters=counters)
    told = f"{lines}{sink.states}{capfd.readouterr()}{reader!r}{source!r}"
    assert "refuses the credentials" in told
    assert counters["unauthorized"] >= 1
    for secret in ("s3cr", "operator", "hush"):
        assert secret not in told


def test_wrong_credentials_are_their_own_error(front: Camera, url: str) -> None:
    """401 is an UnauthorizedError with a hint."""
    front.fault = Fault.UNAUTHORIZED
    message = failure_of(camera(url, username="a", password="b"), UnauthorizedError)
    assert "Check user name and password" in message


def test_a_missing_path_is_named(farm: CameraFarm) -> None:
    """404 points at the path."""
    assert "Check the path" in failure_of(camera(farm.url("nobody")), SourceError)


def test_a_closed_port_is_named() -> None:
    """A refused connection points at host and port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "Check host and port" in failure_of(camera(f"rtsp://127.0.0.1:{port}/x"), SourceError)


def test_a_web_server_is_no_camera() -> None:
    """RTSP spoken to a web server ends in a clear error."""
    with HttpServer() as server:
        address = server.url("x").replace("http:", "rtsp:")
        failure_of(camera(address, timeouts=QUICK), SourceError)


def test_a_silent_camera_is_given_up(front: Camera, url: str) -> None:
    """A camera that accepts and never answers costs the open time-out, and a counter."""
    front.fault = Fault.SILENT
    counters: Counter[str] = Counter()
    assert "has given nothing" in failure_of(camera(url, counters, timeouts=QUICK), SourceError)
    assert counters["connect_timeouts"] == 1


@pytest.mark.parametrize("transport", list(Transport))
def test_a_stall_is_a_disconnect(front: Camera, url: str, transport: Transport) -> None:
    """A connected camera that sends nothing is given up after the read time-out, and counted."""
    counters: Counter[str] = Counter()
    source = camera(url, counters, timeouts=STALLING, transport=transport)
    source.open()
    packets = source.packets()
    next(packets)
    front.fault = Fault.STALL
    with pytest.raises(SourceError, match="has given nothing"):
        list(packets)
    assert counters["stalls"] == 1


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.CORRUPT, Fault.HALF_PICTURE])
def test_damage_on_the_wire_is_survived(front: Camera, url: str, fault: Fault) -> None:
    """Garbage, damaged and half pictures never raise anything but errors for people."""
    counters: Counter[str] = Counter()
    source = camera(url, counters, timeouts=STALLING)
    source.open()
    packets = source.packets()
    next(packets)
    front.fault = fault
    decoder = GroupDecoder(source.video, counters=counters)
    with suppress(SourceError):
        for packet in islice(packets, 40):
            decoder.decode(packet)
            if packet.keyframe:
                decode_keyframe(packet)
    source.close()
    assert set(counters) <= {"corrupt_packets", "stalls", "invalid_data", "connect_failures", "clock_jumps"}


def test_a_camera_without_parameters_in_its_description(front: Camera, url: str) -> None:
    """Parameter sets that only travel in band are found, and are no change."""
    front.sprop = False
    counters: Counter[str] = Counter()
    source = camera(url, counters)
    packets = read(source, 30)
    assert (source.video.width, source.video.height) == (320, 180)
    assert len({id(packet.info) for packet in packets}) == 1
    assert counters["parameter_changes"] == 0


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_new_resolution_is_a_new_info(farm: CameraFarm, make_video: VideoMaker, codec: str) -> None:
    """When a camera changes its resolution in mid stream, a new info says so, and decoding goes on."""
    front = farm.add(f"resize-{codec}", make_video(**CLIP, codec=codec).path)
    counters: Counter[str] = Counter()
    source = camera(farm.url(front.path), counters)
    source.open()
    packets = source.packets()
    before = next(packets)
    front.media = load_media(make_video(**{**CLIP, "width": 480, "height": 272}, codec=codec).path)
    after = next(packet for packet in packets if packet.info is not before.info)
    source.close()
    assert after.keyframe
    assert (after.info.width, after.info.height) == (480, 272)
    assert decode_keyframe(after).width == 480
    assert counters["parameter_changes"] == 1


@pytest.mark.parametrize("shift_s", [-3600.0, 3600.0])
def test_a_clock_jump_is_marked(front: Camera, url: str, shift_s: float) -> None:
    """A jump of the camera's clock is one discontinuity; UTC goes on where it was."""
    counters: Counter[str] = Counter()
    source = camera(url, counters)
    source.open()
    packets = source.packets()
    before = next(packets)
    front.shift_s = shift_s
    seen = []
    for packet in packets:
        seen.append(packet)
        if packet.discontinuity:
            break
    after = next(packets)
    source.close()
    times = [packet.utc_s for packet in (before, *seen, after)]
    assert times == sorted(times)
    assert times[-1] - times[0] < 60
    assert counters["clock_jumps"] == 1


def test_the_reader_comes_back(farm: CameraFarm, front: Camera, url: str) -> None:
    """A cut connection costs one retry; time goes on, and the break is marked."""
    sink, counters = Collector(), Counter[str]()
    reader = StreamReader(StreamSpec(url=url), sink, counters=counters, backoff=FAST)
    with running(reader):
        sink.wait(lambda s: len(s.packets) > 10)
        farm.drop(front.path)
        sink.wait(lambda s: [state for state, _ in s.states].count(CameraState.STREAMING) == 2)
        before = len(sink.packets)
        sink.wait(lambda s: len(s.packets) > before + 5)
    times = [packet.utc_s for packet in sink.packets]
    assert times == sorted(set(times))
    assert sum(packet.discontinuity for packet in sink.packets) == 1
    assert counters["reconnects"] == 1
    assert counters["packets"] == len(sink.packets)


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.STALL])
def test_stop_is_prompt(front: Camera, url: str, fault: Fault) -> None:
    """A reader that waits for a camera ends at once, long before its time-out."""
    front.fault = fault
    sink = Collector()
    limits = Timeouts(600.0, 600.0)
    with running(StreamReader(StreamSpec(url=url), sink, counters=Counter(), timeouts=limits)):
        sink.wait(lambda s: bool(s.states))


def test_closing_from_outside_at_any_moment_is_safe(url: str) -> None:
    """Sources closed by another thread at any moment: every reader ends, nothing is freed under it."""
    for round_ in range(15):
        source = camera(url)
        timer = threading.Timer(0.03 * round_, source.close)
        timer.start()
        with suppress(SourceError):
            source.open()
            for packet in source.packets():
                assert packet.size_bytes
        timer.join()
    gc.collect()


def test_what_came_while_opening_keeps_its_distances(url: str) -> None:
    """Pictures that waited in buffers are older, not squeezed: no time lies ahead of the wall."""
    pictures = [packet for packet in read(camera(url), 50) if packet.is_video]
    steps = [later.utc_s - earlier.utc_s for earlier, later in itertools.pairwise(pictures)]
    assert sum(steps) == pytest.approx(len(steps) / 25, rel=0.02)  # squeezed time runs 10 % fast
    assert steps == pytest.approx([1 / 25] * len(steps), abs=0.0045)  # a late arrival may nudge one
