"""One segment: what was fed is in the file, and the file is whole at any moment."""

import itertools
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.support.video import VideoMaker
from tests.unit.recording.packets import decode_complaints, infos, packets, probe
from vedette.domain.errors import StorageError, UnsupportedCodecError
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.recording.fmp4 import parse_segment
from vedette.recording.segment import SegmentWriter


def written(path: Path, stream: list[MediaPacket], audio: AudioInfo | None = None) -> SegmentWriter:
    video = next(p.info for p in stream if p.is_video)
    assert isinstance(video, VideoInfo)
    with path.open("wb", buffering=0) as sink:
        writer = SegmentWriter(sink, video, audio)
        for packet in stream:
            writer.write(packet)
        writer.close()
    return writer


@pytest.mark.parametrize("codec", ["h264", "hevc", "mjpeg"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_every_picture_is_in_the_segment(
    tmp_path: Path, make_video: VideoMaker, codec: str, suffix: str
) -> None:
    """H.264, H.265 and motion JPEG, length-prefixed and Annex B, are copied whole."""
    if (codec, suffix) == ("mjpeg", ".ts"):
        pytest.skip("MPEG-TS has no motion JPEG")
    video = make_video(suffix=suffix, codec=codec, seconds=3, gop=10, width=320, height=180)
    stream = list(packets(video.path))
    writer = written(tmp_path / "segment.mp4", stream)
    found = probe(tmp_path / "segment.mp4")["video"]
    assert (found["codec_name"], int(found["nb_read_frames"])) == (codec, 30)
    assert writer.duration_s == pytest.approx(3.0, abs=0.01)
    assert decode_complaints(tmp_path / "segment.mp4") == ""


def test_times_begin_at_zero_and_keep_their_distances(tmp_path: Path, make_video: VideoMaker) -> None:
    """Decoding begins at 0, and each sample lasts as long as in the source."""
    video = make_video(seconds=2, b_frames=2, width=320, height=180)
    written(tmp_path / "segment.mp4", list(packets(video.path)))
    segment = parse_segment(tmp_path / "segment.mp4")
    samples = segment.samples[1]
    assert samples.dts[0] == 0
    assert set(samples.durations.tolist()) == {9000}
    shown = sorted((samples.dts + samples.cts - samples.cts[0]).tolist())
    assert shown == [9000 * i for i in range(20)]


def test_missing_decoding_times_are_made_up(tmp_path: Path, make_video: VideoMaker) -> None:
    """Matroska leaves dts open at the head of a stream with B-frames; order and times stay right."""
    video = make_video(suffix=".mkv", seconds=2, b_frames=2, width=320, height=180)
    stream = list(packets(video.path))
    assert stream[0].packet.dts is None
    written(tmp_path / "segment.mp4", stream)
    samples = parse_segment(tmp_path / "segment.mp4").samples[1]
    assert len(samples) == 20
    assert (samples.cts >= 0).all()
    assert decode_complaints(tmp_path / "segment.mp4") == ""


@pytest.mark.parametrize("late", [0, 1, 7])
def test_decoding_times_strictly_increase(tmp_path: Path, make_video: VideoMaker, late: int) -> None:
    """A camera that repeats or turns back its timestamps loses no packet."""
    stream = list(packets(make_video(seconds=2, width=320, height=180).path))
    for packet in stream[8:12]:
        packet.packet.dts = packet.packet.pts = (stream[8].packet.dts or 0) - late
    written(tmp_path / "segment.mp4", stream)
    samples = parse_segment(tmp_path / "segment.mp4").samples[1]
    assert len(samples) == 20
    assert all(a < b for a, b in itertools.pairwise(samples.dts.tolist()))


def test_audio_is_kept_in_sync(tmp_path: Path, make_video: VideoMaker) -> None:
    """An AAC track is copied next to the picture and begins with it."""
    video = make_video(seconds=3, tone_hz=440.0, width=320, height=180)
    with av.open(str(video.path)) as source:
        audio = infos(source).audio
    stream = list(packets(video.path))
    known = next(p.info for p in stream if not p.is_video)
    assert isinstance(known, AudioInfo)
    assert known == audio
    written(tmp_path / "segment.mp4", stream, known)
    found = probe(tmp_path / "segment.mp4")
    assert found["audio"]["codec_name"] == "aac"
    assert float(found["audio"]["start_time"]) == pytest.approx(0.0, abs=0.07)
    segment = parse_segment(tmp_path / "segment.mp4")
    sound = segment.track("soun")
    assert sound is not None
    assert int(segment.samples[sound.id].durations.sum()) / sound.timescale == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("codec", ["libopus", "mp3"])
def test_other_audio_codecs_are_kept(tmp_path: Path, make_video: VideoMaker, codec: str) -> None:
    """What MP4 can hold is recorded as it came."""
    try:
        av.Codec(codec, "w")
    except ValueError:
        pytest.skip(f"no encoder for {codec}")
    sound = tmp_path / "sound.mkv"
    _write_sound(sound, codec)
    video = list(packets(make_video(seconds=2, width=320, height=180).path))
    with av.open(str(sound)) as container:
        stream = container.streams.audio[0]
        context = stream.codec_context
        name = {"libopus": "opus", "mp3float": "mp3"}.get(context.name, context.name)
        audio = AudioInfo(
            name,
            context.sample_rate,
            context.channels,
            context.extradata or b"",
            stream.time_base or Fraction(1),
        )
        heard = [
            MediaPacket(p, audio, video[0].utc_s + float(p.pts * audio.time_base), keyframe=True)
            for p in container.demux(stream)
            if p.size and p.pts is not None and p.pts >= 0
        ]
    together = sorted([*video, *heard], key=lambda p: (p.utc_s, not p.is_video))
    written(tmp_path / "segment.mp4", together, audio)
    found = probe(tmp_path / "segment.mp4")
    assert found["audio"]["codec_name"] == name
    assert int(found["audio"]["nb_read_frames"]) >= len(heard) - 1
    track = parse_segment(tmp_path / "segment.mp4").track("soun")
    assert track is not None
    assert track.codec == name


def _write_sound(path: Path, codec: str) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame(
            stream.codec_context.format.name, "stereo", stream.codec_context.frame_size or 1024
        )
        frame.sample_rate = 48_000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for index in range(60):
            frame.pts = index * frame.samples
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_fragments_reach_the_sink_within_a_second(make_video: VideoMaker) -> None:
    """At any time all but the last second of what was fed is in the sink, also when audio stops."""

    class Sink:
        def __init__(self) -> None:
            self.data = b""

        def write(self, data: bytes) -> None:
            self.data += data

    video = make_video(seconds=6, tone_hz=440.0, width=320, height=180)
    stream = list(packets(video.path))
    audio = next(p.info for p in stream if isinstance(p.info, AudioInfo))
    start = stream[0].utc_s
    kept = [p for p in stream if p.is_video or p.utc_s - start < 2]
    sink = Sink()
    info = next(p.info for p in stream if isinstance(p.info, VideoInfo))
    writer = SegmentWriter(sink, info, audio)
    for packet in kept:
        writer.write(packet)
        if packet.is_video:
            assert packet.utc_s - start - _flushed_s(sink.data) <= 1.0
    writer.abandon()


def _flushed_s(data: bytes) -> float:
    import tempfile  # noqa: PLC0415

    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return parse_segment(Path(file.name)).duration_s


def test_the_packets_of_others_stay_untouched(tmp_path: Path, make_video: VideoMaker) -> None:
    """Ring, decoder and live view use the same packets: their stamps and streams are not changed."""
    stream = list(packets(make_video(seconds=1, width=320, height=180).path, times=2))
    before = [
        (p.packet.pts, p.packet.dts, p.packet.time_base, p.packet.stream, bytes(p.packet)) for p in stream
    ]
    written(tmp_path / "segment.mp4", stream)
    after = [
        (p.packet.pts, p.packet.dts, p.packet.time_base, p.packet.stream, bytes(p.packet)) for p in stream
    ]
    assert before == after


def test_a_failing_sink_is_a_storage_error(make_video: VideoMaker) -> None:
    """A full disk in the middle of a fragment comes out as one clear error, and closing is safe."""

    class Full:
        room = 4000

        def write(self, data: bytes) -> None:
            self.room -= len(data)
            if self.room < 0:
                raise OSError(28, "No space left on device")

    stream = list(packets(make_video(seconds=3, noise_sigma=4.0, width=320, height=180).path))
    assert isinstance(stream[0].info, VideoInfo)
    writer = SegmentWriter(Full(), stream[0].info)
    with pytest.raises(StorageError, match="No space left"):
        _write_all(writer, stream)
    with pytest.raises(StorageError, match="No space left"):
        writer.close()
    writer.abandon()


def _write_all(writer: SegmentWriter, stream: list[MediaPacket]) -> None:
    for packet in stream:
        writer.write(packet)


def test_a_stream_without_sense_is_refused(tmp_path: Path) -> None:
    """A picture of no size has no place in a file."""
    nonsense = VideoInfo("h264", 0, 0, b"\x01garbage", Fraction(1, 90_000))
    with (tmp_path / "x").open("wb") as sink, pytest.raises((UnsupportedCodecError, StorageError)):
        SegmentWriter(sink, nonsense)
