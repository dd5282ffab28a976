"""A million events, as a year of forty cameras might leave them: much motion and people, some of it rare."""

import itertools
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from vedette.server.events.models import Event, Facet, Feedback, ZoneEntry

CAMERAS = [f"cam-{number:02}" for number in range(40)]
LABELS = {
    "motion": 450,
    "person": 250,
    "car": 180,
    "dog": 50,
    "cat": 40,
    "bicycle": 25,
    "bird": 4.95,
    "bear": 0.05,
}
ZONES = {"": 700, "Drive": 200, "Path": 99.5, "Gate": 0.5}
STEP_S = 30
POINTS = 8
CHUNK = 20_000

Row = tuple[Any, ...]


def fill(count: int, until: datetime) -> None:
    """Write so many events that ended until then, one every half a minute, with their zones and facets."""
    chance = random.Random(7)
    begin_s = until.timestamp() - count * STEP_S
    facets: set[Row] = set()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=OFF")  # of this connection: filling need not be durable
    for first in range(0, count, CHUNK):
        rows = [_event(chance, number, begin_s) for number in range(first, min(first + CHUNK, count))]
        with transaction.atomic():
            _write(Event, [row for row, _ in rows])
            _write(ZoneEntry, [entry for _, entry in rows if entry is not None])
        facets |= {(row[3], row[4], row[5], "") for row, _ in rows}
        facets |= {(row[3], row[4], row[5], entry[1]) for row, entry in rows if entry is not None}
    columns = ("camera", "kind", "label", "zone")
    Facet.objects.bulk_create(Facet(**dict(zip(columns, facet, strict=True))) for facet in facets)
    with connection.cursor() as cursor:
        # What Postgres does by itself after a while.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    connection.close()


def judge(count: int) -> None:
    """Let people say something of so many events, spread over all."""
    step = max(1, Event.objects.count() // count)
    ids = list(Event.objects.order_by("start").values_list("id", flat=True)[::step])
    verdicts = itertools.cycle(["right", "right", "wrong", "other"])
    rows = Event.objects.filter(pk__in=ids).defer("path").iterator(500)
    Feedback.objects.bulk_create(
        Feedback(
            event=row.id, verdict=verdict, by="ada", at=row.end, camera=row.camera, kind=row.kind,
            found_label=row.label, score=row.score, start=row.start,
        )
        for row, verdict in zip(rows, verdicts, strict=False)
    )  # fmt: skip


def _event(chance: random.Random, number: int, begin_s: float) -> tuple[Row, Row | None]:
    """The columns of an event, and of its stay in a zone if it has one."""
    start_s = begin_s + number * STEP_S + chance.random() * STEP_S
    [camera] = chance.choices(CAMERAS, range(len(CAMERAS), 0, -1))
    [label] = chance.choices(list(LABELS), list(LABELS.values()))
    [zone] = chance.choices(list(ZONES), list(ZONES.values()))
    motion = label == "motion"
    score = chance.random() * 0.3 if motion else min(0.98, chance.gauss(0.75, 0.1))
    event_id = UUID(int=(int(start_s * 1000) << 80) | 7 << 76 | 2 << 62 | chance.getrandbits(62))
    start, end = datetime.fromtimestamp(start_s, UTC), datetime.fromtimestamp(start_s + 12, UTC)
    path = [
        [start_s + step, [round(chance.random() * 600, 2), 120.5, 80.25, 160.75]] for step in range(POINTS)
    ]
    zones = [{"zone": zone, "enter": start_s + 2, "exit": start_s + 9}] if zone else []
    row = (
        event_id, 3, number + 1, camera, "motion" if motion else "object", label, score, "end",
        start, end, start,
        json.dumps([100.5, 120.5, 80.25, 160.75]), 1280, 720, json.dumps(zones), json.dumps(path),
        f"{camera}/{event_id}.jpg", f"{camera}/{event_id}-crop.jpg", "yolox_nano", "c0ffee",
    )  # fmt: skip
    return row, (event_id, zone, camera, label, score, start) if zone else None


_EVENT = [field.column for field in Event._meta.concrete_fields]  # noqa: SLF001  Django's own way
_ENTRY = ["event_id", "zone", "camera", "label", "score", "start"]


def _write(model: type[Event | ZoneEntry], rows: list[Row]) -> None:
    columns = _EVENT if model is Event else _ENTRY
    table = "events_event" if model is Event else "events_zoneentry"
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(_for_sqlite(rows)))


def _for_sqlite(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        yield tuple(
            value.hex if isinstance(value, UUID)
            else f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value
            for value in row
        )  # fmt: skip
