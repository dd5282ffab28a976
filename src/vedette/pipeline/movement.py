"""Whether a box really moved: displacement that jitter, occlusion and changing light do not fake.

A detector's box of a still object jitters, and shrinks to what is left to see when somebody walks past. In
both cases opposite edges do not move together. An object that moves takes both its edges along, and one
that comes closer or goes away grows or shrinks on both axes at once. A single leap, however far, is no
movement either: that is a tracker that took one standing object for another.
"""

import math
from collections import deque
from collections.abc import Iterable
from statistics import median
from typing import Final

from vedette.domain.geometry import Box

STEP: Final = 0.3
"""Displacement, in object sizes, that counts as movement when many boxes agree."""
GAP_S: Final = 5.0
"""Nobody looked for so long: the gate was closed, so the object stood still up to now."""
_MEDIAN_OF: Final = 3
_STILL: Final = STEP / 2
_GROWTH: Final = math.log(1.4)


def shift(before: Box, after: Box) -> tuple[float, float]:
    """How far a box was carried, x and y in pixels: by as much as both opposite edges moved the same way."""
    return (
        _together(after.x - before.x, after.right - before.right),
        _together(after.y - before.y, after.bottom - before.bottom),
    )


def displacement(before: Box, after: Box) -> float:
    """How far a box was carried or scaled, in multiples of its size (1.4 times as large equals `STEP`)."""
    if before.area <= 0 or after.area <= 0:
        return 0.0
    dx, dy = shift(before, after)
    size = math.sqrt(math.sqrt(before.area * after.area))
    wider, taller = math.log(after.width / before.width), math.log(after.height / before.height)
    return max(math.hypot(dx, dy) / size, abs(_together(wider, taller)) / _GROWTH * STEP)


def median_box(boxes: Iterable[Box]) -> Box:
    """The box of the median edges."""
    boxes = list(boxes)
    left, top = median(b.x for b in boxes), median(b.y for b in boxes)
    right, bottom = median(b.right for b in boxes), median(b.bottom for b in boxes)
    return Box(left, top, right - left, bottom - top)


class Movement:
    """Follows one object's boxes and knows since when it has stood still.

    Attributes:
        moved: whether it was ever seen to move.
        moved_utc_s: when it was last seen to move; its first sighting until it did.
        still_utc_s: when it was last seen where it rested before the newest movement.
    """

    def __init__(self, box: Box, utc_s: float) -> None:
        self.moved = False
        self.moved_utc_s = self.still_utc_s = utc_s
        self._rested_utc_s = self._seen_utc_s = utc_s
        self._anchors = [box]
        self._recent: deque[Box] = deque([box], maxlen=_MEDIAN_OF)
        self._sightings = 1
        self._leap = 0.0

    @property
    def rested_s(self) -> float:
        """How long it had rested before the newest movement began."""
        return self.still_utc_s - self._rested_utc_s

    def observe(self, box: Box, utc_s: float) -> bool:
        """Take over the next sighting; returns whether the object has moved since the last movement."""
        if utc_s - self._seen_utc_s > GAP_S:
            self.still_utc_s = utc_s
        self._seen_utc_s = utc_s
        self._sightings += 1
        self._leap = max(self._leap, displacement(self._recent[-1], box))
        self._recent.append(box)
        anchor = median_box(self._anchors)
        distance = displacement(anchor, median_box(self._newest()))
        if distance >= max(self._needed(), self._leap + _STILL):
            self._set_off(utc_s)
            return True
        if displacement(anchor, box) <= _STILL:
            self.still_utc_s = utc_s
            if len(self._anchors) < _MEDIAN_OF:
                self._anchors.append(box)
        return False

    def rescale(self, x_factor: float, y_factor: float) -> None:
        """Go over to a picture of another size."""
        self._anchors = [box.scaled(x_factor, y_factor) for box in self._anchors]
        self._recent = deque((box.scaled(x_factor, y_factor) for box in self._recent), maxlen=_MEDIAN_OF)

    def _newest(self) -> list[Box]:
        """The boxes that stand for here and now: fewer while there are few, so that both ends differ."""
        count = max(1, min(_MEDIAN_OF, self._sightings // 2))
        return list(self._recent)[-count:]

    def _needed(self) -> float:
        """The fewer boxes agree, the further they must have moved: 2 STEP for three, 1 STEP for many."""
        return STEP * (1 + 3 / max(self._sightings, 3)) if not self.moved else STEP

    def _set_off(self, utc_s: float) -> None:
        self.moved = True
        self._rested_utc_s, self.moved_utc_s = self.moved_utc_s, utc_s
        self._anchors = self._newest()
        self._leap = 0.0


def _together(one: float, other: float) -> float:
    if one * other <= 0:
        return 0.0
    return math.copysign(min(abs(one), abs(other)), one)
