"""What people say of events, for those who judge and train models."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from vedette.domain.errors import ConfigurationError
from vedette.server.events.models import Event, Feedback
from vedette.server.times import iso

_TOLD = ("verdict", "label", "by", "camera", "kind", "found_label", "score", "model", "model_version")


def give_feedback(event: Event, verdict: str, label: str, by: str) -> Feedback:
    """Note a verdict on an event, in place of an earlier one.

    Args:
        event: as it is now; what the model said is kept beside the verdict.
        verdict: one of `Feedback.Verdict`.
        label: what it really is; only, and always, for `other`.
        by: who says so.

    Raises:
        ConfigurationError: a label is missing, needless, or the one that was found.
    """
    if (verdict == Feedback.Verdict.OTHER) != bool(label):
        raise ConfigurationError("Something else needs the label of what it is; right and wrong take none.")
    if label == event.label:
        raise ConfigurationError(f"The event says {label} already: that is right, not something else.")
    said = {
        "verdict": verdict,
        "label": event.label if verdict == Feedback.Verdict.RIGHT else label,
        "by": by[:150],
        "at": timezone.now(),
        "camera": event.camera,
        "kind": event.kind,
        "found_label": event.label,
        "score": event.score,
        "start": event.start,
        "model": event.model,
        "model_version": event.model_version,
    }
    event.feedback = Feedback.objects.update_or_create(event=event.id, defaults=said)[0]
    return event.feedback


def take_back(event: Event) -> bool:
    """Forget the verdict on an event; whether there was one."""
    event.feedback = None
    return Feedback.objects.filter(event=event.id).delete()[0] > 0


def export(rows: QuerySet[Feedback]) -> Iterator[dict[str, Any]]:
    """Feedback as plain values, with the box and the picture's size while the event is there."""
    said = list(rows)
    for start in range(0, len(said), 500):
        part = said[start : start + 500]
        events = _events(row.event for row in part)
        yield from (_line(row, events.get(row.event)) for row in part)


def _events(ids: Iterable[Any]) -> dict[Any, Event]:
    found = Event.objects.filter(pk__in=list(ids))
    return {row.id: row for row in found.only("box", "width", "height", "best", "snapshot")}


def _line(row: Feedback, event: Event | None) -> dict[str, Any]:
    told = {"event": str(row.event), "at": iso(row.at), "start": iso(row.start)}
    told |= {name: getattr(row, name) for name in _TOLD}
    if event is None:
        return told | {"has_event": False}
    picture = {"box": event.box, "width": event.width, "height": event.height, "best": iso(event.best)}
    return told | {"has_event": True, "has_snapshot": bool(event.snapshot)} | picture
