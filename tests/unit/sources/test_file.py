"""Local video files: read in their own time or paced, and every way they can be broken."""

import shutil
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.video import VideoMaker
from tests.unit.media.test_parameters import raw
from tests.unit.sources.cameras import camera, failure_of, read
from vedette.domain.camera import StreamSpec
from vedette.domain.errors import ConfigurationError, SourceError, UnsupportedCodecError, VedetteError
from vedette.media.decoder import decode_keyframe
from vedette.media.packets import AudioInfo
from vedette.sources.base import open_source

CLIP = {"seconds": 1.2, "fps": 10, "gop": 6, "width": 160, "height": 96}


def test_a_file_keeps_its_own_time(make_video: VideoMaker) -> None:
    """Read as fast as possible, times are seconds from the file's start, one per picture."""
    video = make_video(**CLIP)
    source = camera(str(video.path), pace=False)
    packets = read(source)
    assert [packet.utc_s for packet in packets] == pytest.approx([i / 10 for i in range(12)])
    assert [packet.keyframe for packet in packets] == [i % 6 == 0 for i in range(12)]
    assert not any(packet.discontinuity for packet in packets)
    assert (source.video.codec, source.video.fps, source.live) == ("h264", 10.0, False)
    assert source.duration_s == pytest.approx(1.2, abs=0.11)


def test_a_paced_file_comes_as_from_a_camera(make_video: VideoMaker) -> None:
    """Paced, no picture comes before its time, and times are now."""
    started_s = time.time()
    source = camera(str(make_video(**CLIP).path))
    source.open()
    for packet in source.packets():
        assert started_s <= packet.utc_s <= time.time() + 0.001


def test_raw_streams_get_timestamps(make_video: VideoMaker) -> None:
    """A bare .h264 file has no timestamps; its packets have pts, dts and growing times all the same."""
    packets = raw(make_video(**CLIP).path, "h264")
    assert len(packets) == 12
    assert all(later.utc_s > earlier.utc_s for earlier, later in pairwise(packets))
    assert all(later.packet.dts > earlier.packet.dts for earlier, later in pairwise(packets))


def test_sound_comes_along(make_video: VideoMaker) -> None:
    """AAC packets come between the pictures, with their own info, on the same clock."""
    source = camera(str(make_video(**CLIP, tone_hz=440.0).path), pace=False)
    sounds = [packet for packet in read(source) if not packet.is_video]
    assert isinstance(source.audio, AudioInfo)
    assert (source.audio.codec, source.audio.sample_rate) == ("aac", 16000)
    assert {id(packet.info) for packet in sounds} == {id(source.audio)}
    assert sounds[-1].utc_s == pytest.approx(1.2, abs=0.2)


def test_sound_that_no_recording_can_hold_is_dropped(make_video: VideoMaker, tmp_path: Path) -> None:
    """PCM and G.711 are left out, counted once; the pictures come."""
    path = tmp_path / "pcm.mov"
    with av.open(str(make_video(**CLIP).path)) as whole, av.open(str(path), "w") as out:
        picture = out.add_stream_from_template(whole.streams.video[0])
        sound = out.add_stream("pcm_mulaw", 8000)
        frame = av.AudioFrame(format="s16", layout="mono", samples=800)
        frame.sample_rate = 8000
        sound.codec_context.layout = "mono"
        out.mux(sound.encode(frame))
        for packet in whole.demux(video=0):
            if packet.size:
                packet.stream = picture
                out.mux(packet)
    counters: Counter[str] = Counter()
    source = camera(str(path), counters, pace=False)
    assert all(packet.is_video for packet in read(source))
    assert source.audio is None
    assert counters == {"audio_dropped": 1}


def test_a_resolution_that_changes_in_the_file(make_video: VideoMaker, tmp_path: Path) -> None:
    """Two raw streams joined: the second part has another info, counted, and every keyframe decodes."""
    joined = tmp_path / "joined.h264"
    parts = [make_video(**CLIP).path, make_video(**{**CLIP, "width": 192}).path]
    for part in parts:
        raw(part, "h264")
    joined.write_bytes(b"".join(part.with_suffix(".h264").read_bytes() for part in parts))
    counters: Counter[str] = Counter()
    packets = read(camera(str(joined), counters, pace=False))
    widths = [packet.info.width for packet in packets]
    assert widths == [160] * 12 + [192] * 12
    assert [decode_keyframe(packet).width for packet in packets if packet.keyframe] == [160, 160, 192, 192]
    assert counters == {"parameter_changes": 1}


@pytest.mark.parametrize("content", [b"", b"\0" * 100_000, b"<html></html>" * 100, b"just a text\n" * 1000])
def test_what_is_no_video_is_named(tmp_path: Path, content: bytes) -> None:
    """Empty files, zeros, pages and texts are errors with the path and a hint."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    counters: Counter[str] = Counter()
    assert str(path) in failure_of(camera(str(path), counters), SourceError)
    assert counters["invalid_data"] == 1


def test_a_missing_file_is_named() -> None:
    """The path is in the message."""
    assert "/nowhere/clip.mp4" in failure_of(camera("/nowhere/clip.mp4"), SourceError)


def test_a_device_is_no_file() -> None:
    """Reading a device that never ends is refused."""
    assert "is no file" in failure_of(camera("/dev/zero"), SourceError)


def test_a_cut_file_gives_what_it_has(make_video: VideoMaker, tmp_path: Path) -> None:
    """A file whose end is missing is read as far as it goes; then the loss is told."""
    whole = make_video(**{**CLIP, "seconds": 6}, faststart=True).path
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    counters: Counter[str] = Counter()
    source = camera(str(path), counters, pace=False)
    source.open()
    seen = []
    with pytest.raises(SourceError, match="cut off"):
        seen.extend(source.packets())
    with pytest.raises(SourceError, match="not open"):
        next(iter(source.packets()))
    assert counters["truncated_files"] == 1


def test_a_file_without_its_index_is_named(make_video: VideoMaker, tmp_path: Path) -> None:
    """An MP4 whose index at the end is missing holds nothing that can be read."""
    whole = make_video(**CLIP).path.read_bytes()
    path = tmp_path / "half.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    failure_of(camera(str(path)), SourceError)


def test_a_codec_that_nobody_has_is_named(make_video: VideoMaker, tmp_path: Path) -> None:
    """The message names what the file calls its codec."""
    path = tmp_path / "strange.mp4"
    path.write_bytes(make_video(**CLIP).path.read_bytes().replace(b"avc1", b"zZqX").replace(b"avcC", b"zZqC"))
    counters: Counter[str] = Counter()
    message = failure_of(camera(str(path), counters), UnsupportedCodecError)
    assert "zZqX" in message
    assert counters["unsupported_codecs"] == 1


def test_sound_alone_is_no_camera(make_video: VideoMaker, tmp_path: Path) -> None:
    """A file without pictures says so."""
    path = tmp_path / "sound.mp4"
    with av.open(str(make_video(**CLIP, tone_hz=440.0).path)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    assert "holds no video" in failure_of(camera(str(path)), SourceError)


def test_monstrous_pictures_are_refused(make_video: VideoMaker, tmp_path: Path) -> None:
    """Pictures that call themselves larger than 64 megapixels are refused, and no memory is taken."""
    whole = make_video(**CLIP, codec="mjpeg", suffix=".avi").path.read_bytes()
    size = whole[whole.index(b"\xff\xc0") + 5 :][:4]
    path = tmp_path / "huge.avi"
    path.write_bytes(whole.replace(size, (8192).to_bytes(2, "big") + (16384).to_bytes(2, "big")))
    with pytest.raises(SourceError):
        decode_keyframe(read(camera(str(path), pace=False))[0])


def test_close_ends_a_paced_file_at_once(make_video: VideoMaker) -> None:
    """A source that waits for the next picture's time ends without waiting."""
    source = camera(str(make_video(**{**CLIP, "fps": 1, "seconds": 40.0, "gop": 2}).path))
    source.open()
    packets = source.packets()
    next(packets)
    source.close()
    assert list(packets) == []


def test_file_addresses_and_home_folders(make_video: VideoMaker, tmp_path: Path) -> None:
    """file:// addresses with escaped characters name the same file."""
    path = tmp_path / "my clip #1.mp4"
    shutil.copy(make_video(**CLIP).path, path)
    assert len(read(camera(path.as_uri(), pace=False))) == 12


@pytest.mark.parametrize("url", ["gopher://x/y", "ftp://camera/pictures"])
def test_unknown_kinds_are_named(url: str) -> None:
    """The message lists the kinds that are known."""
    with pytest.raises(ConfigurationError, match="rtsp"):
        open_source(StreamSpec(url=url), pace=True, counters=Counter())


@settings(max_examples=40)
@given(
    place=st.floats(0, 1), junk=st.binary(min_size=1, max_size=64), suffix=st.sampled_from([".mp4", ".avi"])
)
def test_damaged_files_never_crash(make_video: VideoMaker, place: float, junk: bytes, suffix: str) -> None:
    """Bytes overwritten anywhere in a file give packets or errors for people, nothing else."""
    whole = bytearray(
        make_video(**CLIP, suffix=suffix, codec="mjpeg" if suffix == ".avi" else "h264").path.read_bytes()
    )
    at = int(place * len(whole))
    whole[at : at + len(junk)] = junk
    path = make_video.folder / f"damaged{suffix}"
    path.write_bytes(whole)
    try:
        packets = read(camera(str(path), pace=False))
    except VedetteError:
        return
    assert all(packet.packet.pts is not None for packet in packets)
