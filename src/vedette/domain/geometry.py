"""Boxes and polygons in picture pixels, and their arithmetic.

A `Box` is x, y, width, height with the origin at the top left (design vocabulary). Many boxes at once are
a float array of shape (N, 4) in the same order, so that the hot paths stay vectorised.
"""

from collections.abc import Sequence
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
BoxArray = NDArray[np.float64]
"""Shape (N, 4): x, y, width, height."""


class Box(msgspec.Struct, frozen=True, array_like=True):
    """An axis-aligned box in pixels of a named frame."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of the first column outside."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of the first row outside."""
        return self.y + self.height

    @property
    def area(self) -> float:
        """Square pixels; 0 for an empty box."""
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def center(self) -> Point:
        """The middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def foot(self) -> Point:
        """The middle of the lower edge: where the object stands on the ground."""
        return self.x + self.width / 2, self.bottom

    def clipped(self, width: float, height: float) -> "Box":
        """The part of the box that lies inside a picture of this size (empty, not negative, when none)."""
        left, top = min(max(self.x, 0.0), width), min(max(self.y, 0.0), height)
        right, bottom = min(max(self.right, left), width), min(max(self.bottom, top), height)
        return Box(left, top, right - left, bottom - top)

    def scaled(self, x_factor: float, y_factor: float) -> "Box":
        """The same box on a picture of another size."""
        return Box(self.x * x_factor, self.y * y_factor, self.width * x_factor, self.height * y_factor)

    def grown(self, fraction: float) -> "Box":
        """The box with `fraction` of its size added on each side."""
        dx, dy = self.width * fraction, self.height * fraction
        return Box(self.x - dx, self.y - dy, self.width + 2 * dx, self.height + 2 * dy)

    def union(self, other: Self) -> "Box":
        """The smallest box around both."""
        left, top = min(self.x, other.x), min(self.y, other.y)
        return Box(left, top, max(self.right, other.right) - left, max(self.bottom, other.bottom) - top)

    def intersection_area(self, other: Self) -> float:
        """Square pixels that both cover."""
        width = min(self.right, other.right) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(width, 0.0) * max(height, 0.0)

    def iou(self, other: Self) -> float:
        """Intersection over union, 0 to 1."""
        shared = self.intersection_area(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def covered_by(self, other: Self) -> float:
        """The share of this box, 0 to 1, that lies inside the other."""
        return self.intersection_area(other) / self.area if self.area > 0 else 0.0


def as_array(boxes: Sequence[Box]) -> BoxArray:
    """Boxes as an array of shape (N, 4)."""
    return np.array([(b.x, b.y, b.width, b.height) for b in boxes], dtype=np.float64).reshape(-1, 4)


def iou_matrix(first: BoxArray, second: BoxArray) -> NDArray[np.float64]:
    """Intersection over union of every pair: (N, 4) and (M, 4) give (N, M)."""
    top_left = np.maximum(first[:, None, :2], second[None, :, :2])
    bottom_right = np.minimum(
        first[:, None, :2] + first[:, None, 2:], second[None, :, :2] + second[None, :, 2:]
    )
    shared = np.prod(np.clip(bottom_right - top_left, 0, None), axis=2)
    areas = np.prod(first[:, 2:], axis=1)[:, None] + np.prod(second[:, 2:], axis=1)[None, :]
    union = areas - shared
    overlap: NDArray[np.float64] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return overlap


def polygon_contains(polygon: Sequence[Point], point: Point) -> bool:
    """Whether the point lies in the polygon (even-odd rule); points on the edge count as inside."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if _on_segment(x, y, x1, y1, x2, y2):
            return True
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def polygon_area(polygon: Sequence[Point]) -> float:
    """The area that the outline goes around (shoelace formula), in the points' units squared."""
    pairs = zip(polygon, [*polygon[1:], polygon[0]], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def crosses_itself(polygon: Sequence[Point]) -> bool:
    """Whether two edges that are not neighbours meet, other than in a point that both end in."""
    edges = list(zip(polygon, [*polygon[1:], polygon[0]], strict=True))
    last = len(edges) - 1
    return any(
        _cross(*edges[one], *edges[other])
        for one in range(len(edges))
        for other in range(one + 2, len(edges))
        if (one, other) != (0, last)
    )


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the segments a-b and c-d cross in a point inside both."""
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, point: Point) -> float:
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])


def _on_segment(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> bool:
    cross = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
    if abs(cross) > 1e-9:
        return False
    return min(x1, x2) - 1e-9 <= x <= max(x1, x2) + 1e-9 and min(y1, y2) - 1e-9 <= y <= max(y1, y2) + 1e-9
