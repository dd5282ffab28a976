"""The videos that tests are made of are what they say they are."""

import av
import numpy as np
import pytest

from tests.support.video import VideoMaker, Walk


def _packets(path):
    with av.open(str(path)) as container:
        return [p for p in container.demux(container.streams.video[0]) if p.size]


def test_a_video_has_the_size_rate_and_groups_that_were_asked_for(make_video: VideoMaker) -> None:
    """Size, picture rate, length and keyframe distance are those of the specification."""
    video = make_video(width=320, height=180, fps=10, seconds=4, gop=15)
    with av.open(str(video.path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (320, 180, 10)
    packets = _packets(video.path)
    assert [i for i, p in enumerate(packets) if p.is_keyframe] == [0, 15, 30]
    assert len(packets) == 40


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("h264", ".mp4"), ("hevc", ".mp4"), ("mjpeg", ".avi"), ("h264", ".ts"), ("hevc", ".mkv")],
)
def test_every_codec_decodes(make_video: VideoMaker, codec: str, suffix: str) -> None:
    """Each codec and container can be read back, with all pictures."""
    video = make_video(width=160, height=96, seconds=1, codec=codec, suffix=suffix)
    with av.open(str(video.path)) as container:
        assert container.streams.video[0].codec_context.name == codec
        assert sum(1 for _ in container.decode(video=0)) == 10


def test_the_same_specification_gives_the_same_bytes_and_is_made_once(tmp_path) -> None:
    """Videos are deterministic, and the maker remembers what it made."""
    one, two = VideoMaker(tmp_path / "a"), VideoMaker(tmp_path / "b")
    one.folder.mkdir()
    two.folder.mkdir()
    first = one(width=160, height=96, seconds=1)
    assert first.path.read_bytes() == two(width=160, height=96, seconds=1).path.read_bytes()
    assert one(width=160, height=96, seconds=1) is first


def test_b_frames_reorder_the_packets_only_when_asked_for(make_video: VideoMaker) -> None:
    """With bidirectional pictures the presentation times are out of order, without them not."""
    plain = [p.pts for p in _packets(make_video(width=160, height=96, seconds=2).path)]
    spec = {"b_frames": 2, "preset": "veryfast"}
    reordered = [p.pts for p in _packets(make_video(width=160, height=96, seconds=2, **spec).path)]
    assert plain == sorted(plain)
    assert reordered != sorted(reordered)


def test_a_constant_rate_stream_takes_its_rate_even_where_nothing_happens(make_video: VideoMaker) -> None:
    """Bytes per second are within a tenth of the rate that was asked for."""
    video = make_video(
        quiet=True, noise_sigma=0, width=320, height=180, seconds=6, bit_rate=800_000, constant_rate=True
    )
    bits = sum(p.size for p in _packets(video.path)) * 8 / 6
    assert bits == pytest.approx(800_000, rel=0.1)


def test_a_sound_track_is_as_long_as_the_picture(make_video: VideoMaker) -> None:
    """An AAC track is there when a tone was asked for."""
    video = make_video(width=160, height=96, seconds=3, tone_hz=440)
    with av.open(str(video.path)) as container:
        audio = container.streams.audio[0]
        assert audio.codec_context.name == "aac"
        assert float(audio.duration * audio.time_base) == pytest.approx(3, abs=0.2)


def test_the_truth_says_when_somebody_is_in_the_picture(make_video: VideoMaker) -> None:
    """Pictures change against the empty place exactly while a presence is declared, and only then."""
    video = make_video(noise_sigma=0, walks=(Walk("person", 1, 3),), seconds=5)
    (presence,) = video.presences
    assert presence.label == "person"
    assert 1 < presence.start_s < 1.5 < 2.5 < presence.end_s <= 3
    with av.open(str(video.path)) as container:
        frames = [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]
    changed = [np.count_nonzero(abs(frame - frames[0]) > 25) > 2000 for frame in frames]
    seen = [i / 10 for i, moved in enumerate(changed) if moved]
    assert seen[0] == pytest.approx(presence.start_s, abs=0.25)
    assert seen[-1] == pytest.approx(presence.end_s, abs=0.25)


def test_a_light_switch_changes_the_whole_picture_at_its_time(make_video: VideoMaker) -> None:
    """From the time of the switch on, the mean brightness is another, at once."""
    video = make_video(quiet=True, width=160, height=96, seconds=3, lights=((1.5, 0.4),))
    with av.open(str(video.path)) as container:
        means = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
    assert means[14] > 1.5 * means[15]
