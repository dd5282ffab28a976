"""What workers send becomes rows: one transaction per batch, then the news of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from django.db import DataError, IntegrityError, transaction

from vedette.domain.messages import AnyMessage, EventMessage, SegmentMessage
from vedette.server.events.models import Event
from vedette.server.events.store import event_row, store_events
from vedette.server.recordings.models import Segment
from vedette.server.recordings.store import segment_row, store_segments

M = TypeVar("M", EventMessage, SegmentMessage)
R = TypeVar("R", Event, Segment)

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Stored:
    """What a batch changed."""

    events: list[Event] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)


def store_batch(messages: Iterable[AnyMessage], counters: Counter[str]) -> Stored:
    """Store a batch; storing it again changes nothing.

    A message that no row can hold costs one log line and `messages_rejected`; the others are stored.

    Raises:
        django.db.OperationalError: the database is locked or away; nothing was stored.
    """
    events, segments = _rows(messages, counters)
    try:
        return _store(events, segments)
    except (DataError, IntegrityError):
        return _store_one_by_one(events, segments, counters)


@transaction.atomic
def _store(events: Sequence[Event], segments: Sequence[Segment]) -> Stored:
    return Stored(store_events(events), store_segments(segments))


def _store_one_by_one(events: Sequence[Event], segments: Sequence[Segment], counters: Counter[str]) -> Stored:
    stored = Stored()
    for event in events:
        with _rejecting(event.camera, str(event.id), counters):
            stored.events += _store([event], []).events
    for segment in segments:
        with _rejecting(segment.camera, str(segment.id), counters):
            stored.segments += _store([], [segment]).segments
    return stored


def _rows(messages: Iterable[AnyMessage], counters: Counter[str]) -> tuple[list[Event], list[Segment]]:
    events: list[Event] = []
    segments: list[Segment] = []
    for message in messages:
        if isinstance(message, EventMessage):
            _take(events, event_row, message, counters)
        elif isinstance(message, SegmentMessage):
            _take(segments, segment_row, message, counters)
    return events, segments


def _take(rows: list[R], make: Callable[[M], R], message: M, counters: Counter[str]) -> None:
    with _rejecting(message.camera, message.id, counters):
        rows.append(make(message))


@contextmanager
def _rejecting(camera: str, row_id: str, counters: Counter[str]) -> Iterator[None]:
    """Turn a message that no row can hold into a log line and a counter."""
    try:
        yield
    except (ValueError, DataError, IntegrityError) as error:
        counters["messages_rejected"] += 1
        _log.warning("A message cannot be stored", camera=camera[:64], id=row_id[:64], error=str(error)[:200])
