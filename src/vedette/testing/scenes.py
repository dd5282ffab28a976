"""Scenes that the program renders itself, with the truth about who was in them and when.

`Scene` says what happens, `Renderer` draws any moment of it; both are deterministic, so the same scene
gives the same pictures on every machine.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import Box, Point
from vedette.testing.backgrounds import BACKGROUNDS, Bgr
from vedette.testing.figures import FigureKind, Look, blend, draw_figure, half_width, stride

_NOISE_PICTURES = 8


@dataclass(frozen=True, slots=True)
class Walk:
    """One figure's way through the picture, at even speed.

    Attributes:
        start_s: when it sets out; before and after its way it is not there.
        end_s: when it arrives; it must be later.
        path: where its feet are at both times, relative to the picture (0 to 1, outside means out of view).
        height: of the figure as a share of the picture's height.
    """

    kind: FigureKind = "person"
    start_s: float = 2.0
    end_s: float = 6.0
    path: tuple[Point, Point] = ((-0.1, 0.9), (1.1, 0.9))
    height: float = 0.4
    look: Look = field(default_factory=Look)

    def place(self, at_s: float, width: int, height: int) -> Box | None:
        """Its whole box in pixels, in view or not; None when it is not on its way."""
        if not self.start_s <= at_s < self.end_s:
            return None
        share = (at_s - self.start_s) / (self.end_s - self.start_s)
        (x0, y0), (x1, y1) = self.path
        tall = self.height * height
        wide = 2 * half_width(self.kind) * tall
        return Box(
            (x0 + (x1 - x0) * share) * width - wide / 2, (y0 + (y1 - y0) * share) * height - tall, wide, tall
        )


@dataclass(frozen=True, slots=True)
class Presence:
    """That something was to be seen, from `start_s` to `end_s`, in seconds from the start."""

    label: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Scene:
    """What happens in front of a camera.

    Attributes:
        background: a name of `BACKGROUNDS`.
        walks: who passes, and when.
        period_s: everything happens again after so long; 0 means once.
        noise_sigma: of the sensor, grey levels.
        lights: from each time on the light has this strength (1 is normal); times ascending.
    """

    background: str = "garden"
    walks: tuple[Walk, ...] = ()
    period_s: float = 0.0
    noise_sigma: float = 2.0
    lights: tuple[tuple[float, float], ...] = ()
    seed: int = 1

    def at(self, at_s: float) -> float:
        """The time within the period."""
        return at_s % self.period_s if self.period_s else at_s

    def light(self, at_s: float) -> float:
        """How strong the light is."""
        return next((gain for since, gain in reversed(self.lights) if self.at(at_s) >= since), 1.0)

    def boxes(self, at_s: float, width: int, height: int) -> list[tuple[str, Box]]:
        """Label and box, clipped to the picture, of everything of which at least a quarter is in view."""
        found: list[tuple[str, Box]] = []
        for walk in self.walks:
            whole = walk.place(self.at(at_s), width, height)
            if whole and (seen := whole.clipped(width, height)).area >= whole.area / 4:
                found.append((walk.kind, seen))
        return found

    def presences(self, duration_s: float, step_s: float = 0.04) -> tuple[Presence, ...]:
        """Who is in view when, between 0 and `duration_s`, to the nearest step."""
        found = []
        for walk in self.walks:
            alone = Scene(walks=(walk,), period_s=self.period_s)
            times = [
                i * step_s for i in range(round(duration_s / step_s)) if alone.boxes(i * step_s, 1600, 900)
            ]
            found += [Presence(walk.kind, first, last + step_s) for first, last in _runs(times, step_s)]
        return tuple(sorted(found, key=lambda presence: presence.start_s))


def _runs(times: list[float], step_s: float) -> Iterator[tuple[float, float]]:
    """First and last of each unbroken run of steps."""
    start = previous = None
    for at_s in times:
        if start is None or previous is None or at_s - previous > 1.5 * step_s:
            if start is not None and previous is not None:
                yield start, previous
            start = at_s
        previous = at_s
    if start is not None and previous is not None:
        yield start, previous


@dataclass
class Renderer:
    """Draws a scene at one size."""

    scene: Scene
    width: int
    height: int
    _figures: Callable[..., NDArray[np.uint8]] = field(default=lru_cache(maxsize=64)(draw_figure), repr=False)

    @cached_property
    def background(self) -> Bgr:
        """The place without anybody in it."""
        return BACKGROUNDS[self.scene.background](self.width, self.height, self.scene.seed)

    def picture(self, at_s: float) -> Bgr:
        """The scene at this time, shape (height, width, 3), BGR."""
        picture = self.background.copy()
        for walk in sorted(self.scene.walks, key=lambda walk: walk.path[0][1]):
            self._draw(picture, walk, self.scene.at(at_s))
        if (gain := self.scene.light(at_s)) != 1.0:
            picture = np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)
        return self._with_noise(picture, at_s)

    def _draw(self, picture: Bgr, walk: Walk, at_s: float) -> None:
        whole = walk.place(at_s, self.width, self.height)
        if whole is None or not whole.clipped(self.width, self.height).area:
            return
        tall = max(round(whole.height), 4)
        way = abs(walk.path[1][0] - walk.path[0][0]) * self.width / (walk.end_s - walk.start_s)
        turns = way * (at_s - walk.start_s) / (stride(walk.kind) * tall)
        phase = round(turns % 1 * 24) / 24 * math.tau
        facing_left = walk.path[1][0] < walk.path[0][0]
        patch = self._figures(walk.kind, tall, phase, walk.look, facing_left=facing_left)
        self._shadow(picture, whole)
        blend(picture, patch, round(whole.center[0] - patch.shape[1] / 2), round(whole.bottom) - tall)

    def _shadow(self, picture: Bgr, whole: Box) -> None:
        """A soft dark ellipse on the ground."""
        half, flat = round(whole.width * 0.55), max(round(whole.height * 0.05), 2)
        patch = np.zeros((4 * flat, 2 * half + 4 * flat, 4), np.uint8)
        cv2.ellipse(patch, (patch.shape[1] // 2, 2 * flat), (half, flat), 0, 0, 360, (12, 16, 14, 120), -1)
        soft = cv2.blur(patch[:, :, 3], (flat | 1, flat | 1))
        patch[:, :, 3] = soft
        blend(picture, patch, round(whole.center[0]) - patch.shape[1] // 2, round(whole.bottom) - 2 * flat)

    @cached_property
    def _noise(self) -> NDArray[np.int8]:
        rng = np.random.default_rng(self.scene.seed + 1)
        shape = (_NOISE_PICTURES, self.height, self.width, 3)
        noise = rng.standard_normal(shape, np.float32) * self.scene.noise_sigma
        return np.asarray(noise.round().clip(-127, 127), np.int8)

    def _with_noise(self, picture: Bgr, at_s: float) -> Bgr:
        if self.scene.noise_sigma <= 0:
            return picture
        step = round(at_s * 1000)
        rolled = np.roll(self._noise[step * 7 % _NOISE_PICTURES], step * 131 % self.width, axis=1)
        return np.asarray(cv2.add(picture, rolled, dtype=cv2.CV_8U), np.uint8)


_BLUE, _WHITE = Look((150, 90, 40), (60, 54, 50)), Look((225, 225, 225), (120, 120, 118))
_FUR = Look((24, 28, 34), (30, 36, 44))

SCENES: dict[str, Scene] = {
    "garden": Scene(
        "garden",
        (
            Walk("person", 6, 16, ((-0.1, 0.93), (1.1, 0.93)), 0.52),
            Walk("car", 24, 31, ((1.3, 0.90), (-0.3, 0.90)), 0.26, _BLUE),
            Walk("dog", 39, 46, ((-0.15, 0.73), (1.15, 0.73)), 0.22, _FUR),
        ),
        period_s=55.0,
    ),
    "room": Scene(
        "room",
        (Walk("person", 5, 13, ((1.1, 0.96), (-0.1, 0.96)), 0.62, Look((60, 110, 60))),),
        period_s=25.0,
    ),
    "street": Scene("garden", (Walk("car", 4, 9, ((-0.3, 0.92), (1.3, 0.92)), 0.26, _WHITE),), period_s=15.0),
}
"""What `scene:NAME` shows; `garden` is the demo's. `yolox_nano` takes its people and cars for such."""
