"""Where in the picture events count: membership, dwell and visits; and the old rectangle form of zones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from vedette.domain.camera import Zone
from vedette.domain.errors import ConfigurationError
from vedette.domain.geometry import Box, Point, polygon_contains
from vedette.domain.messages import ZoneVisit

EXIT_GRACE_S: Final = 1.0
"""A foot that is outside for less than this has not left: boxes jitter at a zone's edge."""

MOST_STAYS: Final = 100
"""Older stays of an object that goes in and out all day are forgotten."""


def applies_to(zone: Zone, label: str) -> bool:
    """Whether the zone looks at objects of this label."""
    return not zone.labels or label in zone.labels


def relative_foot(box: Box, width: float, height: float) -> Point:
    """The foot point in relative coordinates, inside the picture even when the box is not."""
    x, y = box.foot
    return min(max(x / width, 0.0), 1.0), min(max(y / height, 0.0), 1.0)


def is_excluded(zones: Sequence[Zone], label: str, foot: Point) -> bool:
    """Whether the foot point lies in an exclude zone for this label."""
    return any(
        zone.kind == "exclude" and applies_to(zone, label) and polygon_contains(zone.polygon, foot)
        for zone in zones
    )


def zones_at(zones: Sequence[Zone], label: str, foot: Point) -> tuple[Zone, ...]:
    """The zones of either kind that look at this label and hold the foot point."""
    return tuple(zone for zone in zones if applies_to(zone, label) and polygon_contains(zone.polygon, foot))


@dataclass(slots=True)
class _Stay:
    """One stay in one zone, from its entry on."""

    zone: Zone
    enter_utc_s: float
    inside_utc_s: float
    over: bool = False

    @property
    def counts(self) -> bool:
        return self.inside_utc_s - self.enter_utc_s >= self.zone.min_dwell_s

    def as_visit(self) -> ZoneVisit:
        exit_utc_s = self.inside_utc_s if self.over else None
        return ZoneVisit(zone=self.zone.name, enter_utc_s=self.enter_utc_s, exit_utc_s=exit_utc_s)


class ZoneClock:
    """The stays of one object in the include zones.

    A stay counts once it has lasted the zone's `min_dwell_s`; its entry time is when the foot first was
    inside. Feed it with every sighting, in order of time.
    """

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._zones = tuple(zone for zone in zones if zone.kind == "include")
        self._stays: list[_Stay] = []

    @property
    def visits(self) -> tuple[ZoneVisit, ...]:
        """The stays that count, by time of entry."""
        return tuple(stay.as_visit() for stay in self._stays if stay.counts)

    @property
    def allows_event(self) -> bool:
        """Whether there is a stay that counts, or no include zone at all."""
        return not self._zones or any(stay.counts for stay in self._stays)

    def observe(self, label: str, foot: Point, utc_s: float) -> None:
        """Note where the foot of the object is, in relative coordinates."""
        for zone in self._zones:
            inside = applies_to(zone, label) and polygon_contains(zone.polygon, foot)
            self._note(zone, utc_s, inside=inside)

    def configure(self, zones: Sequence[Zone]) -> None:
        """Take over changed zones; stays in zones that are the same as before go on."""
        self._zones = tuple(zone for zone in zones if zone.kind == "include")
        self._stays = [stay for stay in self._stays if stay.over or stay.zone in self._zones]

    def close(self) -> None:
        """The object is gone: it left every zone when it was last seen there."""
        for stay in self._stays:
            stay.over = True

    def _note(self, zone: Zone, utc_s: float, *, inside: bool) -> None:
        stay = next((s for s in self._stays if s.zone == zone and not s.over), None)
        if stay is None:
            if inside:
                self._stays = [*self._stays[-MOST_STAYS:], _Stay(zone, utc_s, utc_s)]
        elif inside:
            stay.inside_utc_s = utc_s
        elif utc_s - stay.inside_utc_s >= EXIT_GRACE_S:
            self._leave(stay)

    def _leave(self, stay: _Stay) -> None:
        stay.over = True
        if not stay.counts:
            self._stays.remove(stay)


class _Rectangle(msgspec.Struct):
    x: float
    y: float
    w: float
    h: float
    id: int | None = None
    disabled: bool = False


class _Rois(msgspec.Struct):
    definition_width: float = 0.0
    definition_height: float = 0.0
    rectangles: tuple[_Rectangle, ...] | None = None


def zones_from_rois(rois: Mapping[str, Any], *, labels: tuple[str, ...] = ("person",)) -> tuple[Zone, ...]:
    """Convert the old region-of-interest form to zones.

    Rectangles are pixels of a picture of `definition_width` x `definition_height`; disabled ones are left
    out. `{"full": true}`, or no active rectangle, is the whole picture: no zone at all. When both keys are
    there, `rectangles` wins.

    Args:
        rois: the object under the key `rois` of the old message.
        labels: what the zones look at; the old system knew only people.

    Raises:
        ConfigurationError: the numbers are not those of rectangles on a picture.
    """
    try:
        form = msgspec.convert(rois, _Rois)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"The zones cannot be read: {error}.") from error
    active = [(n, r) for n, r in enumerate(form.rectangles or (), start=1) if not r.disabled]
    if active and not (form.definition_width > 0 and form.definition_height > 0):
        raise ConfigurationError(
            "The zones do not say the size of the picture they were drawn on.",
            hint="definition_width and definition_height must be positive.",
        )
    return tuple(_zone_from(number, r, form, labels) for number, r in active)


def _zone_from(number: int, r: _Rectangle, form: _Rois, labels: tuple[str, ...]) -> Zone:
    if not (r.w > 0 and r.h > 0):
        raise ConfigurationError(
            f"Rectangle {number} of the zones is empty.", hint="w and h must be positive."
        )
    left, right = r.x / form.definition_width, (r.x + r.w) / form.definition_width
    top, bottom = r.y / form.definition_height, (r.y + r.h) / form.definition_height
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Zone(name=f"roi-{r.id if r.id is not None else number}", polygon=corners, labels=labels)
