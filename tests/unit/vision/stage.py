"""A stage for the gate and the motion step: luma planes with known truth, rendered, coded or read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
WIDTH, HEIGHT = 320, 180


def room(seed: int = 1, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.float32]:
    """A textured place with edges: coarse and fine structure, furniture, a bright window."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width), 95.0, np.float32)
    for cells, strength in ((4, 25), (16, 14), (64, 8)):
        rough = rng.normal(0, strength, (max(cells * height // width, 1), cells)).astype(np.float32)
        picture += cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        x, y = rng.integers(0, width - 30), rng.integers(0, height - 30)
        w, h = rng.integers(8, width // 4), rng.integers(8, height // 4)
        picture[y : y + h, x : x + w] += rng.uniform(-35, 35)
    picture[10:60, 20:70] += 70
    return np.clip(picture, 8, 225)


def with_person(
    picture: NDArray[np.float32], x: float, y: float, width: float, height: float, contrast: float = 45
) -> NDArray[np.float32]:
    """The picture with a figure standing at foot point (x, y): head, torso and legs of different grey."""
    big = 4
    canvas = cv2.resize(picture, None, fx=big, fy=big, interpolation=cv2.INTER_NEAREST)
    left, top = (x - width / 2) * big, (y - height) * big
    parts = ((0.3, 0.0, 0.4, 0.16, 0.7), (0.05, 0.16, 0.9, 0.4, -1.0), (0.2, 0.56, 0.6, 0.44, -0.6))
    for px, py, pw, ph, tone in parts:
        x0, y0 = int(left + px * width * big), int(top + py * height * big)
        x1, y1 = int(x0 + pw * width * big), int(y0 + ph * height * big)
        part = canvas[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
        under = float(np.median(part)) if part.size else 0.0
        canvas[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = under + tone * contrast
    return cv2.resize(canvas, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_AREA)


class Sensor:
    """Turns light into luma: noise, clipping, rounding; the same seed gives the same pictures."""

    def __init__(self, sigma: float = 2.0, seed: int = 7) -> None:
        self._rng = np.random.default_rng(seed)
        self._sigma = sigma

    def take(self, light: NDArray[np.float32]) -> Luma:
        """One exposure."""
        noise = self._rng.normal(0, self._sigma, light.shape)
        return np.clip(light + noise + 0.5, 0, 255).astype(np.uint8)


def times(step_s: float, end_s: float) -> list[float]:
    """From 0 to before the end."""
    return [i * step_s for i in range(round(end_s / step_s))]


def coded(frames: Iterable[Luma], folder: Path, *, fps: float, kbit_s: int, gop: int) -> list[Luma]:
    """The frames after a round trip through x264 at a constant bit rate, groups of `gop` frames."""
    path = folder / f"coded-{kbit_s}-{gop}.mp4"
    with av.open(path, "w") as container:
        stream = None
        for pts, frame in enumerate(frames):
            if stream is None:
                stream = _stream(container, frame.shape, fps, kbit_s, gop)
            grey = np.full((frame.shape[0] // 2, frame.shape[1]), 128, np.uint8)
            picture = av.VideoFrame.from_ndarray(np.vstack((frame, grey)), format="yuv420p")
            picture.pts = pts
            container.mux(stream.encode(picture))
        assert stream is not None
        container.mux(stream.encode(None))
    return [luma for _, luma in lumas(path)]


def _stream(
    container: av.container.OutputContainer, shape: tuple[int, ...], fps: float, kbit_s: int, gop: int
) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
    assert isinstance(stream, av.VideoStream)
    stream.height, stream.width = shape[0], shape[1]
    stream.pix_fmt, stream.bit_rate, stream.gop_size = "yuv420p", kbit_s * 1000, gop
    rate = f"{kbit_s}k"
    stream.options = {
        "preset": "veryfast",
        "tune": "zerolatency",
        "maxrate": rate,
        "bufsize": rate,
        "nal-hrd": "cbr",
        "sc_threshold": "0",
        "threads": "1",
    }
    return stream


def lumas(path: Path) -> Iterator[tuple[float, Luma]]:
    """Time and luma plane, 320 wide, of every frame of a video."""
    with av.open(path) as container:
        for frame in container.decode(video=0):
            luma = frame.to_ndarray(format="gray")
            height = round(WIDTH * luma.shape[0] / luma.shape[1] / 2) * 2
            yield float(frame.time or 0), cv2.resize(luma, (WIDTH, height), interpolation=cv2.INTER_LINEAR)


def every(
    frames: Iterable[tuple[float, Luma]], step_s: float, start_s: float = 0.0
) -> Iterator[tuple[float, Luma]]:
    """The frames that somebody sees who looks every `step_s` seconds from `start_s` on."""
    due_s = start_s
    for at_s, luma in frames:
        if at_s >= due_s - 0.01:
            yield at_s, luma
            due_s = at_s + step_s


def share_seen(moved_s: Sequence[float], presence: tuple[float, float], step_s: float) -> float:
    """The share of a presence's looks at which something moved."""
    start_s, end_s = presence
    return sum(start_s <= at_s <= end_s for at_s in moved_s) * step_s / (end_s - start_s)


Scene = Callable[[float], NDArray[np.float32]]
