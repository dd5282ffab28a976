"""Storing events: idempotent, newest revision wins."""

import math
import time
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Max

from vedette.domain.geometry import Box
from vedette.domain.messages import EventMessage
from vedette.server.events.models import Event, Facet, ZoneEntry
from vedette.server.times import from_utc_s

_UPDATED = [field.name for field in Event._meta.fields if field.name != "id"]  # noqa: SLF001  Django's own way
_ENTRY_UPDATED = ["camera", "label", "score", "start"]
_FACET_UNIQUE = ["zone", "camera", "label", "kind"]


def event_row(message: EventMessage) -> Event:
    """The row of a message, without its sequence.

    Raises:
        ValueError: an id, time or text that no row can hold.
    """
    return Event(
        id=UUID(message.id),
        revision=message.revision,
        camera=_short(message.camera, 64),
        kind=message.kind,
        label=_short(message.label, 64),
        score=_finite(message.score),
        phase=message.phase,
        start=from_utc_s(message.start_utc_s),
        end=from_utc_s(message.end_utc_s),
        best=from_utc_s(message.best_utc_s),
        box=_box(message.box),
        width=message.width,
        height=message.height,
        zones=[{"zone": v.zone, "enter": v.enter_utc_s, "exit": v.exit_utc_s} for v in message.zones],
        path=[[point.utc_s, _box(point.box)] for point in message.path],
        snapshot=_short(message.snapshot, 255),
        crop=_short(message.crop, 255),
        model=_short(message.model, 120),
        model_version=_short(message.model_version, 120),
    )


def store_events(rows: Iterable[Event]) -> list[Event]:
    """Write the rows that are newer than what is stored; returns those, in the order given.

    Call it inside a transaction: that is what makes it one writer at a time on SQLite.
    """
    newest: dict[Any, Event] = {}
    for row in rows:
        if row.id not in newest or row.revision > newest[row.id].revision:
            newest[row.id] = row
    known = dict(Event.objects.filter(id__in=list(newest)).values_list("id", "revision"))
    fresh = [row for row in newest.values() if row.revision > known.get(row.id, -1)]
    _number(fresh)
    Event.objects.bulk_create(fresh, update_conflicts=True, unique_fields=["id"], update_fields=_UPDATED)
    index_events(fresh)
    return fresh


def _number(rows: Sequence[Event]) -> None:
    """Sequences grow even when the newest row was deleted: they are at least the time in microseconds."""
    last = Event.objects.aggregate(last=Max("sequence"))["last"] or 0
    first = max(last + 1, time.time_ns() // 1000)
    for sequence, row in enumerate(rows, first):
        row.sequence = sequence


def index_events(rows: Sequence[Event]) -> None:
    """Make stored rows findable by zone, and by whatever they are the first of."""
    entries = [
        ZoneEntry(event=row, zone=zone, camera=row.camera, label=row.label, score=row.score, start=row.start)
        for row in rows
        for zone in {visit["zone"] for visit in row.zones}
    ]
    ZoneEntry.objects.bulk_create(
        entries, update_conflicts=True, unique_fields=["event", "zone"], update_fields=_ENTRY_UPDATED
    )
    seen = {(row.camera, row.kind, row.label, zone) for row in rows for zone in _zones(row)}
    facets = [Facet(camera=camera, kind=kind, label=label, zone=zone) for camera, kind, label, zone in seen]
    # An update, even of nothing, waits for a retention that is about to remove the facet as unused.
    Facet.objects.bulk_create(
        facets, update_conflicts=True, unique_fields=_FACET_UNIQUE, update_fields=["kind"]
    )


def _zones(row: Event) -> set[str]:
    """The zones it touched, and the empty one for the event as such."""
    return {"", *(visit["zone"] for visit in row.zones)}


def _box(box: Box) -> list[float]:
    return [round(value, 2) for value in (box.x, box.y, box.width, box.height)]


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{number} where a number is needed")
    return float(number)


def _short(text: str, length: int) -> str:
    if len(text) > length or "\x00" in text:
        raise ValueError(f"a text of {len(text)} characters where {length} fit")
    return text
