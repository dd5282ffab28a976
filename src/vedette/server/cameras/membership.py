"""What drawn zones would mean: for objects seen now, and for events that have been.

The answers come from the code that decides for real: `domain.zones`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vedette.domain.camera import Profile, Zone
from vedette.domain.geometry import Box, Point
from vedette.domain.zones import ZoneClock, is_excluded, relative_foot, zones_at
from vedette.server.events.models import Event


@dataclass(frozen=True, slots=True)
class Thing:
    """An object in a picture of some size; pixels."""

    label: str
    score: float
    box: Box
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What zones make of something.

    Attributes:
        foot: where it stands, in shares of the picture.
        zones: the names of those it is in, of either kind.
        counts: whether it could make an event.
        why: in words.
    """

    foot: Point
    zones: tuple[str, ...]
    counts: bool
    why: str


def judge_thing(zones: Sequence[Zone], thing: Thing, profile: Profile) -> Verdict:
    """An object that is seen now; how long it stays is not known yet."""
    foot = relative_foot(thing.box, thing.width, thing.height)
    names = tuple(zone.name for zone in zones_at(zones, thing.label, foot))
    if is_excluded(zones, thing.label, foot):
        return Verdict(foot, names, counts=False, why="It stands where nothing counts.")
    includes = [zone for zone in zones if zone.kind == "include"]
    if includes and not names:
        return Verdict(foot, names, counts=False, why="It stands in no zone that looks at it.")
    if thing.score < profile.score_for(thing.label):
        wanted = f"{thing.score:.2f} is less than {profile.score_for(thing.label):.2f}"
        return Verdict(foot, names, counts=False, why=f"It is not certain enough: {wanted}.")
    return Verdict(foot, names, counts=True, why=f"In {', '.join(names)}." if names else "It counts.")


def judge_event(zones: Sequence[Zone], event: Event) -> tuple[Verdict, list[Point]]:
    """An event as if these zones had been there, by the path that its object took; and its feet."""
    clock = ZoneClock(zones)
    feet: list[Point] = []
    for utc_s, box in [(float(moment), Box(*box)) for moment, box in event.path] or [(0.0, Box(*event.box))]:
        foot = relative_foot(box, event.width or 1, event.height or 1)
        feet.append(foot)
        if not is_excluded(zones, event.label, foot):
            clock.observe(event.label, foot, utc_s)
    foot = relative_foot(Box(*event.box), event.width or 1, event.height or 1)
    visited = tuple(dict.fromkeys(visit.zone for visit in clock.visits))
    everywhere_out = all(is_excluded(zones, event.label, one) for one in feet)
    counts = clock.allows_event and not everywhere_out
    why = "It stood only where nothing counts." if everywhere_out else ""
    why = why or (f"It was in {', '.join(visited)}." if visited else "")
    return Verdict(
        foot, visited, counts, why or ("It counts." if counts else "It was in no zone long enough.")
    ), feet
