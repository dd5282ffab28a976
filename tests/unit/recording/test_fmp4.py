"""The reader of segment files: right about good ones, calm about all others."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.video import VideoMaker
from tests.unit.recording.packets import START_UTC_S, Recording, packets, record
from vedette.domain.errors import StorageError, VedetteError
from vedette.media.packets import AudioInfo
from vedette.recording.boxes import UnfinishedHeadError
from vedette.recording.clips import ClipFile, ClipPart
from vedette.recording.fmp4 import EndMark, parse_segment
from vedette.recording.repair import repair_segment

STRUCTURE = (b"moof", b"trun", b"tfhd", b"tfdt", b"mdat", b"free", b"stsd", b"trex", b"mdhd", b"tkhd")
QUICK = settings(max_examples=150)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, make_video: VideoMaker) -> bytes:
    """A finished segment of 2 s with sound and B-frames."""
    video = make_video(seconds=2, gop=10, b_frames=2, tone_hz=440.0, width=160, height=96)
    recording = Recording(tmp_path_factory.mktemp("fmp4"))
    stream = list(packets(video.path))
    recording.recorder.expect_audio(next(p.info for p in stream if isinstance(p.info, AudioInfo)))
    recording.feed(stream)
    recording.close()
    return recording.paths()[0].read_bytes()


def test_reads_what_the_muxer_wrote(tmp_path: Path, make_video: VideoMaker) -> None:
    """Sizes, keyframes and bytes are those of the packets."""
    stream = list(packets(make_video(seconds=2, gop=10, width=160, height=96).path))
    path = record(tmp_path, stream).paths()[0]
    samples = parse_segment(path).samples[1]
    data = path.read_bytes()
    assert samples.sizes.tolist() == [p.size_bytes for p in stream]
    assert samples.keyframes.tolist() == [p.keyframe for p in stream]
    found = [data[o : o + s] for o, s in zip(samples.offsets.tolist(), samples.sizes.tolist(), strict=True)]
    assert found == [bytes(p.packet) for p in stream]


def test_knows_a_finished_segment(tmp_path: Path, whole: bytes) -> None:
    """The end mark is the last box and covers the whole file."""
    path = tmp_path / "x.mp4"
    path.write_bytes(whole)
    segment = parse_segment(path)
    assert segment.complete
    assert segment.valid_bytes == len(whole)
    assert segment.end is not None
    assert segment.end.end_utc_s == pytest.approx(START_UTC_S + 2, abs=0.01)


def test_what_stands_behind_the_end_mark_does_not_count(tmp_path: Path, whole: bytes) -> None:
    """A second end mark or other bytes behind the first make the file incomplete."""
    path = tmp_path / "x.mp4"
    path.write_bytes(whole + EndMark(end_utc_s=1.0).box())
    assert not parse_segment(path).complete
    assert parse_segment(path).valid_bytes == len(whole)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 27, 28, 40, 300])
def test_an_unfinished_head_is_told_from_other_damage(tmp_path: Path, whole: bytes, size: int) -> None:
    """A file that was only begun holds no media; it may be deleted."""
    path = tmp_path / "x.mp4"
    path.write_bytes(whole[:size])
    with pytest.raises(UnfinishedHeadError):
        parse_segment(path)


def test_a_file_that_is_missing_is_a_storage_error(tmp_path: Path) -> None:
    """No OSError escapes."""
    with pytest.raises(StorageError, match="Cannot read"):
        parse_segment(tmp_path / "none.mp4")


def look_at_everything(path: Path) -> None:
    """Parse, cut and repair; only our own errors may come out."""
    try:
        segment = parse_segment(path)
        assert 0 <= segment.valid_bytes <= segment.size_bytes
        clip = ClipFile([ClipPart(path, START_UTC_S)], START_UTC_S + 0.3, START_UTC_S + 1.7)
        assert sum(len(block) for block in clip.read()) == clip.size_bytes
    except VedetteError:
        pass
    repaired = repair_segment(path, START_UTC_S)
    if not repaired.garbage:
        assert parse_segment(path).complete
        assert repaired.size_bytes == path.stat().st_size


@QUICK
@given(data=st.binary(max_size=2000))
def test_random_bytes(tmp_path: Path, data: bytes) -> None:
    """Anything may be on a disk."""
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    look_at_everything(path)


@QUICK
@given(data=st.data())
def test_mutated_segments(tmp_path: Path, whole: bytes, data: st.DataObject) -> None:
    """Flipped bytes, mostly where the structure is, in a file that was good."""
    mutated = bytearray(whole)
    heads = [at for tag in STRUCTURE for at in _places(whole, tag)]
    for _ in range(data.draw(st.integers(1, 6))):
        near = data.draw(st.sampled_from([0, *heads]))
        at = min(len(mutated) - 1, max(0, near + data.draw(st.integers(-8, 60))))
        mutated[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "x.mp4"
    path.write_bytes(mutated)
    look_at_everything(path)


@QUICK
@given(data=st.data())
def test_mutated_numbers(tmp_path: Path, whole: bytes, data: st.DataObject) -> None:
    """32-bit fields replaced by extreme values."""
    mutated = bytearray(whole)
    tag = data.draw(st.sampled_from([b"moof", b"trun", b"tfhd", b"tfdt", b"mdat", b"trex", b"mdhd", b"mfhd"]))
    at = data.draw(st.sampled_from(_places(whole, tag))) + data.draw(st.integers(-1, 12)) * 4
    value = data.draw(st.sampled_from([0, 1, 7, 8, 2**31 - 1, 2**31, 2**32 - 1, 2**24]))
    mutated[at : at + 4] = value.to_bytes(4, "big")
    path = tmp_path / "x.mp4"
    path.write_bytes(mutated)
    look_at_everything(path)


def _places(data: bytes, tag: bytes) -> list[int]:
    found, at = [], data.find(tag)
    while at >= 0:
        found.append(at)
        at = data.find(tag, at + 1)
    return found
