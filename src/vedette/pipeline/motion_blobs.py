"""Blobs of motion: what moves, gathered and measured, and the rules for a motion event."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from vedette.domain.camera import Profile
from vedette.domain.geometry import Box
from vedette.pipeline.drafts import Draft
from vedette.pipeline.episodes import Episode, Sighting
from vedette.pipeline.movement import shift

_LEAST_FRAMES: Final = 3
_LEAST_S: Final = 0.6
_STEADY: Final = 0.8
_FAR: Final = 0.08
_NEAR: Final = 0.04
_STRAIGHT: Final = 0.5
_STRIDE: Final = 0.5
_ALIKE: Final = 0.5
_SAME_THING: Final = 0.3
_OFTEN: Final = 0.3


@dataclass(frozen=True, slots=True)
class Explanation:
    """A box of an object that may be what moves; `certain` when it has made an event."""

    box: Box
    certain: bool


class Blob:
    """One moving area over time, and what speaks for and against an event."""

    def __init__(self, first: Sighting, draft: Draft, frames: int) -> None:
        self.draft = draft
        self.first = first
        self._born = self._seen = frames
        self.travelled = 0.0
        self.walked = 0.0
        self.likeness = 0.0
        self.explained = 0
        self.explained_now = self.is_object = False
        self._stride = first.box

    @property
    def episode(self) -> Episode:
        """Its sightings."""
        return self.draft.episode

    @property
    def lasted_s(self) -> float:
        """From the first to the last sighting."""
        return self.episode.seen_utc_s - self.first.utc_s

    @property
    def frames(self) -> int:
        """Looks from the first to the last sighting, those in vain included."""
        return self._seen - self._born + 1

    def observe(self, sighting: Sighting, frames: int, explanations: Iterable[Explanation]) -> None:
        """Take over the next sighting, in frame number `frames`, and whether an object explains it."""
        self._seen = frames
        self.likeness += likeness(self.episode.newest.box, sighting.box)
        self.episode.observe(sighting)
        self._measure(sighting)
        self.note(explanations)
        self.explained += self.explained_now

    def note(self, explanations: Iterable[Explanation]) -> None:
        """Compare with the objects of this frame."""
        same = [e for e in explanations if is_same_thing(self.episode.newest.box, e.box)]
        self.explained_now = bool(same)
        self.is_object = self.is_object or any(e.certain for e in same)

    def _measure(self, sighting: Sighting) -> None:
        self.travelled = max(self.travelled, math.hypot(*shift(self.first.box, sighting.box)))
        step = math.dist(self._stride.center, sighting.box.center)
        if step >= _STRIDE * math.sqrt(sighting.box.area):
            self.walked += step
            self._stride = sighting.box


def likeness(one: Box, other: Box) -> float:
    """How alike two boxes are in size, 0 to 1."""
    shared = min(one.width, other.width) * min(one.height, other.height)
    return shared / (max(one.width, other.width) * max(one.height, other.height))


def is_same_thing(one: Box, other: Box) -> bool:
    """Whether two boxes share much of the smaller one."""
    smaller = min(one.area, other.area)
    return smaller > 0 and one.intersection_area(other) >= _SAME_THING * smaller


def gather(boxes: Sequence[Box], distance: float) -> list[Box]:
    """Merge boxes that touch when each is grown by `distance` pixels, until none do."""
    blobs: list[Box] = []
    for box in boxes:
        merged, apart = box, blobs
        while near := [other for other in apart if _touch(merged, other, distance)]:
            apart = [other for other in apart if other not in near]
            for other in near:
                merged = merged.union(other)
        blobs = [*apart, merged]
    return blobs


def _touch(one: Box, other: Box, distance: float) -> bool:
    return (
        max(one.x, other.x) - min(one.right, other.right) <= 2 * distance
        and max(one.y, other.y) - min(one.bottom, other.bottom) <= 2 * distance
    )


# The rules: all must hold.


def is_lasting(blob: Blob, _profile: Profile) -> bool:
    """It was there in enough frames and for long enough."""
    return blob.episode.hits >= _LEAST_FRAMES and blob.lasted_s >= _LEAST_S


def is_steady(blob: Blob, _profile: Profile) -> bool:
    """It was there in nearly every frame since it appeared: rain and noise are not."""
    return blob.episode.hits >= _STEADY * blob.frames


def is_coherent(blob: Blob, _profile: Profile) -> bool:
    """It keeps its size from frame to frame, and its way is rather straight: noise is all over the place."""
    return blob.likeness >= _ALIKE * (blob.episode.hits - 1) and blob.travelled >= _STRAIGHT * blob.walked


def is_large(blob: Blob, profile: Profile) -> bool:
    """It covers enough of the picture."""
    return blob.episode.typical_score >= profile.motion_min_area


def is_travelling(blob: Blob, _profile: Profile) -> bool:
    """It got somewhere: at least its own size, or 8 % of the picture's diagonal."""
    diagonal = math.hypot(blob.first.width, blob.first.height)
    own = math.sqrt(blob.episode.best.box.area)
    enough = min(max(own, _NEAR * diagonal), _FAR * diagonal)
    return blob.travelled >= enough


def is_unexplained(blob: Blob, _profile: Profile) -> bool:
    """No object is what moves."""
    return not blob.is_object and blob.explained < _OFTEN * blob.episode.hits


def is_where_it_counts(blob: Blob, _profile: Profile) -> bool:
    """It stayed in an include zone for the zone's dwell time, or there is none."""
    return blob.episode.zones.allows_event


MOTION_RULES: Final = (
    is_lasting,
    is_steady,
    is_coherent,
    is_large,
    is_travelling,
    is_unexplained,
    is_where_it_counts,
)


def makes_event(blob: Blob, profile: Profile) -> bool:
    """Whether the blob is an event."""
    return all(rule(blob, profile) for rule in MOTION_RULES)
