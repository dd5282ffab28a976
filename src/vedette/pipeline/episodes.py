"""What is known about one appearance of an object: the material that an event is made of."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import msgspec

from vedette.domain.camera import Zone
from vedette.domain.geometry import Box
from vedette.domain.messages import PathPoint
from vedette.domain.zones import ZoneClock, relative_foot

PATH_POINTS: Final = 200
_SCORES: Final = 20
_CUT_WORTH: Final = 0.5
_CLEARLY_BETTER: Final = 1.1


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One object in one frame of width x height pixels."""

    utc_s: float
    label: str
    score: float
    box: Box
    width: int
    height: int

    @property
    def worth(self) -> float:
        """How good a picture of the object this is: sure, large, and not cut by the border."""
        share = self.box.area / (self.width * self.height)
        return self.score * share * (_CUT_WORTH if self.is_cut else 1.0)

    @property
    def is_cut(self) -> bool:
        """Whether the box touches the border of the picture."""
        box = self.box
        return box.x <= 1 or box.y <= 1 or box.right >= self.width - 1 or box.bottom >= self.height - 1

    def rescaled(self, width: int, height: int) -> "Sighting":
        """The same on a picture of another size."""
        box = self.box.scaled(width / self.width, height / self.height)
        return msgspec.structs.replace(self, box=box, width=width, height=height)


class Path:
    """Where an object was, in at most `PATH_POINTS` points: when full, every other one is dropped."""

    def __init__(self) -> None:
        self._points: list[PathPoint] = []
        self._newest: PathPoint | None = None
        self._spacing_s = 0.0

    @property
    def points(self) -> tuple[PathPoint, ...]:
        """Thinned, the newest always among them."""
        if self._newest is None or self._points[-1] is self._newest:
            return tuple(self._points)
        return (*self._points, self._newest)

    def add(self, point: PathPoint) -> None:
        """Append the newest point."""
        self._newest = point
        if self._points and point.utc_s - self._points[-1].utc_s < self._spacing_s:
            return
        self._points.append(point)
        if len(self._points) >= PATH_POINTS:
            self._points = self._points[::2]
            span_s = point.utc_s - self._points[0].utc_s
            self._spacing_s = max(2 * self._spacing_s, 2 * span_s / PATH_POINTS)

    def rescale(self, x_factor: float, y_factor: float) -> None:
        """Go over to a picture of another size."""
        self._points = [PathPoint(p.utc_s, p.box.scaled(x_factor, y_factor)) for p in self._points]
        if self._newest is not None:
            self._newest = PathPoint(self._newest.utc_s, self._newest.box.scaled(x_factor, y_factor))


@dataclass(slots=True)
class Activity:
    """What an object did: whether it moved, and in how many frames something moved inside its box."""

    moved: bool = False
    stirs: int = 0


class Episode:
    """One appearance, from its first sighting on.

    Attributes:
        start_utc_s: when it began.
        best: the sighting that shows the object best.
        score: the highest score so far.
    """

    def __init__(self, first: Sighting, zones: Sequence[Zone], start_utc_s: float | None = None) -> None:
        self.start_utc_s = first.utc_s if start_utc_s is None else start_utc_s
        self.newest = self.best = first
        self.score = 0.0
        self.hits = 0
        self.activity = Activity()
        self.zones = ZoneClock(zones)
        self.path = Path()
        self._scores: deque[float] = deque(maxlen=_SCORES)
        self.observe(first)

    @property
    def label(self) -> str:
        """The label the tracker believes in now."""
        return self.newest.label

    @property
    def seen_utc_s(self) -> float:
        """When the object was last seen."""
        return self.newest.utc_s

    @property
    def typical_score(self) -> float:
        """The median of the better half of the newest scores.

        The plain median punishes an object for its passage through the border and the shadow, where every
        detector hesitates; a false alarm hesitates always.
        """
        scores = sorted(self._scores, reverse=True)
        return median(scores[: (len(scores) + 1) // 2])

    def observe(self, sighting: Sighting) -> None:
        """Take over the next sighting."""
        self.newest = sighting
        self.hits += 1
        self._scores.append(sighting.score)
        self.score = max(self.score, sighting.score)
        if sighting.worth > _CLEARLY_BETTER * self.best.worth:
            self.best = sighting
        self.path.add(PathPoint(sighting.utc_s, sighting.box))
        foot = relative_foot(sighting.box, sighting.width, sighting.height)
        self.zones.observe(sighting.label, foot, sighting.utc_s)

    def rescale(self, width: int, height: int) -> None:
        """Go over to a picture of another size."""
        self.path.rescale(width / self.newest.width, height / self.newest.height)
        self.best = self.best.rescaled(width, height)
        self.newest = self.newest.rescaled(width, height)
