"""Finding events: whatever is asked for, a page takes some milliseconds, with a million rows and more.

A filter becomes stretches of an index that hold nothing but hits: one for each camera and label that is
asked for and of which there are events (`Facet`). Each is read only as far as the page goes; all are merged.
What no index leads to (a score) is tested on the way, over about `MOST_WALKED` entries: then a page may end
early, even without an event, and its cursor leads on.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db.models import Exists, OuterRef, Q, QuerySet

from vedette.server.accounts.policy import Principal, visible
from vedette.server.events.models import Event, Facet, Feedback, ZoneEntry

MOST_WALKED = 20_000
MOST_STRETCHES = 60
"""With more it is quicker to walk along everything and test, as for a score."""

FeedbackState = Literal["none", "any", "right", "wrong", "other"]
Key = tuple[datetime, UUID]
"""Start and id: events are sorted by it."""
_Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events; what is empty or None asks for nothing."""

    cameras: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    kind: str | None = None
    zone: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    min_score: float | None = None
    feedback: FeedbackState | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Some events; `further` is where the next begin, None at the end."""

    events: list[Event]
    further: Key | None


@dataclass(frozen=True, slots=True)
class _Source:
    """Rows that lead to events.

    Attributes:
        key: the column with the event's id.
        tests: what of the filter no index leads to.
    """

    rows: QuerySet[Any]
    key: str
    stretches: Sequence[Q]
    tests: Q


def find(asks: Principal, wanted: Wanted, beyond: Key | None, limit: int, *, oldest: bool = False) -> Found:
    """Events that fit and may be seen, newest first (or oldest first), from behind a key on."""
    source = _source(asks, wanted)
    ordered = [_ordered(source.rows.filter(part), source.key, beyond, oldest) for part in source.stretches]
    horizon = _horizon(ordered, oldest) if source.tests else None
    near = Q() if horizon is None else Q(start__lte=horizon) if oldest else Q(start__gte=horizon)
    parts = [rows.filter(near, source.tests)[: limit + 1] for rows in ordered]
    keys = _merged(parts, limit + 1, oldest)
    further = keys[limit - 1] if len(keys) > limit else _behind(horizon, oldest)
    return Found(_load(asks, wanted, keys[:limit]), further)


def find_any(asks: Principal, wanted: Wanted, beyond: Key, *, oldest: bool = False) -> Event | None:
    """The next event that fits; gives up after ten long walks in vain."""
    further: Key | None = beyond
    for _ in range(10):
        if further is None:
            break
        found = find(asks, wanted, further, 10, oldest=oldest)
        if found.events:
            return found.events[0]
        further = found.further
    return None


def _source(asks: Principal, wanted: Wanted) -> _Source:
    existing, pairs = _pairs(asks, wanted)
    cameras, labels = {camera for camera, _ in pairs}, {label for _, label in pairs}
    if wanted.feedback not in {None, "none"}:
        judged = _judged(wanted).filter(_span(wanted), _score(wanted))
        return _Source(judged.filter(camera__in=cameras, found_label__in=labels), "event", [Q()], Q())
    key = "event_id" if wanted.zone else "id"
    tests = _score(wanted)
    rows: QuerySet[Any] = ZoneEntry.objects.filter(zone=wanted.zone) if wanted.zone else Event.objects.all()
    parts = _stretches(existing, pairs, by_camera=not wanted.zone)
    if len(parts) > MOST_STRETCHES:
        parts, tests = [Q()], Q(camera__in=cameras, label__in=labels) & tests
    return _Source(rows.filter(_span(wanted)), key, parts, tests)


def _span(wanted: Wanted) -> Q:
    after = Q() if wanted.after is None else Q(start__gte=wanted.after)
    return after if wanted.before is None else after & Q(start__lt=wanted.before)


def _score(wanted: Wanted) -> Q:
    return Q() if wanted.min_score is None else Q(score__gte=wanted.min_score)


def _pairs(asks: Principal, wanted: Wanted) -> tuple[set[_Pair], set[_Pair]]:
    """Cameras with labels of which there are events (in the zone), and those asked for that may be seen."""
    existing = Facet.objects.filter(zone=wanted.zone or "")
    chosen = visible(asks, existing)
    if wanted.cameras:
        chosen = chosen.filter(camera__in=wanted.cameras)
    if wanted.labels:
        chosen = chosen.filter(label__in=wanted.labels)
    if wanted.kind:
        chosen = chosen.filter(kind=wanted.kind)
    return set(existing.values_list("camera", "label")), set(chosen.values_list("camera", "label"))


def _stretches(existing: set[_Pair], chosen: set[_Pair], *, by_camera: bool) -> list[Q]:
    """As few stretches as hold what was chosen and nothing else; `by_camera`: an index begins with it."""
    cameras, labels = {camera for camera, _ in chosen}, {label for _, label in chosen}
    if chosen == existing:
        return [Q()]
    if chosen == {pair for pair in existing if pair[1] in labels}:
        return [Q(label=label) for label in sorted(labels)]
    if by_camera and chosen == {pair for pair in existing if pair[0] in cameras}:
        return [Q(camera=camera) for camera in sorted(cameras)]
    return [Q(camera=camera, label=label) for camera, label in sorted(chosen)]


def _judged(wanted: Wanted) -> QuerySet[Feedback]:
    """Feedback of events that are still there: so few rows that no index needs to know the filter."""
    rows = Feedback.objects.filter(Exists(Event.objects.filter(pk=OuterRef("event"))))
    if wanted.feedback != "any":
        rows = rows.filter(verdict=wanted.feedback)
    if wanted.zone:
        rows = rows.filter(Exists(ZoneEntry.objects.filter(event=OuterRef("event"), zone=wanted.zone)))
    return rows


def _ordered(rows: QuerySet[Any], key: str, beyond: Key | None, oldest: bool) -> QuerySet[Any]:
    """A stretch's starts and ids from a key on."""
    compare = "gt" if oldest else "lt"
    if beyond is not None:
        start, row_id = beyond
        # The first condition alone bounds the walk along the index; the second makes it exact.
        rows = rows.filter(**{f"start__{compare}e": start})
        rows = rows.filter(Q(**{f"start__{compare}": start}) | Q(**{f"{key}__{compare}": row_id}))
    sign = "" if oldest else "-"
    return rows.order_by(f"{sign}start", f"{sign}{key}").values("start", key)


def _horizon(stretches: Sequence[QuerySet[Any]], oldest: bool) -> datetime | None:
    """How far a page may look, so that it does not walk too many rows; None: to the end."""
    each = MOST_WALKED // max(1, len(stretches))
    found = _merged([rows[each : each + 1] for rows in stretches], 1, oldest)
    return found[0][0] if found else None


def _behind(horizon: datetime | None, oldest: bool) -> Key | None:
    """The key after the last event of a moment."""
    return None if horizon is None else (horizon, UUID(int=2**128 - 1 if oldest else 0))


def _merged(parts: Sequence[QuerySet[Any]], limit: int, oldest: bool) -> list[Key]:
    """The first keys of all parts, in order: one statement."""
    statements: list[str] = []
    values: list[Any] = []
    for number, part in enumerate(parts):
        with suppress(EmptyResultSet):
            statement, given = part.query.sql_with_params()
            statements.append(f"SELECT * FROM ({statement}) AS part_{number}")  # noqa: S608  see below
            values += given
    if not statements:
        return []
    order = "ASC" if oldest else "DESC"
    # Only statements that Django wrote are put together here; every value is a parameter.
    sql = (
        f"WITH found (start, id) AS ({' UNION ALL '.join(statements)})"  # noqa: S608
        f" SELECT id, start FROM found ORDER BY start {order}, id {order} LIMIT {limit:d}"
    )
    return [(row.start, row.id) for row in Event.objects.raw(sql, values)]


def _load(asks: Principal, wanted: Wanted, keys: Sequence[Key]) -> list[Event]:
    """The rows, in the order of the keys, with what people say of them."""
    ids = [row_id for _, row_id in keys]
    found = visible(asks, Event.objects.filter(pk__in=ids).defer("path"))
    rows = {row.id: row for row in (found.filter(kind=wanted.kind) if wanted.kind else found)}
    attach_feedback(rows.values())
    events = [rows[row_id] for row_id in ids if row_id in rows]
    # So few have feedback that a page without them is hardly shorter.
    return [row for row in events if not (row.feedback and wanted.feedback == "none")]


def attach_feedback(rows: Iterable[Event]) -> None:
    """Let every row know what is said of it: one query."""
    known = {row.id: row for row in rows}
    for feedback in Feedback.objects.filter(event__in=list(known)):
        known[feedback.event].feedback = feedback
