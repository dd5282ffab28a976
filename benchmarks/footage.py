"""The streams that are measured: made once, kept in a cache folder."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.result import SkippedError
from vedette.testing.footage import Footage, make_footage
from vedette.testing.scenes import SCENES
from vedette.testing.video import VideoSpec, write_video

CACHE = Path(os.environ.get("VEDETTE_BENCH_CACHE", Path(tempfile.gettempdir()) / "vedette-bench"))
DATA = Path(os.environ.get("VEDETTE_TEST_DATA", "../shared/data")).absolute()

ROOM = DATA / "clips" / "one-by-one-person-detection.mp4"
"""Its first picture is an empty room; a rendered garden takes its place where it is not at hand."""
QUIET = Footage(clip=ROOM if ROOM.exists() else None, still=True, noise_sigma=2.0, seconds=40)
QUIET_LONG = replace(QUIET, gop_s=4)
QUIET_SUB_CONSTANT = replace(QUIET, width=640, height=360, bit_rate=500_000)
QUIET_SUB = replace(QUIET_SUB_CONSTANT, bit_rate=0, noise_sigma=QUIET.noise_sigma / 3)
"""As the same sensor gives it, three pixels across averaged to one, at a variable bit rate: what Scrypted's
page "Codec Settings" tells its users to set for a sub stream (640x360, up to 500 kb/s, variable)."""


def footage(kind: Footage, suffix: str = ".mp4") -> Path:
    """The file for this kind of stream."""
    name = hashlib.sha256(repr(kind).encode()).hexdigest()[:16] + suffix
    path = CACHE / name
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        part = make_footage(CACHE / f"part-{name}", kind)
        part.replace(path)
    return path


def busy(seconds: float = 30) -> Path:
    """A 1080p camera in front of which something moves all the time."""
    clip = DATA / "clips" / "plaza_people_8s.mp4"
    if not clip.exists():
        return _rendered(seconds)
    return footage(Footage(clip=clip, noise_sigma=2.0, seconds=seconds))


def _rendered(seconds: float) -> Path:
    """The same from a rendered scene, where the footage is not at hand."""
    path = CACHE / f"rendered-{seconds:g}.mp4"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        scene = SCENES["garden"]
        write_video(path, VideoSpec(scene=scene, width=1920, height=1080, fps=25, seconds=seconds, gop=50))
    return path


def ffmpeg() -> str:
    """The ffmpeg program."""
    found = shutil.which("ffmpeg")
    if found is None:
        raise SkippedError("the ffmpeg program is not installed")
    return found
