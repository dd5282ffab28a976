"""Rules and schedules as sentences."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from typing import Any

from vedette.server.alerts.models import ArmingSchedule, Channel, Rule

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_VOWELS = "aeiou"


def rule_sentence(rule: Rule, names: Mapping[str, str] | None = None) -> str:
    """Such as `When a person is seen at Drive while armed, push to Ada's phone and mail Home`."""
    when = _trouble(rule) if rule.about == Rule.About.SYSTEM else _seen(rule, names or {})
    return f"When {when}, {_told(rule)}."


def schedule_sentence(row: ArmingSchedule, names: Mapping[str, str] | None = None) -> str:
    """Such as `Every day from 22:00 to 07:00, all cameras`."""
    cameras = join([(names or {}).get(camera, camera) for camera in row.cameras]) or "all cameras"
    return f"{days(row.days)} from {clock(row.start)} to {clock(row.end)}, {cameras}"


def days(wanted: Sequence[int]) -> str:
    """`Every day`, `Monday to Friday`, `Saturday and Sunday`, `Monday, Wednesday`."""
    found = sorted(set(wanted))
    if len(found) == 7:
        return "Every day"
    if len(found) > 2 and found[-1] - found[0] == len(found) - 1:
        return f"{_DAYS[found[0]]} to {_DAYS[found[-1]]}"
    return join([_DAYS[day] for day in found])


def clock(moment: time | str) -> str:
    """`22:00`."""
    return moment[:5] if isinstance(moment, str) else f"{moment:%H:%M}"


def hours(spans: Iterable[Mapping[str, Any]]) -> str:
    """`from 22:00 to 07:00`, `Saturday and Sunday from 10:00 to 12:00`."""
    said = []
    for span in spans:
        on = "" if len(set(span["days"])) == 7 else f"{days(span['days'])} "
        said.append(f"{on}from {clock(span['start'])} to {clock(span['end'])}")
    return join(said)


def join(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _seen(rule: Rule, names: Mapping[str, str]) -> str:
    where = join([names.get(camera, camera) for camera in rule.cameras], "or")
    said = [f"{_what(rule)} {'moves' if rule.kind == 'motion' else 'is seen'}"]
    said += [f"at {where}"] if where else []
    said += [f"in {join(rule.zones, 'or')}"] if rule.zones else []
    said += [hours(rule.hours)] if rule.hours else []
    said += [f"while {rule.armed}"] if rule.armed != Rule.When.ANY else []
    said += [f"(score at least {round(rule.min_score * 100)} %)"] if rule.min_score else []
    return " ".join(said)


def _what(rule: Rule) -> str:
    known = {Rule.Person.KNOWN: "known ", Rule.Person.UNKNOWN: "unknown "}.get(Rule.Person(rule.person), "")
    if rule.labels:
        return join(
            [_with_article(f"{known if label == 'person' else ''}{label}") for label in rule.labels], "or"
        )
    return f"anybody {known}".strip() if known else "something" if rule.kind == "motion" else "anything"


def _with_article(word: str) -> str:
    return f"an {word}" if word[:1] in _VOWELS else f"a {word}"


def _trouble(rule: Rule) -> str:
    least = {"low": "anything", "moderate": "something that matters", "high": "something serious"}
    return f"{least[rule.severity]} goes wrong with the system"


def _told(rule: Rule) -> str:
    to = [_by(channel) for channel in rule.channels.all()] if rule.pk else []
    to += ["push to every connected browser"] if rule.browsers else []
    urgent = ", also in quiet hours" if rule.urgent else ""
    return f"{join(to)}{urgent}" if to else "tell nobody yet"


def _by(channel: Channel) -> str:
    verbs = {
        "push": "push to",
        "mail": "mail",
        "webhook": "call",
        "telegram": "message",
        "mqtt": "publish to",
    }
    return f"{verbs.get(channel.kind, 'tell')} {channel.name}"
