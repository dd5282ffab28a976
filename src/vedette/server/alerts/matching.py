"""Whether a rule is about something that happened: pure functions of values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from vedette.server.alerts.models import CameraArming, Cause, Rule
from vedette.server.alerts.schedule import within
from vedette.server.events.models import Event

SEVERITIES = ("low", "moderate", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """Something that a rule may be about: an event as known so far, or an incident.

    Attributes:
        subject: what it is, for ever; a rule deals with a subject once.
        begun: when it began; `moment` is the newest that is known of it.
        person: the name of a known one, empty for everybody else.
        picture: object key of the snapshot.
    """

    subject: str
    about: str
    camera: str
    begun: datetime
    moment: datetime
    kind: str = ""
    label: str = ""
    score: float = 0.0
    zones: tuple[str, ...] = ()
    person: str = ""
    severity: str = ""
    message: str = ""
    picture: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True)
class Armed:
    """How a camera stands: what a rule for armed hours goes by."""

    armed: bool = False
    since: datetime | None = None
    by_plan: bool = False

    @classmethod
    def of(cls, row: CameraArming) -> "Armed":
        """From its row."""
        return cls(row.armed, row.since, by_plan=row.cause in {Cause.SCHEDULE, Cause.ABSENCE})

    def counts(self, occurrence: Occurrence) -> bool:
        """Whether something happens while armed.

        Who arms by hand is often still in the picture: what had begun before does not count then.
        """
        if not self.armed:
            return False
        return self.by_plan or self.since is None or occurrence.begun >= self.since


def occurrence_of(event: Event) -> Occurrence:
    """An event as known so far."""
    return Occurrence(
        subject=f"event:{event.id}",
        about=Rule.About.EVENTS,
        camera=event.camera,
        begun=event.start,
        moment=event.end,
        kind=event.kind,
        label=event.label,
        score=event.score,
        zones=tuple(dict.fromkeys(visit["zone"] for visit in event.zones)),
        person=str(getattr(event, "person", "") or ""),
        picture=event.snapshot,
        event=str(event.id),
    )


def matches(rule: Rule, what: Occurrence, armed: Armed, zone: ZoneInfo) -> bool:
    """Whether the rule is about this, as things stand."""
    if rule.about != what.about or not _any_of(rule.cameras, [what.camera] if what.camera else []):
        return False
    if rule.hours and not within(rule.hours, zone, what.moment):
        return False
    if rule.about == Rule.About.SYSTEM:
        return SEVERITIES.index(what.severity or "low") >= SEVERITIES.index(rule.severity)
    return _fits_event(rule, what) and _fits_armed(rule, what, armed)


def _fits_event(rule: Rule, what: Occurrence) -> bool:
    return (
        (not rule.kind or rule.kind == what.kind)
        and _any_of(rule.labels, [what.label])
        and _any_of(rule.zones, what.zones)
        and what.score >= rule.min_score
        and (rule.person == Rule.Person.ANY or (rule.person == Rule.Person.KNOWN) == bool(what.person))
    )


def _fits_armed(rule: Rule, what: Occurrence, armed: Armed) -> bool:
    if rule.armed == Rule.When.ARMED:
        return armed.counts(what)
    return rule.armed != Rule.When.DISARMED or not armed.armed


def _any_of(wanted: list[str], found: "tuple[str, ...] | list[str]") -> bool:
    return not wanted or any(each in wanted for each in found)


def with_values(rule: Rule, values: Mapping[str, Any]) -> Rule:
    """A copy of a rule with other values, that is not stored: to try it."""
    copy = Rule(**{field.attname: getattr(rule, field.attname) for field in Rule._meta.concrete_fields})  # noqa: SLF001
    for name, value in values.items():
        setattr(copy, name, value)
    return copy
