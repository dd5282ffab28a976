"""When a tracked object matters: named rules, all of which must hold."""

from collections.abc import Callable
from typing import Final

from vedette.domain.camera import Profile
from vedette.pipeline.subjects import Subject, can_park

_SMALLEST_SIDE: Final = 0.01
_SMALLEST_SIDE_PX: Final = 6.0
_LARGEST_SHARE: Final = 0.98
_LONGEST_SHAPE: Final = 10.0
_STIRS: Final = 3
_CERTAIN: Final = 0.88

Rule = Callable[[Subject, Profile], bool]


def is_wanted(subject: Subject, profile: Profile) -> bool:
    """The profile looks for objects of this label."""
    return subject.episode.label in profile.labels


def is_seen_often(subject: Subject, profile: Profile) -> bool:
    """It was found in enough frames: false alarms flicker."""
    return subject.episode.hits >= profile.min_hits


def is_sure(subject: Subject, profile: Profile) -> bool:
    """The detector was typically sure of it."""
    return subject.episode.typical_score >= profile.score_for(subject.episode.label)


def is_plausible(subject: Subject, _profile: Profile) -> bool:
    """At its best it had a size and shape that an object can have."""
    best = subject.episode.best
    box = best.box.clipped(best.width, best.height)
    small, large = min(box.width, box.height), max(box.width, box.height)
    if small < max(_SMALLEST_SIDE_PX, _SMALLEST_SIDE * min(best.width, best.height)):
        return False
    return large <= _LONGEST_SHAPE * small and box.area <= _LARGEST_SHARE * best.width * best.height


def is_active(subject: Subject, _profile: Profile) -> bool:
    """It moved; or, for what lives, it stirred: people fidget, parked cars do not.

    A person whom the detector is certain of needs to do neither: who sits still is there all the same.
    """
    activity, label = subject.episode.activity, subject.episode.label
    if activity.moved or (not can_park(label) and activity.stirs >= _STIRS):
        return True
    return label == "person" and subject.episode.typical_score >= _CERTAIN


def is_where_it_counts(subject: Subject, _profile: Profile) -> bool:
    """It stayed in an include zone for the zone's dwell time, or there is none."""
    return subject.episode.zones.allows_event


EVENT_RULES: Final[tuple[Rule, ...]] = (
    is_wanted,
    is_seen_often,
    is_sure,
    is_plausible,
    is_active,
    is_where_it_counts,
)


def makes_event(subject: Subject, profile: Profile) -> bool:
    """Whether the object's present appearance is an event."""
    return all(rule(subject, profile) for rule in EVENT_RULES)


def ends_event(subject: Subject, profile: Profile, utc_s: float) -> bool:
    """Whether an open event is over although its object is still there."""
    return subject.is_parked(utc_s) or not is_wanted(subject, profile)
