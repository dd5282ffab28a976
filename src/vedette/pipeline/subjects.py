"""The subjects of object events: what the rules look at, per track."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from vedette.domain.camera import VEHICLES, Zone
from vedette.domain.geometry import Box
from vedette.pipeline.drafts import Draft
from vedette.pipeline.episodes import Episode, Sighting
from vedette.pipeline.movement import Movement

PARKED_AFTER_S: Final = 30.0
"""A vehicle that has stood still for so long is parked: part of the scene until it moves again."""
_OWN_MARGIN: Final = 0.15
_MOSTLY_INSIDE: Final = 0.5
_SHARE_MOVING: Final = 0.3
_NOT_MUCH_LARGER: Final = 4.0


def can_park(label: str) -> bool:
    """Whether objects of this label may stand for hours without being present in the sense of an event."""
    return label in VEHICLES


def is_stirred(box: Box, motion: Iterable[Box]) -> bool:
    """Whether something moves that is this object, rather than something larger that passes by."""
    near = box.grown(_OWN_MARGIN)
    return any(
        moving.covered_by(near) >= _MOSTLY_INSIDE
        or (box.covered_by(moving) >= _SHARE_MOVING and moving.area <= _NOT_MUCH_LARGER * box.area)
        for moving in motion
    )


class Subject:
    """One tracked object, over one appearance after another.

    A parked car that drives off begins a new appearance at the moment it sets off, and a car that was there
    from the start begins its first one then.
    """

    def __init__(self, first: Episode, zones: Sequence[Zone], draft_of: Callable[[Episode], Draft]) -> None:
        self._zones = zones
        self._draft_of = draft_of
        self.movement = Movement(first.newest.box, first.newest.utc_s)
        self.draft = draft_of(first)

    @property
    def episode(self) -> Episode:
        """The present appearance."""
        return self.draft.episode

    @property
    def box(self) -> Box:
        """Where it was last seen."""
        return self.episode.newest.box

    def is_parked(self, utc_s: float) -> bool:
        """Whether it is a vehicle that has stood still for `PARKED_AFTER_S`."""
        return can_park(self.episode.label) and utc_s - self.movement.moved_utc_s >= PARKED_AFTER_S

    def observe(self, sighting: Sighting, *, stirred: bool) -> None:
        """Take over the next sighting."""
        moved = self.movement.observe(sighting.box, sighting.utc_s)
        if moved and can_park(sighting.label) and self.movement.rested_s >= PARKED_AFTER_S:
            self._begin(sighting, self.movement.still_utc_s)
        else:
            self.episode.observe(sighting)
        self.episode.activity.moved |= moved
        self.episode.activity.stirs += stirred

    def park(self) -> None:
        """Its appearance is over although it is still there."""
        self._begin(self.episode.newest, self.episode.seen_utc_s)

    def configure(self, zones: Sequence[Zone]) -> None:
        """Take over changed zones."""
        self._zones = zones
        self.episode.zones.configure(zones)

    def rescale(self, width: int, height: int) -> None:
        """Go over to a picture of another size."""
        newest = self.episode.newest
        self.movement.rescale(width / newest.width, height / newest.height)
        self.episode.rescale(width, height)

    def _begin(self, first: Sighting, start_utc_s: float) -> None:
        self.draft = self._draft_of(Episode(first, self._zones, start_utc_s))
