"""Places where rendered scenes happen: textured enough to be as hard to compress as a real one."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Bgr = NDArray[np.uint8]
"""Shape (height, width, 3)."""


def _texture(rng: np.random.Generator, width: int, height: int, coarse: int = 48) -> NDArray[np.float32]:
    """Noise of several sizes around 0, roughly -1 to 1."""
    total = np.zeros((height, width), np.float32)
    for cell, weight in ((coarse, 0.4), (max(coarse // 4, 2), 0.3), (3, 0.2), (1, 0.1)):
        noise = rng.normal(0, 1, (height // cell + 2, width // cell + 2)).astype(np.float32)
        total += weight * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return total


def _fill(
    picture: Bgr,
    rows: slice,
    columns: slice,
    colour: tuple[int, int, int],
    texture: NDArray[np.float32],
    depth: float,
) -> None:
    """Paint a rectangle in a colour made uneven by a texture."""
    grain = 1 + depth * texture[rows, columns, None]
    picture[rows, columns] = np.clip(np.array(colour, np.float32) * grain, 0, 255).astype(np.uint8)


def garden(width: int, height: int, seed: int) -> Bgr:
    """A lawn with a drive in front of a fence, a hedge, a house wall and the sky."""
    rng = np.random.default_rng(seed)
    grain = _texture(rng, width, height)
    picture = np.zeros((height, width, 3), np.uint8)
    everywhere = slice(0, width)
    horizon, fence, drive = round(height * 0.22), round(height * 0.42), round(height * 0.62)
    _fill(picture, slice(0, horizon), everywhere, (222, 208, 188), grain, 0.03)
    _fill(picture, slice(horizon, fence), everywhere, (52, 92, 62), grain, 0.35)
    _fill(picture, slice(fence, height), everywhere, (66, 124, 96), grain, 0.22)
    _fill(picture, slice(drive, round(height * 0.97)), everywhere, (132, 136, 140), grain, 0.08)
    _fence(picture, round(height * 0.30), fence, grain)
    _house(picture, grain)
    return picture


def _fence(picture: Bgr, top: int, bottom: int, grain: NDArray[np.float32]) -> None:
    width = picture.shape[1]
    plank = max(width // 60, 4)
    for left in range(width // 3, width, plank + 2):
        _fill(picture, slice(top, bottom), slice(left, min(left + plank, width)), (92, 122, 150), grain, 0.12)


def _house(picture: Bgr, grain: NDArray[np.float32]) -> None:
    height, width = picture.shape[:2]
    wall, bottom = round(width * 0.30), round(height * 0.46)
    _fill(picture, slice(0, bottom), slice(0, wall), (168, 186, 200), grain, 0.06)
    for row in range(0, bottom, max(height // 40, 4)):
        cv2.line(picture, (0, row), (wall, row), (140, 156, 170), 1)
    _fill(
        picture,
        slice(round(height * 0.10), round(height * 0.30)),
        slice(wall // 5, wall // 2),
        (96, 84, 70),
        grain,
        0.1,
    )
    _fill(
        picture,
        slice(round(height * 0.14), bottom),
        slice(round(wall * 0.64), round(wall * 0.88)),
        (60, 74, 108),
        grain,
        0.1,
    )


def room(width: int, height: int, seed: int) -> Bgr:
    """A room with a papered wall, a picture, a door, a sideboard and a wooden floor."""
    rng = np.random.default_rng(seed)
    grain = _texture(rng, width, height)
    picture = np.zeros((height, width, 3), np.uint8)
    floor = round(height * 0.56)
    _fill(picture, slice(0, floor), slice(0, width), (176, 190, 198), grain, 0.04)
    _fill(picture, slice(floor, height), slice(0, width), (84, 112, 146), grain, 0.12)
    for row in range(floor, height, max(height // 18, 4)):
        cv2.line(picture, (0, row), (width, row), (62, 84, 112), 1, cv2.LINE_AA)
    _fill(
        picture,
        slice(round(height * 0.12), floor),
        slice(round(width * 0.72), round(width * 0.86)),
        (120, 134, 150),
        grain,
        0.05,
    )
    _fill(
        picture,
        slice(round(height * 0.14), round(height * 0.34)),
        slice(round(width * 0.36), round(width * 0.56)),
        (116, 96, 74),
        grain,
        0.5,
    )
    _fill(
        picture,
        slice(round(height * 0.44), round(height * 0.62)),
        slice(round(width * 0.06), round(width * 0.3)),
        (58, 72, 96),
        grain,
        0.1,
    )
    return picture


BACKGROUNDS: dict[str, Callable[[int, int, int], Bgr]] = {"garden": garden, "room": room}
"""Each takes width, height and a seed; the same seed gives the same picture."""
