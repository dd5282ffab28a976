"""What a notification says."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from vedette.server.alerts.matching import Occurrence
from vedette.server.alerts.models import Notification, Rule

_MOST_NAMES = 3


def title(cameras: Sequence[str], labels: Sequence[str], count: int) -> str:
    """`Drive: person`, `Drive: person, car (3 events)`."""
    many = f" ({count} events)" if count > 1 else ""
    return f"{_names(cameras)}: {_names(labels) or 'something'}{many}"[:200]


def text(what: Occurrence, zone: ZoneInfo) -> str:
    """`14:03:22, Gate, 87 %`; of an incident its sentence."""
    if what.about == Rule.About.SYSTEM:
        return what.message
    said = [f"{what.moment.astimezone(zone):%H:%M:%S}", *what.zones]
    said += [what.person] if what.person else []
    said += [f"{round(what.score * 100)} %"] if what.kind != "motion" else []
    return ", ".join(said)


def incident_title(what: Occurrence, *, watched: bool) -> str:
    """The first sentence of an incident; it also ends when its camera is switched off or removed."""
    sentence = what.message.strip().partition("\n")[0]
    if what.subject.endswith(":closed"):
        sentence = f"{'Well again' if watched else 'Not watched any more'}: {sentence}"
    return sentence[:200] or "The system needs attention"


def follow_up(row: Notification, what: Occurrence, zone: ZoneInfo) -> str:
    """The text after something was added: when it began, and what is newest."""
    return f"Since {row.opened.astimezone(zone):%H:%M:%S}; newest {text(what, zone)}"


def snoozed_words(until: datetime, who: str, zone: ZoneInfo) -> str:
    """Why nobody was told."""
    by = f" by {who}" if who else ""
    return f"Snoozed{by} until {until.astimezone(zone):%H:%M}"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown
