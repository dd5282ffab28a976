"""Long streams for benchmarks are what they say, with the ffmpeg program and without."""

import itertools
import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from vedette.domain.errors import SourceError
from vedette.testing.footage import Footage, make_footage
from vedette.testing.video import VideoSpec, write_video

SMALL = {"width": 320, "height": 180, "fps": 10, "bit_rate": 400_000, "preset": "ultrafast"}


@pytest.fixture(params=["ffmpeg", "pyav"])
def program(request) -> str | None:
    """The ffmpeg program, and doing without."""
    if request.param == "pyav":
        return None
    return shutil.which("ffmpeg") or pytest.skip("the ffmpeg program is not installed")


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Two seconds of somebody who walks through, square, 5 pictures a second."""
    spec = VideoSpec(width=240, height=240, fps=5, seconds=2.0)
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", spec)


def _read(path: Path):
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]
    return packets, frames


def test_a_short_clip_goes_on_as_long_as_wanted(tmp_path, clip, program) -> None:
    """Length, size, rate and groups are the wanted ones, and the bit rate is constant."""
    footage = Footage(clip=clip, seconds=8, gop_s=4, **SMALL)
    packets, frames = _read(make_footage(tmp_path / "long.mp4", footage, ffmpeg=program))
    assert [i for i, p in enumerate(packets) if p.is_keyframe] == [0, 40]
    assert [frame.shape for frame in frames] == [(180, 320)] * 80
    assert sum(p.size for p in packets) == pytest.approx(400_000 / 8 * 8, rel=0.15)


def test_a_still_place_has_no_motion_but_its_noise(tmp_path, clip, program) -> None:
    """Pictures differ by about the noise that was asked for, and by nothing else."""
    footage = Footage(clip=clip, still=True, seconds=2, noise_sigma=4.0, **(SMALL | {"bit_rate": 4_000_000}))
    _, frames = _read(make_footage(tmp_path / "still.mp4", footage, ffmpeg=program))
    changes = [np.std(after - before) / 2**0.5 for before, after in itertools.pairwise(frames[2:])]
    assert 2 < np.median(changes) < 6
    assert np.abs(np.mean(frames[3:10], axis=0) - np.mean(frames[10:], axis=0)).max() < 12


def test_without_a_clip_it_is_an_empty_garden(tmp_path, program) -> None:
    """Nothing moves in it."""
    _, frames = _read(make_footage(tmp_path / "garden.h264", Footage(seconds=2, **SMALL), ffmpeg=program))
    assert len(frames) == 20
    assert np.abs(frames[-1] - frames[5]).max() < 40


def test_a_clip_that_is_none_says_so(tmp_path, program) -> None:
    """The failure names the file."""
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    with pytest.raises(SourceError, match=r"out\.mp4|bad\.mp4"):
        make_footage(tmp_path / "out.mp4", Footage(clip=bad, **SMALL), ffmpeg=program)
