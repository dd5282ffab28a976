"""Virtual clips: any span of a recording as one plain MP4."""

import itertools
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.video import VideoMaker
from tests.unit.recording.packets import (
    START_UTC_S,
    Recording,
    decode_complaints,
    packets,
    probe,
    record,
)
from vedette.domain.errors import StorageError
from vedette.recording import clips
from vedette.recording.clips import BLOCK_BYTES, ClipFile, ClipPart

SMALL = {"width": 320, "height": 180}


def parts(recording: Recording) -> list[ClipPart]:
    return [ClipPart(recording.root / m.path, m.start_utc_s) for m in recording.messages if m.state == "open"]


def saved(clip: ClipFile, path: Path) -> Path:
    path.write_bytes(b"".join(clip.read()))
    return path


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, make_video: VideoMaker) -> Recording:
    """12 s at 10 pictures per second in three segments, keyframes every second, with sound."""
    video = make_video(seconds=4, gop=10, tone_hz=440.0, noise_sigma=3.0, **SMALL)
    stream = list(packets(video.path, times=3))
    recording = Recording(tmp_path_factory.mktemp("recording"), segment_s=4)
    recording.recorder.expect_audio(next(p.info for p in stream if not p.is_video))  # type: ignore[arg-type]
    recording.feed(stream)
    recording.close()
    return recording


@pytest.mark.parametrize(("start_s", "end_s"), [(0, 12), (0, 3), (5, 6), (3.5, 9.25), (2.31, 2.32), (-5, 99)])
def test_a_clip_lasts_as_long_as_asked(
    recording: Recording, tmp_path: Path, start_s: float, end_s: float
) -> None:
    """Any span, over segment borders and inside one group, plays without a complaint and is that long."""
    clip = ClipFile(parts(recording), START_UTC_S + start_s, START_UTC_S + end_s)
    path = saved(clip, tmp_path / "clip.mp4")
    assert path.stat().st_size == clip.size_bytes
    expected = min(end_s, 12) - max(start_s, 0)
    assert clip.duration_s == pytest.approx(expected, abs=0.1)
    (span,) = clip.timeline
    assert (span.clip_s, span.duration_s) == (0, clip.duration_s)
    found = probe(path)
    assert float(found["video"]["duration"]) == pytest.approx(clip.duration_s, abs=0.001)
    assert int(found["video"]["nb_read_frames"]) == pytest.approx(expected * 10, abs=1.1)
    assert decode_complaints(path) == ""


def test_seeking_lands_where_it_should(recording: Recording, tmp_path: Path) -> None:
    """ffmpeg seeks to a second near the end and finds exactly what is left."""
    path = saved(ClipFile(parts(recording), START_UTC_S, START_UTC_S + 12), tmp_path / "clip.mp4")
    command = ["ffmpeg", "-v", "error", "-ss", "10.5", "-i", str(path), "-map", "0:v", "-f", "framemd5", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    frames = [line for line in done.stdout.splitlines() if line and not line.startswith("#")]
    assert (len(frames), done.stderr) == (15, "")


def test_the_pictures_are_those_of_the_source(
    recording: Recording, tmp_path: Path, make_video: VideoMaker
) -> None:
    """Nothing is transcoded: the decoded pictures are identical to the camera's."""
    source = make_video(seconds=4, gop=10, tone_hz=440.0, noise_sigma=3.0, **SMALL).path
    path = saved(ClipFile(parts(recording), START_UTC_S + 4, START_UTC_S + 8), tmp_path / "clip.mp4")
    assert _hashes(path) == _hashes(source)


def _hashes(path: Path) -> list[str]:
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v", "-f", "framemd5", "-"]
    lines = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=True
    ).stdout.splitlines()
    return [line.split(",")[-1].strip() for line in lines if line and not line.startswith("#")]


def test_sound_follows_the_picture(recording: Recording, tmp_path: Path) -> None:
    """The sound of a span in the middle is as long as the picture and begins with it."""
    path = saved(ClipFile(parts(recording), START_UTC_S + 3.5, START_UTC_S + 9), tmp_path / "clip.mp4")
    found = probe(path)
    assert float(found["audio"]["duration"]) == pytest.approx(5.5, abs=0.15)
    assert float(found["audio"]["start_time"]) == pytest.approx(0, abs=0.07)


@settings(max_examples=60)
@given(data=st.data())
def test_ranges_are_slices_of_the_whole(recording: Recording, data: st.DataObject) -> None:
    """Reading any range gives the same bytes as cutting them from the whole file, in small blocks."""
    clip = ClipFile(parts(recording), START_UTC_S + 1.2, START_UTC_S + 10.1)
    whole = b"".join(clip.read())
    start = data.draw(st.integers(0, clip.size_bytes + 10))
    length = data.draw(st.one_of(st.none(), st.integers(0, clip.size_bytes + 10)))
    blocks = list(clip.read(start, length))
    stop = None if length is None else start + length
    assert b"".join(blocks) == whole[start:stop]
    assert all(0 < len(block) <= BLOCK_BYTES for block in blocks)


def test_times_without_recording_are_closed_up(tmp_path: Path, make_video: VideoMaker) -> None:
    """An hour with 8 s of recording in it lasts 8 s; the timeline says when what was."""
    stream = list(packets(make_video(seconds=4, gop=10, **SMALL).path, times=2))
    late = [replace(p, utc_s=p.utc_s + 1800, discontinuity=i == 0) for i, p in enumerate(stream[40:])]
    recording = record(tmp_path, [*stream[:40], *late])
    clip = ClipFile(parts(recording), START_UTC_S - 60, START_UTC_S + 3600)
    assert clip.duration_s == pytest.approx(8)
    assert [(s.clip_s, s.utc_s - START_UTC_S, s.duration_s) for s in clip.timeline] == [
        pytest.approx((0, 0, 4)),
        pytest.approx((4, 1804, 4)),
    ]
    assert int(probe(saved(clip, tmp_path / "clip.mp4"))["video"]["nb_read_frames"]) == 80


@pytest.mark.parametrize("codec", ["h264", "hevc", "mjpeg"])
def test_other_parameters_in_the_middle(tmp_path: Path, make_video: VideoMaker, codec: str) -> None:
    """A camera that changes its resolution and back: one clip, one sample description, all pictures.

    The parameters stand before each keyframe: seeking to and fro between the sizes works too.
    """
    small = make_video(seconds=2, gop=10, codec=codec, **SMALL).path
    large = make_video(seconds=2, gop=10, codec=codec, width=640, height=360).path
    three = [packets(path, START_UTC_S + 2 * i) for i, path in enumerate((small, large, small))]
    recording = record(tmp_path, itertools.chain(*three))
    clip = ClipFile(parts(recording), START_UTC_S + 0.5, START_UTC_S + 6)
    path = saved(clip, tmp_path / "clip.mp4")
    assert sum(path.read_bytes().count(tag) for tag in (b"avcC", b"hvcC")) == (codec != "mjpeg")
    assert int(probe(path)["video"]["nb_read_frames"]) == 55
    assert decode_complaints(path) == ""
    assert decode_complaints(path, "-ss", "2.7") == ""
    for start in range(0, clip.size_bytes, 997):
        assert b"".join(clip.read(start, 1234)) == path.read_bytes()[start : start + 1234]


def test_another_codec_in_the_middle_is_left_out(tmp_path: Path, make_video: VideoMaker) -> None:
    """No player takes two codecs in one track: the clip keeps the first and says what is missing."""
    first = list(packets(make_video(seconds=2, gop=10, **SMALL).path))
    second = list(packets(make_video(seconds=2, codec="hevc", **SMALL).path, START_UTC_S + 2))
    recording = record(tmp_path, [*first, *second])
    clip = ClipFile(parts(recording), START_UTC_S, START_UTC_S + 4)
    assert clip.duration_s == pytest.approx(2)
    assert [path.name for path, _ in clip.omitted] == [recording.paths()[1].name]


@pytest.mark.parametrize("codec", ["h264", "hevc", "mjpeg"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_codec_can_be_cut(tmp_path: Path, make_video: VideoMaker, codec: str, b_frames: int) -> None:
    """H.264, H.265 and motion JPEG, with and without reordered pictures."""
    video = make_video(seconds=4, gop=10, codec=codec, b_frames=b_frames, **SMALL)
    recording = record(tmp_path, packets(video.path, times=2), segment_s=4)
    clip = ClipFile(parts(recording), START_UTC_S + 2.5, START_UTC_S + 6.5)
    path = saved(clip, tmp_path / "clip.mp4")
    assert clip.duration_s == pytest.approx(4, abs=0.1)
    assert int(probe(path)["video"]["nb_read_frames"]) == pytest.approx(40, abs=2)
    assert decode_complaints(path) == ""


def test_the_segment_being_written_is_in_the_clip(tmp_path: Path, make_video: VideoMaker) -> None:
    """What has reached the disk of an open segment can be watched; the clip stays as it was made."""
    stream = list(packets(make_video(seconds=4, gop=10, **SMALL).path))
    recording = Recording(tmp_path)
    recording.feed(stream[:25])
    recording.disk.sync()
    clip = ClipFile(parts(recording), START_UTC_S, START_UTC_S + 60)
    assert 1.5 <= clip.duration_s <= 2.5
    recording.feed(stream[25:])
    whole = saved(clip, tmp_path / "clip.mp4")
    later = ClipFile(parts(recording), START_UTC_S, START_UTC_S + 60)
    recording.close()
    assert float(probe(whole)["video"]["duration"]) == pytest.approx(clip.duration_s)
    assert later.etag != clip.etag


def test_the_etag_names_the_content(recording: Recording) -> None:
    """The same span has the same tag, another span another."""
    tags = [
        ClipFile(parts(recording), START_UTC_S + a, START_UTC_S + b).etag for a, b in [(1, 5), (1, 5), (1, 6)]
    ]
    assert tags[0] == tags[1] != tags[2]


def test_nothing_recorded_is_a_clear_error(recording: Recording) -> None:
    """A span without recording says so."""
    with pytest.raises(StorageError, match="no recording"):
        ClipFile(parts(recording), START_UTC_S + 100, START_UTC_S + 200)


def test_missing_and_damaged_segments_are_left_out(tmp_path: Path, make_video: VideoMaker) -> None:
    """Retention deleted one, the disk destroyed another: the rest still plays, the gaps are named."""
    video = make_video(seconds=2, gop=10, **SMALL)
    recording = record(tmp_path, packets(video.path, times=3), segment_s=2)
    first, second, _ = recording.paths()
    first.unlink()
    second.write_bytes(b"not a video" * 100)
    clip = ClipFile(parts(recording), START_UTC_S, START_UTC_S + 6)
    assert clip.duration_s == pytest.approx(2)
    assert [path for path, _ in clip.omitted] == [first, second]


def test_a_segment_deleted_while_it_is_read(tmp_path: Path, make_video: VideoMaker) -> None:
    """Retention may win the race; the reader gets an error, not other bytes."""
    recording = record(tmp_path, packets(make_video(seconds=2, **SMALL).path))
    clip = ClipFile(parts(recording), START_UTC_S, START_UTC_S + 2)
    recording.paths()[0].unlink()
    with pytest.raises(StorageError, match="cannot be read"):
        list(clip.read())


def test_offsets_above_four_gigabytes(
    tmp_path: Path, make_video: VideoMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long clip needs 64-bit offsets; the last pictures of 5 GB are where the tables say.

    Real gigabytes would take minutes: pieces are added that are never read.
    """
    recording = record(tmp_path, packets(make_video(seconds=2, gop=10, **SMALL).path, times=2), segment_s=2)
    real = clips._Pieces

    class Huge(real):  # type: ignore[misc,valid-type]
        def add(self, path: Path, selection: object) -> object:
            places = super().add(path, selection)
            self.size_bytes += 5 * 2**30
            return places

    monkeypatch.setattr(clips, "_Pieces", Huge)
    clip = ClipFile(parts(recording), START_UTC_S, START_UTC_S + 4)
    assert clip.size_bytes > 10 * 2**30
    sparse = tmp_path / "clip.mp4"
    with sparse.open("wb") as file:
        file.write(clip._head)
        begin = len(clip._head)
        for path, places in zip(clip._pieces.paths, clip._pieces._places, strict=True):
            for offset, data in _ranges(path, places.file_offsets.tolist()):
                at = dict(zip(places.file_offsets.tolist(), places.clip_offsets.tolist(), strict=True))[
                    offset
                ]
                file.seek(begin + at)
                file.write(data)
        file.truncate(clip.size_bytes)
    assert int(probe(sparse)["video"]["nb_read_frames"]) == 40
    assert decode_complaints(sparse) == ""


def _ranges(path: Path, offsets: list[int]) -> Iterator[tuple[int, bytes]]:
    data = path.read_bytes()
    for offset, following in itertools.pairwise([*offsets, len(data)]):
        yield offset, data[offset:following]


def test_an_hour_stays_small(tmp_path: Path, make_video: VideoMaker) -> None:
    """The head of an hour at 10 pictures per second is some hundred kilobytes, made from 360 segments."""
    message = record(tmp_path, packets(make_video(seconds=10, gop=10, **SMALL).path)).closed[0]
    path = tmp_path / message.path
    hour = [ClipPart(path, START_UTC_S + 10 * i) for i in range(360)]
    clip = ClipFile(hour, START_UTC_S, START_UTC_S + 3600)
    assert clip.duration_s == pytest.approx(3600)
    assert len(clip._head) < 400_000


def test_a_clip_of_keyframes_alone(tmp_path: Path, make_video: VideoMaker) -> None:
    """For many times the speed: every keyframe, nothing else, no sound, and the same length and moments."""
    video = make_video(seconds=4, fps=10, gop=10, tone_hz=440.0)
    recording = record(tmp_path, packets(video.path, times=2), segment_s=2)
    whole = ClipFile(parts(recording), START_UTC_S + 0.5, START_UTC_S + 7)
    quick = ClipFile(parts(recording), START_UTC_S + 0.5, START_UTC_S + 7, keyframes_only=True)
    path = saved(quick, tmp_path / "quick.mp4")
    found = probe(path)
    assert set(found) == {"video"}
    with av.open(str(path), options={"ignore_editlist": "1"}) as container:
        assert len([packet for packet in container.demux() if packet.is_keyframe]) == 7
    assert float(found["video"]["duration"]) == pytest.approx(whole.duration_s, abs=0.01)
    assert quick.timeline == whole.timeline
    assert quick.size_bytes < whole.size_bytes
    assert quick.etag != whole.etag
    assert decode_complaints(path) == ""


def test_keyframes_alone_over_a_gap(tmp_path: Path, make_video: VideoMaker) -> None:
    """Gaps are closed up as in a whole clip; each keyframe stands at its own moment."""
    video = make_video(seconds=2, fps=10, gop=5)
    recording = Recording(tmp_path, segment_s=2)
    recording.feed(packets(video.path))
    recording.feed(packets(video.path, START_UTC_S + 100))
    recording.close()
    quick = ClipFile(parts(recording), START_UTC_S, START_UTC_S + 200, keyframes_only=True)
    assert [round(span.utc_s - START_UTC_S, 1) for span in quick.timeline] == [0, 100]
    with av.open(str(saved(quick, tmp_path / "quick.mp4"))) as container:
        times = [round(frame.time or 0, 2) for frame in container.decode(video=0)]
    assert times == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]
