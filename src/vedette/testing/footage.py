"""Long camera streams made of short clips or of one still place: what benchmarks and load tests need.

With the `ffmpeg` program it goes several times faster; without it PyAV does the same work.
"""

import itertools
import math
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from vedette.domain.errors import SourceError
from vedette.testing.backgrounds import BACKGROUNDS, Bgr
from vedette.testing.video import VideoSpec, encoder_options, write_video

_NOISE_PICTURES = 16


@dataclass(frozen=True, slots=True)
class Footage:
    """How the stream is to be: closed groups of pictures, no bidirectional ones.

    Attributes:
        clip: what it is made of, from its start again when it is too short; None is an empty garden.
        still: nothing moves: the clip's first picture all the time.
        gop_s: seconds from one keyframe to the next.
        bit_rate: constant, in bits per second; 0 means constant quality instead.
        noise_sigma: of the sensor, grey levels.
        preset: of x264.
    """

    clip: Path | None = None
    still: bool = False
    width: int = 1920
    height: int = 1080
    fps: int = 25
    seconds: float = 60.0
    gop_s: float = 2.0
    bit_rate: int = 4_000_000
    noise_sigma: float = 0.0
    preset: str = "veryfast"

    @property
    def video(self) -> VideoSpec:
        """The same for the encoder."""
        return VideoSpec(
            width=self.width,
            height=self.height,
            fps=self.fps,
            seconds=self.seconds,
            gop=round(self.gop_s * self.fps),
            bit_rate=self.bit_rate,
            constant_rate=True,
            preset=self.preset,
        )


def make_footage(path: Path, footage: Footage, *, ffmpeg: str | None = shutil.which("ffmpeg")) -> Path:
    """Write an H.264 file (`.mp4` or `.h264`) as specified.

    Args:
        path: of the file.
        footage: what it is to be.
        ffmpeg: the program; None works without.

    Raises:
        SourceError: the clip cannot be read, or ffmpeg failed.
    """
    if ffmpeg is None:
        return write_video(path, footage.video, _noisy(footage, _pictures(footage)))
    with tempfile.TemporaryDirectory() as folder:
        command = [ffmpeg, "-hide_banner", "-loglevel", "error", "-y", *_input(footage, Path(folder))]
        command += [
            "-an",
            "-vf",
            _filters(footage),
            "-t",
            f"{footage.seconds:g}",
            *_encoding(footage),
            str(path),
        ]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SourceError(f"ffmpeg could not make {path.name}: {done.stderr.strip()[-500:]}")
    return path


def _input(footage: Footage, folder: Path) -> list[str]:
    if footage.clip and not footage.still:
        return ["-stream_loop", "-1", "-i", str(footage.clip)]
    still = folder / "still.png"
    cv2.imwrite(str(still), next(_pictures(footage)))
    return ["-loop", "1", "-framerate", str(footage.fps), "-i", str(still)]


def _filters(footage: Footage) -> str:
    size = f"{footage.width}:{footage.height}"
    filters = [f"fps={footage.fps}", f"scale={size}:force_original_aspect_ratio=increase", f"crop={size}"]
    if footage.noise_sigma:
        # The filter's Gaussian noise has a sigma of strength / sqrt(3).
        filters.append(f"noise=alls={round(footage.noise_sigma * math.sqrt(3))}:allf=t")
    return ",".join([*filters, "format=yuv420p"])


def _encoding(footage: Footage) -> list[str]:
    options = encoder_options(footage.video) | {"threads": "0"}
    return ["-c:v", "libx264", *itertools.chain(*((f"-{name}", value) for name, value in options.items()))]


def _pictures(footage: Footage) -> Iterator[Bgr]:
    """The pictures without noise; the clip's picture rate is adapted by repeating or leaving out."""
    if footage.clip is None:
        yield from itertools.repeat(
            BACKGROUNDS["garden"](footage.width, footage.height, 1), footage.video.pictures
        )
        return
    if footage.still:
        yield from itertools.repeat(_fitted(next(_decoded(footage.clip))[1], footage), footage.video.pictures)
        return
    start_s, wanted = 0.0, 0
    while wanted < footage.video.pictures:
        end_s = 0.0
        for at_s, frame in _decoded(footage.clip):
            end_s = at_s
            while wanted < footage.video.pictures and wanted / footage.fps <= start_s + at_s:
                yield _fitted(frame, footage)
                wanted += 1
        start_s += end_s + 1 / footage.fps


def _decoded(clip: Path) -> Iterator[tuple[float, av.VideoFrame]]:
    try:
        container = av.open(str(clip))
    except (av.FFmpegError, OSError) as error:
        raise SourceError(f"{clip} cannot be read: {error}") from error
    with container:
        frames = container.decode(video=0)
        first = next(frames, None)
        if first is None:
            raise SourceError(f"{clip} holds no picture that can be decoded.")
        for frame in itertools.chain([first], frames):
            yield (frame.time or 0.0) - (first.time or 0.0), frame


def _fitted(frame: av.VideoFrame, footage: Footage) -> Bgr:
    """The picture at the wanted size, cut rather than stretched."""
    scale = max(footage.width / frame.width, footage.height / frame.height)
    size = (math.ceil(frame.width * scale), math.ceil(frame.height * scale))
    picture = cv2.resize(frame.to_ndarray(format="bgr24"), size)
    top, left = (size[1] - footage.height) // 2, (size[0] - footage.width) // 2
    return np.asarray(picture[top : top + footage.height, left : left + footage.width], np.uint8)


def _noisy(footage: Footage, pictures: Iterator[Bgr]) -> Iterator[Bgr]:
    if not footage.noise_sigma:
        yield from pictures
        return
    rng = np.random.default_rng(1)
    shape = (_NOISE_PICTURES, footage.height, footage.width, 1)
    noise = np.round(rng.standard_normal(shape, np.float32) * footage.noise_sigma).astype(np.int16)
    for index, picture in enumerate(pictures):
        layer = np.roll(noise[index * 7 % _NOISE_PICTURES], index * 131 % footage.width, axis=1)
        yield np.clip(picture + layer, 0, 255).astype(np.uint8)
