"""People, cars and dogs, drawn: limbs that swing, wheels that stand on the ground, light from the left.

A figure is drawn on a patch of four channels (blue, green, red, opacity) at twice its size and shrunk, so
that its edges are as soft as a lens makes them, and then blended into a picture.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Patch = NDArray[np.uint8]
Colour = tuple[int, int, int]
FigureKind = Literal["person", "car", "dog"]

SKIN: Colour = (132, 164, 214)
HAIR: Colour = (28, 34, 46)
GLASS: Colour = (92, 80, 66)
TYRE: Colour = (26, 26, 28)
_DETAIL = 2
_SHIFT = 4


@dataclass(frozen=True, slots=True)
class Look:
    """How one figure is dressed or painted: blue, green, red.

    Attributes:
        upper: jacket, body paint or fur.
        lower: trousers, sill or legs.
    """

    upper: Colour = (150, 70, 40)
    lower: Colour = (70, 52, 44)


@dataclass(slots=True)
class _Pen:
    """Draws on a patch in units of the figure's own height: x to the right, y up from the ground."""

    patch: Patch
    scale: float
    origin_x: float

    def point(self, x: float, y: float) -> tuple[int, int]:
        return (
            round((self.origin_x + x * self.scale) * 2**_SHIFT),
            round((self.patch.shape[0] - y * self.scale) * 2**_SHIFT),
        )

    def limb(
        self, ends: tuple[float, float, float, float], widths: tuple[float, float], colour: Colour
    ) -> None:
        """A tapered limb with round ends."""
        x1, y1, x2, y2 = ends
        length = math.hypot(x2 - x1, y2 - y1) or 1e-6
        nx, ny = (y1 - y2) / length, (x2 - x1) / length
        a, b = widths[0] / 2, widths[1] / 2
        self.polygon(
            [
                (x1 + nx * a, y1 + ny * a),
                (x2 + nx * b, y2 + ny * b),
                (x2 - nx * b, y2 - ny * b),
                (x1 - nx * a, y1 - ny * a),
            ],
            colour,
        )
        self.ellipse((x1, y1), (a, a), colour)
        self.ellipse((x2, y2), (b, b), colour)

    def polygon(self, points: list[tuple[float, float]], colour: Colour) -> None:
        corners = np.array([self.point(x, y) for x, y in points], np.int32)
        cv2.fillPoly(self.patch, [corners], (*colour, 255), cv2.LINE_AA, _SHIFT)

    def ellipse(
        self, center: tuple[float, float], radii: tuple[float, float], colour: Colour, angle: float = 0
    ) -> None:
        axes = (round(radii[0] * self.scale * 2**_SHIFT), round(radii[1] * self.scale * 2**_SHIFT))
        cv2.ellipse(
            self.patch, self.point(*center), axes, angle, 0, 360, (*colour, 255), -1, cv2.LINE_AA, _SHIFT
        )


def _shade(colour: Colour, factor: float) -> Colour:
    return (round(colour[0] * factor), round(colour[1] * factor), round(colour[2] * factor))


def _leg(pen: _Pen, swing: float, colour: Colour) -> None:
    hip, bend = (0.0, 0.50), max(0.0, -swing) * 0.5
    knee = (hip[0] + 0.25 * math.sin(swing), hip[1] - 0.25 * math.cos(swing))
    foot = (knee[0] + 0.24 * math.sin(swing - bend), max(0.025, knee[1] - 0.24 * math.cos(swing - bend)))
    pen.limb((*hip, *knee), (0.115, 0.085), colour)
    pen.limb((*knee, *foot), (0.085, 0.055), colour)
    pen.limb((foot[0] - 0.015, foot[1] - 0.005, foot[0] + 0.065, foot[1] - 0.008), (0.04, 0.03), TYRE)


def _arm(pen: _Pen, swing: float, colour: Colour) -> None:
    shoulder = (0.0, 0.80)
    elbow = (0.17 * math.sin(swing), shoulder[1] - 0.17 * math.cos(swing))
    hand = (elbow[0] + 0.15 * math.sin(swing + 0.45), elbow[1] - 0.15 * math.cos(swing + 0.45))
    pen.limb((*shoulder, *elbow), (0.075, 0.06), colour)
    pen.limb((*elbow, *hand), (0.06, 0.042), colour)
    pen.ellipse(hand, (0.024, 0.028), SKIN)


def _person(pen: _Pen, phase: float, look: Look) -> None:
    swing = 0.5 * math.sin(phase)
    _arm(pen, swing, _shade(look.upper, 0.65))
    _leg(pen, -swing, _shade(look.lower, 0.7))
    _leg(pen, swing, look.lower)
    pen.limb((0, 0.53, 0, 0.62), (0.155, 0.15), look.lower)
    pen.limb((0, 0.57, 0.005, 0.79), (0.155, 0.165), look.upper)
    pen.limb((0.005, 0.82, 0.012, 0.88), (0.065, 0.06), _shade(SKIN, 0.85))
    pen.ellipse((0.012, 0.928), (0.052, 0.068), HAIR)
    pen.ellipse((0.028, 0.918), (0.041, 0.054), SKIN)
    pen.ellipse((0.004, 0.957), (0.05, 0.036), HAIR, 8)
    pen.ellipse((0.068, 0.912), (0.010, 0.008), _shade(SKIN, 0.9))
    _arm(pen, -swing, _shade(look.upper, 0.9))


def _wheel(pen: _Pen, x: float, phase: float) -> None:
    pen.ellipse((x, 0.23), (0.23, 0.23), TYRE)
    pen.ellipse((x, 0.23), (0.145, 0.145), (168, 166, 164))
    for spoke in range(5):
        angle = -phase + spoke * math.tau / 5
        tip = (x + 0.12 * math.cos(angle), 0.23 + 0.12 * math.sin(angle))
        pen.limb((x, 0.23, *tip), (0.03, 0.05), (88, 86, 86))
    pen.ellipse((x, 0.23), (0.035, 0.035), (60, 60, 60))


_CAR_BODY = [
    (-1.50, 0.22), (-1.53, 0.48), (-1.48, 0.66), (-1.12, 0.72), (-0.78, 0.97), (-0.15, 1.0), (0.30, 0.96),
    (0.74, 0.68), (1.28, 0.58), (1.48, 0.46), (1.52, 0.24), (1.40, 0.17), (-1.40, 0.17),
]  # fmt: skip
_CAR_GLASS = [
    [(-1.02, 0.69), (-0.74, 0.91), (-0.22, 0.935), (-0.22, 0.67)],
    [(-0.14, 0.67), (-0.14, 0.935), (0.27, 0.90), (0.60, 0.66)],
]


def _car(pen: _Pen, phase: float, look: Look) -> None:
    pen.polygon(_CAR_BODY, look.upper)
    pen.polygon(
        [(-1.53, 0.44), (1.50, 0.40), (1.52, 0.24), (1.40, 0.17), (-1.40, 0.17), (-1.50, 0.22)],
        _shade(look.upper, 0.72),
    )
    pen.polygon([(-1.40, 0.17), (-1.45, 0.24), (1.48, 0.24), (1.40, 0.17)], _shade(look.upper, 0.35))
    for glass in _CAR_GLASS:
        pen.polygon(glass, GLASS)
        pen.polygon(
            [(x * 0.5 + glass[0][0] * 0.5, y * 0.5 + glass[1][1] * 0.5) for x, y in glass], _shade(GLASS, 1.5)
        )
    for x in (-0.18, 0.62, -0.98):
        pen.limb((x, 0.26, x, 0.66), (0.012, 0.012), _shade(look.upper, 0.5))
    for x in (-0.34, 0.46):
        pen.limb((x - 0.06, 0.60, x + 0.04, 0.60), (0.03, 0.03), _shade(look.upper, 0.45))
    pen.ellipse((1.38, 0.49), (0.10, 0.05), (225, 240, 245), 20)
    pen.ellipse((-1.47, 0.58), (0.05, 0.08), (40, 40, 190))
    for x in (-0.93, 0.95):
        pen.ellipse((x, 0.26), (0.28, 0.28), _shade(look.upper, 0.2))
        _wheel(pen, x, phase)


def _paw(pen: _Pen, x: float, swing: float, colour: Colour) -> None:
    knee = (x + 0.22 * math.sin(swing), 0.46 - 0.22 * math.cos(swing))
    foot = (knee[0] + 0.18 * math.sin(swing * 0.4 - 0.15), max(0.03, knee[1] - 0.20))
    pen.limb((x, 0.50, *knee), (0.20, 0.11), colour)
    pen.limb((*knee, *foot), (0.10, 0.075), colour)
    pen.limb((*foot, foot[0] + 0.07, foot[1]), (0.07, 0.06), colour)


def _dog(pen: _Pen, phase: float, look: Look) -> None:
    swing, fur = 0.55 * math.sin(phase), look.upper
    for x, side in ((0.28, -1), (-0.36, 1)):
        _paw(pen, x, side * swing, _shade(fur, 0.55))
    pen.limb((-0.46, 0.64, -0.74, 0.90 + 0.05 * math.sin(phase * 2)), (0.11, 0.05), _shade(fur, 0.85))
    pen.limb((-0.36, 0.57, 0.26, 0.56), (0.34, 0.42), fur)
    pen.limb((-0.30, 0.71, 0.24, 0.73), (0.08, 0.08), _shade(fur, 0.7))
    for x, side in ((0.24, 1), (-0.40, -1)):
        _paw(pen, x, side * swing, _shade(fur, 0.92))
    pen.limb((0.34, 0.62, 0.48, 0.80), (0.34, 0.26), fur)
    _dog_head(pen, look)


def _dog_head(pen: _Pen, look: Look) -> None:
    fur = look.upper
    pen.ellipse((0.55, 0.84), (0.17, 0.155), fur)
    pen.limb((0.62, 0.79, 0.80, 0.76), (0.16, 0.12), look.lower)
    pen.limb((0.64, 0.83, 0.80, 0.80), (0.09, 0.07), fur)
    pen.limb((0.68, 0.72, 0.80, 0.71), (0.02, 0.015), _shade(fur, 0.3))
    pen.ellipse((0.85, 0.79), (0.04, 0.034), TYRE)
    pen.ellipse((0.63, 0.875), (0.024, 0.024), TYRE)
    pen.ellipse((0.636, 0.882), (0.008, 0.008), (240, 240, 240))
    pen.polygon([(0.42, 0.97), (0.54, 0.94), (0.52, 0.70), (0.43, 0.66), (0.37, 0.78)], _shade(fur, 0.45))


_FIGURES: dict[FigureKind, tuple[Callable[[_Pen, float, Look], None], float, float]] = {
    "person": (_person, 0.40, 0.55),
    "car": (_car, 1.60, 1.45),
    "dog": (_dog, 1.00, 0.75),
}
"""Painter, half the width and the length of a stride or of a turn of the wheel, in figure heights."""


def half_width(kind: FigureKind) -> float:
    """Half the width that a figure of height 1 takes."""
    return {"person": 0.25, "car": 1.53, "dog": 0.93}[kind]


def stride(kind: FigureKind) -> float:
    """How far a figure of height 1 gets while its legs or wheels go round once."""
    return _FIGURES[kind][2]


def draw_figure(
    kind: FigureKind, height: int, phase: float, look: Look, *, facing_left: bool = False
) -> Patch:
    """Draw one figure.

    Args:
        kind: what it is.
        height: of the patch, pixels.
        phase: of the step, radians.
        look: its colours.
        facing_left: figures look to the right otherwise.

    Returns:
        Shape (height, width, 4): blue, green, red, opacity; the feet stand on the lower edge.
    """
    paint, reach, _ = _FIGURES[kind]
    scale = height * _DETAIL
    patch = np.zeros((scale, math.ceil(2 * reach * scale / _DETAIL) * _DETAIL, 4), np.uint8)
    paint(_Pen(patch, scale, patch.shape[1] / 2), phase, look)
    small = cv2.resize(patch, (patch.shape[1] // _DETAIL, height), interpolation=cv2.INTER_AREA)
    if facing_left:
        small = cv2.flip(small, 1)
    return _lit(np.asarray(small, np.uint8))


def _lit(patch: Patch) -> Patch:
    """Light from the upper left, and a little grain, as cloth and paint have."""
    height, width = patch.shape[:2]
    light = np.linspace(1.12, 0.88, width)[None, :] * np.linspace(1.08, 0.90, height)[:, None]
    grain = np.random.default_rng(width).normal(1.0, 0.035, (height, width))
    lit = patch[:, :, :3] * cv2.GaussianBlur(light * grain, (3, 3), 0)[:, :, None]
    patch[:, :, :3] = np.clip(lit, 0, 255).astype(np.uint8)
    return patch


def blend(picture: NDArray[np.uint8], patch: Patch, left: int, top: int) -> None:
    """Lay a patch on a picture, in place; parts outside are cut off."""
    height, width = picture.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + patch.shape[1], width), min(top + patch.shape[0], height)
    if x0 >= x1 or y0 >= y1:
        return
    part = patch[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.uint16)
    below = picture[y0:y1, x0:x1]
    opacity = part[:, :, 3:]
    below[:] = (part[:, :, :3] * opacity + below * (255 - opacity)) // 255
