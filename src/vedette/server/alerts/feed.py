"""Feeds the rules: a thread behind a cursor over `Event.sequence`, and the signals of incidents.

What rules make of a batch is committed together with the cursor. The cursor is written at least every two
seconds; what a crash makes it see again changes nothing, because a rule deals with a subject once.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from vedette.server.alerts.arming import settle
from vedette.server.alerts.matching import Occurrence, occurrence_of
from vedette.server.alerts.models import Cursor, Rule
from vedette.server.alerts.telling import tell
from vedette.server.events.models import Event
from vedette.server.nodes import incidents
from vedette.server.nodes.models import Incident

POLL_S = 0.2
BATCH = 200
TOO_OLD = timedelta(hours=6)
"""What workers kept while the server was away is told, unless it is older than this."""
_WRITE_S = 2.0
_CHANNELS_S = 5.0
_AFTER_TROUBLE_S = 2.0

Wake = Callable[[Iterable[int]], None]
_log = structlog.get_logger(__name__)
_later: deque[Occurrence] = deque(maxlen=1000)
_listeners: list[Wake] = []


class Feed:
    """Applies the rules to events as they are stored.

    Args:
        wake: told which channels have something to send.
        each_round: done every few seconds, such as starting couriers of new channels.
    """

    def __init__(self, wake: Wake, each_round: Callable[[], None], counters: Counter[str]) -> None:
        self._wake = wake
        self._each_round = each_round
        self._counters = counters
        self._cursor: int | None = None
        self._written_s = self._round_s = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def start(self) -> None:
        """Begin where the cursor stands."""
        _listeners.append(self._wake)
        self._thread.start()

    def close(self) -> None:
        """Finish the batch that runs and stop."""
        self._stop.set()
        self._thread.join()
        _listeners.remove(self._wake)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                pause_s = 0.0 if self.round() else POLL_S
            except DatabaseError as error:
                self._counters["alerts_errors"] += 1
                _log.error("Rules could not be applied; they will be", error=str(error))
                connection.close()
                pause_s = _AFTER_TROUBLE_S
            self._stop.wait(pause_s)
        connection.close()

    def round(self) -> bool:
        """Deal with what is new; whether there may be more."""
        if time.monotonic() - self._round_s >= _CHANNELS_S:
            self._round_s = time.monotonic()
            self._each_round()
        self._deal_with_incidents()
        events = list(Event.objects.filter(sequence__gt=self._position()).order_by("sequence")[:BATCH])
        if events:
            self._deal_with(events)
        return len(events) == BATCH

    def _position(self) -> int:
        if self._cursor is None:
            self._cursor = cursor_position()
        return self._cursor

    def _deal_with(self, events: list[Event]) -> None:
        oldest = timezone.now() - TOO_OLD
        fresh = [occurrence_of(event) for event in events if event.end >= oldest]
        self._counters["alerts_too_old"] += len(events) - len(fresh)
        with transaction.atomic():
            busy = tell(fresh) if fresh else set()
            self._advance(events[-1].sequence, at_once=bool(busy))
        if any(event.phase == "end" for event in events):
            settle()
        if busy:
            self._wake(busy)

    def _advance(self, sequence: int, *, at_once: bool) -> None:
        if at_once or time.monotonic() - self._written_s >= _WRITE_S:
            Cursor.objects.filter(pk=1, sequence__lt=sequence).update(sequence=sequence)
            self._written_s = time.monotonic()
        transaction.on_commit(lambda: setattr(self, "_cursor", sequence))

    def _deal_with_incidents(self) -> None:
        while _later:
            self._wake(tell([_later[0]]))
            _later.popleft()


def cursor_position() -> int:
    """Up to where rules have been applied; the first time, what is there already is no news."""
    newest = Event.objects.aggregate(newest=Max("sequence"))["newest"] or 0
    return Cursor.objects.get_or_create(pk=1, defaults={"sequence": newest})[0].sequence


def connect() -> None:
    """Listen to incidents."""
    incidents.opened.connect(_incident_opened, dispatch_uid="alerts-incident-opened")
    incidents.closed.connect(_incident_closed, dispatch_uid="alerts-incident-closed")


def _incident_opened(incident: Incident, **_: Any) -> None:
    _take(_occurrence(incident, "opened"))


def _incident_closed(incident: Incident, **_: Any) -> None:
    _take(_occurrence(incident, "closed"))


def _occurrence(incident: Incident, phase: str) -> Occurrence:
    moment = incident.closed if phase == "closed" and incident.closed else timezone.now()
    return Occurrence(
        subject=f"incident:{incident.pk}:{incident.times}:{phase}",
        about=Rule.About.SYSTEM,
        camera=incident.camera,
        begun=incident.opened,
        moment=moment,
        kind=incident.kind,
        severity=incident.severity,
        message=incident.message,
    )


def _take(what: Occurrence) -> None:
    """Durable when this returns; when the database is away, the feed does it as soon as it is back."""
    try:
        busy = tell([what])
    except DatabaseError as error:
        _log.error("An incident could not be told; it will be", error=str(error))
        _later.append(what)
        return
    for wake in _listeners:
        wake(busy)
