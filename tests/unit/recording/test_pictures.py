"""Single pictures of a segment: found by time, counted, and handed to a decoder."""

from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.video import VideoMaker
from tests.unit.recording.packets import START_UTC_S, packets, record
from vedette.domain.errors import StorageError
from vedette.media.decoder import decode_keyframe
from vedette.recording.fmp4 import Segment, parse_segment
from vedette.recording.pictures import keyframe_at, picture_times, read_keyframe
from vedette.recording.sample_entries import extradata


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, make_video: VideoMaker) -> Path:
    """One segment of 4 s at 10 pictures a second, a keyframe every half second, with B-frames."""
    video = make_video(seconds=4, fps=10, gop=5, b_frames=2, width=320, height=180)
    return record(tmp_path_factory.mktemp("segment"), packets(video.path)).paths()[0]


@pytest.fixture(scope="module")
def segment(path: Path) -> Segment:
    """Its index."""
    return parse_segment(path)


@given(st.floats(-1, 6))
def test_the_keyframe_at_or_before(segment: Segment, seconds: float) -> None:
    """Every moment has the last keyframe before it; what lies before the first one has the first."""
    found = keyframe_at(segment, START_UTC_S, START_UTC_S + seconds)
    assert found is not None
    assert found.utc_s <= max(START_UTC_S + seconds + 0.002, START_UTC_S + 0.002)
    assert START_UTC_S + min(seconds, 3.5) - found.utc_s < 0.502


def test_every_picture_has_its_time(segment: Segment) -> None:
    """In the order of showing, although they are stored in another one."""
    times = picture_times(segment, START_UTC_S)
    assert [round(time - START_UTC_S, 3) for time in times] == [round(n / 10, 3) for n in range(40)]


def test_a_keyframe_decodes_alone(path: Path, segment: Segment) -> None:
    """The packet and what is told to the decoder are enough for a picture."""
    found = keyframe_at(segment, START_UTC_S, START_UTC_S + 2.2)
    assert found is not None
    planes = decode_keyframe(read_keyframe(path, found), strict=True)
    assert (planes.width, planes.height) == (320, 180)


def test_a_file_that_became_shorter(path: Path, segment: Segment, tmp_path: Path) -> None:
    """An index that promises more than the file holds ends in words, as does a file that is gone."""
    found = keyframe_at(segment, START_UTC_S, START_UTC_S + 3)
    assert found is not None
    short = tmp_path / "short.mp4"
    short.write_bytes(path.read_bytes()[: found.offset + 10])
    for broken in (short, tmp_path / "gone.mp4"):
        with pytest.raises(StorageError):
            read_keyframe(broken, found)


def test_a_segment_without_pictures() -> None:
    """Nothing in it: no keyframe, no times."""
    empty = Segment((), {}, 0, 0)
    assert keyframe_at(empty, START_UTC_S, START_UTC_S) is None
    assert picture_times(empty, START_UTC_S) == []


@pytest.mark.parametrize("codec", ["h264", "hevc", "mpeg4", "mjpeg"])
def test_what_the_decoder_is_told(tmp_path: Path, codec: str) -> None:
    """The configuration in the sample entry is the one that libav reads from the same file."""
    name = {"h264": "libx264", "hevc": "libx265"}.get(codec, codec)
    path = tmp_path / "made.mp4"
    flags = {"movflags": "empty_moov+default_base_moof+skip_trailer", "frag_duration": "500000"}
    with av.open(str(path), "w", options=flags) as output:
        stream = output.add_stream(name, rate=10, options={"x265-params": "log-level=none"})
        stream.width, stream.height = 320, 180
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(10):
            frame = av.VideoFrame(320, 180, stream.pix_fmt)
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with av.open(str(path)) as container:
        expected = container.streams.video[0].codec_context.extradata or b""
    track = parse_segment(path).track("vide")
    assert track is not None
    assert extradata(track.description) == expected
