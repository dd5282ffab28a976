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
_STEADY: Final = 0.7
_FAR: Final = 0.08
_NEAR: Final = 0.04
_STRAIGHT: Final = 0.5
_STRIDE_S: Final = 0.4
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
        self.born_frame = frames
        self.travelled = 0.0
        self.walked = 0.0
        self.explained = 0
        self.explained_now = self.is_object = False
        self._stride = first

    @property
    def episode(self) -> Episode:
        """Its sightings."""
        return self.draft.episode

    @property
    def lasted_s(self) -> float:
        """From the first to the last sighting."""
        return self.episode.seen_utc_s - self.first.utc_s

    def observe(self, sighting: Sighting, explanations: Iterable[Explanation]) -> None:
        """Take over the next sighting, and whether an object explains it."""
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
        if sighting.utc_s - self._stride.utc_s >= _STRIDE_S:
            self.walked += math.dist(self._stride.box.center, sighting.box.center)
            self._stride = sighting


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


def is_lasting(blob: Blob, _profile: Profile, _frames: int) -> bool:
    """It was there in enough frames and for long enough."""
    return blob.episode.hits >= _LEAST_FRAMES and blob.lasted_s >= _LEAST_S


def is_steady(blob: Blob, _profile: Profile, frames: int) -> bool:
    """It was there in nearly every frame since it appeared: rain and noise are not."""
    return blob.episode.hits >= _STEADY * (frames - blob.born_frame + 1)


def is_large(blob: Blob, profile: Profile, _frames: int) -> bool:
    """It covers enough of the picture."""
    return blob.episode.typical_score >= profile.motion_min_area


def is_travelling(blob: Blob, _profile: Profile, _frames: int) -> bool:
    """It got somewhere, rather straight: at least its own size, or 8 % of the picture's diagonal."""
    diagonal = math.hypot(blob.first.width, blob.first.height)
    own = math.sqrt(blob.episode.best.box.area)
    enough = min(max(own, _NEAR * diagonal), _FAR * diagonal)
    return blob.travelled >= enough and blob.travelled >= _STRAIGHT * blob.walked


def is_unexplained(blob: Blob, _profile: Profile, _frames: int) -> bool:
    """No object is what moves."""
    return not blob.is_object and blob.explained < _OFTEN * blob.episode.hits


def is_where_it_counts(blob: Blob, _profile: Profile, _frames: int) -> bool:
    """It stayed in an include zone for the zone's dwell time, or there is none."""
    return blob.episode.zones.allows_event


MOTION_RULES: Final = (is_lasting, is_steady, is_large, is_travelling, is_unexplained, is_where_it_counts)


def makes_event(blob: Blob, profile: Profile, frames: int) -> bool:
    """Whether the blob is an event; `frames` is how many were looked at so far."""
    return all(rule(blob, profile, frames) for rule in MOTION_RULES)
