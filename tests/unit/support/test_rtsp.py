"""The camera farm speaks RTSP well enough for real clients, and fails in the ways it was told to."""

import contextlib
import itertools
import json
import signal
import socket
import sys
import threading

import av
import pytest

from tests.support.processes import PATIENCE_S, Child, wait_until
from tests.support.rtsp import CameraFarm, Fault, Guard, load_media, with_credentials
from vedette.domain.errors import SourceError
from vedette.testing.rtsp.media import split_nals

pytestmark = pytest.mark.servers


@pytest.fixture
def farm():
    """A farm of our own."""
    with CameraFarm() as farm:
        yield farm


@pytest.fixture(scope="module")
def short(make_video):
    """One second of video, so that the loop comes round soon."""
    return make_video(width=320, height=180, fps=25, seconds=1, gop=25, walks=(), quiet=True).path


def _open(url: str, transport: str = "tcp", timeout_s: float = 5.0):
    options = {"rtsp_transport": transport, "analyzeduration": "200000", "fpsprobesize": "0"}
    return av.open(url, options=options, timeout=timeout_s)


def _packets(url: str, count: int, transport: str = "tcp"):
    with _open(url, transport) as container:
        return list(itertools.islice(container.demux(video=0), count))


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_client_gets_every_picture_with_timestamps_that_go_on_over_the_loop(farm, short, transport) -> None:
    """Pictures come 1/25 s apart, also where the file starts again."""
    farm.add("front", short)
    packets = _packets(farm.url("front"), 61, transport)[1:]  # ffmpeg gives the first one no time
    times = [float(p.pts * p.time_base) for p in packets]
    steps = [after - before for before, after in itertools.pairwise(times)]
    assert steps == pytest.approx([0.04] * 59, abs=0.001)


def test_every_byte_of_the_file_arrives(farm, make_video) -> None:
    """What is received over RTP is what an independent demuxer finds in the file, parameter sets aside."""
    path = make_video(width=640, height=360, fps=25, seconds=2, gop=25, bit_rate=2_000_000).path
    farm.add("front", path)
    received = _slices(_packets(farm.url("front"), 50))
    with av.open(str(path)) as container:
        units = [bytes(p) for p in container.demux(video=0) if p.size]
    assert received == [_slices_of_mp4(unit) for unit in units]


def _slices(packets):
    return [[nal for nal in split_nals(bytes(p)) if nal[0] & 31 in (1, 5)] for p in packets]


def _slices_of_mp4(data: bytes) -> list[bytes]:
    nals = []
    while data:
        size = int.from_bytes(data[:4], "big")
        nals.append(data[4 : 4 + size])
        data = data[4 + size :]
    return [nal for nal in nals if nal[0] & 31 in (1, 5)]


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize(("in_band", "sprop"), [(True, False), (False, True)])
def test_both_codecs_decode_wherever_the_parameter_sets_travel(
    farm, make_video, codec, in_band, sprop
) -> None:
    """A decoder finds the parameter sets in the stream or in the description."""
    path = make_video(width=320, height=180, fps=25, seconds=1, gop=25, codec=codec).path
    farm.add("front", path, in_band=in_band, sprop=sprop)
    with _open(farm.url("front")) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (320, 180)


def test_the_sound_track_decodes_beside_the_picture(farm, make_video) -> None:
    """AAC arrives as packets that a decoder takes."""
    farm.add("front", make_video(width=320, height=180, seconds=2, tone_hz=440).path)
    with _open(farm.url("front")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        assert next(container.decode(audio=0)).sample_rate == 16_000


def test_rtsps_serves_the_same(short) -> None:
    """A camera over TLS gives pictures."""
    with CameraFarm(tls=True) as farm:
        farm.add("front", short)
        assert farm.url("front").startswith("rtsps://")
        assert len(_packets(farm.url("front"), 3)) == 3


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_credentials_with_any_character_are_asked_for_and_taken(farm, short, scheme) -> None:
    """The right password opens, a wrong one or none does not."""
    farm.add("front", short, guard=Guard("ad min", "p@ss:w/örd?#%", scheme))
    assert _packets(with_credentials(farm.url("front"), "ad min", "p@ss:w/örd?#%"), 2)
    for url in (farm.url("front"), with_credentials(farm.url("front"), "ad min", "wrong")):
        with pytest.raises(av.error.HTTPUnauthorizedError):
            _open(url)


def test_an_unknown_path_and_a_camera_told_so_answer_404(farm, short) -> None:
    """404 reaches the client as such."""
    farm.add("gone", short, fault=Fault.NOT_FOUND)
    for path in ("gone", "never"):
        with pytest.raises(av.error.HTTPNotFoundError):
            _open(farm.url(path))


def test_401_whatever_the_credentials(farm, short) -> None:
    """The fault refuses everybody."""
    farm.add("front", short, fault=Fault.UNAUTHORIZED)
    with pytest.raises(av.error.HTTPUnauthorizedError):
        _open(with_credentials(farm.url("front"), "a", "b"))


def test_a_stalled_camera_keeps_the_connection_and_sends_nothing(farm, short) -> None:
    """After the fault is set no packet comes; after it is taken back they come again."""
    camera = farm.add("front", short)
    with _open(farm.url("front")) as container:
        packets = container.demux(video=0)
        next(packets)
        camera.fault = Fault.STALL
        sent = wait_until(lambda: camera.counters["units"])
        assert farm.clients == 1
        camera.fault = Fault.NONE
        wait_until(lambda: camera.counters["units"] > sent)
        assert next(packets).size


def test_a_dropped_camera_ends_the_stream_and_lets_the_client_back_in(farm, short) -> None:
    """The reader sees the end or an error; a new connection works at once."""
    farm.add("front", short)
    with _open(farm.url("front")) as container:
        packets = container.demux(video=0)
        next(packets)
        farm.drop("front")
        with contextlib.suppress(av.error.FFmpegError):
            assert len(list(itertools.islice(packets, 200))) < 200
    assert _packets(farm.url("front"), 1)


def test_a_silent_camera_accepts_and_never_answers(farm, short) -> None:
    """The client's own time limit has to end the wait."""
    farm.add("front", short, fault=Fault.SILENT)
    with pytest.raises((av.error.ExitError, TimeoutError, av.error.FFmpegError)):
        _open(farm.url("front"), timeout_s=0.3)
    wait_until(lambda: farm.clients == 0)


@pytest.mark.parametrize("fault", [Fault.CORRUPT, Fault.HALF_PICTURE])
def test_spoiled_pictures_still_arrive_as_rtp(farm, make_video, fault) -> None:
    """Packets come, and differ from the file's."""
    path = make_video(width=640, height=360, fps=25, seconds=2, gop=25, bit_rate=2_000_000).path
    farm.add("front", path, sprop=True, in_band=False)
    good = _slices(_packets(farm.url("front"), 5))
    farm.add("front", path, sprop=True, in_band=False, fault=fault)
    assert _slices(_packets(farm.url("front"), 5)) != good


def test_garbage_is_no_rtsp_at_all(farm, short) -> None:
    """After PLAY a bare client reads bytes that are neither RTP nor an answer, once the fault is set."""
    camera = farm.add("front", short, fault=Fault.GARBAGE)
    with socket.create_connection(("127.0.0.1", farm.port), timeout=PATIENCE_S) as client:
        stream = client.makefile("rwb")
        for line in ("SETUP {}/track1", "PLAY {}"):
            request = line.format(farm.url("front"))
            stream.write(f"{request} RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP\r\n\r\n".encode())
            stream.flush()
            while stream.readline() != b"\r\n":
                pass
        assert len(stream.read(2000)) == 2000
        assert camera.counters["units"] == 0


def test_the_resolution_changes_in_mid_stream(farm, short, make_video) -> None:
    """When the camera plays another file, pictures of the new size come on the same connection."""
    other = load_media(make_video(width=160, height=96, fps=25, seconds=1, gop=25).path)
    camera = farm.add("front", short)
    sizes = set()
    with _open(farm.url("front")) as container:
        for frame in itertools.islice(container.decode(video=0), 100):
            sizes.add((frame.width, frame.height))
            camera.media = other
            if len(sizes) == 2:
                break
    assert sizes == {(320, 180), (160, 96)}


def test_the_clock_jumps(farm, short) -> None:
    """After a shift the timestamps are that much later."""
    camera = farm.add("front", short)
    with _open(farm.url("front")) as container:
        packets = container.demux(video=0)
        next(packets)  # ffmpeg gives the first one no time
        before = next(packets)
        camera.shift_s = 100.0
        for after in itertools.islice(packets, 50):
            if float((after.pts - before.pts) * after.time_base) > 90:
                return
    pytest.fail("no jump")


def test_b_frames_travel_in_decode_order_with_their_presentation_times(farm, make_video) -> None:
    """Presentation times on the wire are out of order exactly as in the file."""
    path = make_video(width=320, height=180, fps=25, seconds=1, gop=25, b_frames=2, preset="veryfast").path
    units = [unit for unit in load_media(path).units if unit.track == 0]
    shown = [unit.shown_s for unit in units]
    assert sorted(shown) == pytest.approx([i / 25 for i in range(25)])
    assert shown != sorted(shown)


def test_a_codec_that_it_cannot_serve_is_refused(farm, make_video) -> None:
    """MJPEG files are refused with a hint."""
    with pytest.raises(SourceError, match=r"mjpeg.*H\.264"):
        farm.add("front", make_video(width=160, height=96, seconds=1, codec="mjpeg", suffix=".avi").path)


def test_the_program_serves_a_file_as_many_cameras(short) -> None:
    """It prints the addresses as JSON, each of them plays, and SIGTERM ends it well."""
    with Child([sys.executable, "-m", "vedette.testing.rtsp", "--cameras", "3", short]) as program:
        urls = json.loads(program.wait_for_line("urls"))["urls"]
        assert len(urls) == 3
        assert all(_packets(url, 1) for url in urls)
        program.signal(signal.SIGTERM)
        assert program.wait() == 0


def test_nothing_of_a_farm_is_left_when_it_stops(short) -> None:
    """Connections, ports and the thread are gone, also with clients connected over UDP."""
    before = set(threading.enumerate())
    with CameraFarm() as farm:
        farm.add("front", short)
        port = farm.port
        with _open(farm.url("front"), "udp"):
            assert farm.clients == 1
            farm.drop("front")
            wait_until(lambda: farm.clients == 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    left = set(threading.enumerate()) - before
    assert "camera farm" not in {thread.name for thread in left}
