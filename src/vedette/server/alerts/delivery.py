"""Deliveries on their way: a thread per channel, so that none holds another.

A delivery is marked before it is sent and after. What a crash left marked is sent again with the same ids:
a receiver that honours them sees it once (see docs/decisions/0025).
"""

import platform
import threading
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from vedette.server.alerts.channels.base import Sender, SendError, Sent
from vedette.server.alerts.composing import message_of, refusal
from vedette.server.alerts.health import note_failure, note_success
from vedette.server.alerts.models import Channel, Delivery
from vedette.server.alerts.service import redacted, sender_of

PAUSES_S = (2, 5, 15, 60, 300, 900, 1800, 3600, 3600)
"""After each failed try; then it is given up."""

LEASE = timedelta(minutes=2)
"""Somebody who has been sending for so long is gone."""

BETWEEN_UPDATES = timedelta(seconds=2)
TOO_OLD = timedelta(hours=12)
_IDLE_S = 20.0
_AFTER_TROUBLE_S = 2.0

_State = Delivery.State
_log = structlog.get_logger(__name__)


def server_name() -> str:
    """This server: machine and home; what it was sending when it was killed is its own to take up again."""
    return f"{platform.node()}:{settings.HOME.path}"[-120:]


def take_up_again() -> int:
    """At the start: what this server was sending when it ended is due at once."""
    mine = Delivery.objects.filter(state=_State.SENDING, claimed_by=server_name())
    return mine.update(state=_State.WAITING, due=timezone.now())


def claim(channel: int, now: datetime) -> Delivery | None:
    """Mark the next delivery of a channel that is due; nobody else gets it within the lease."""
    due = Delivery.objects.filter(channel=channel, due__lte=now, state__in=(_State.WAITING, _State.SENDING))
    row = due.select_related("notification", "channel__owner").order_by("due", "created").first()
    if row is None:
        return None
    same = Delivery.objects.filter(pk=row.pk, state=row.state, due=row.due, wanted=row.wanted)
    marks = {"state": _State.SENDING, "claimed_by": server_name(), "due": now + LEASE}
    return row if same.update(tries=F("tries") + 1, **marks) else None


def record(row: Delivery, outcome: Sent | SendError, now: datetime) -> None:
    """Write down how a try ended."""
    if isinstance(outcome, Sent):
        _sent(row, outcome, now)
    elif outcome.permanent or row.tries + 1 > len(PAUSES_S) or now - row.created > TOO_OLD:
        given_up = "" if outcome.permanent else f" Given up after {row.tries + 1} tries."
        _settle(row, _State.FAILED, f"{outcome.args[0]}{given_up}", now)
    else:
        pause = timedelta(seconds=max(PAUSES_S[row.tries], outcome.retry_after_s))
        reason = str(outcome.args[0])[:500]
        _mine(row).update(state=_State.WAITING, due=now + pause, reason=reason)


def _sent(row: Delivery, outcome: Sent, now: datetime) -> None:
    told = row.notification.revision
    _mine(row).update(
        state=_State.SENT, revision=told, finished=now, reason="", handle=outcome.handle[:200], due=now
    )
    newer = Delivery.objects.filter(pk=row.pk, state=_State.SENT, wanted__gt=told)
    newer.update(state=_State.WAITING, tries=0, due=now + BETWEEN_UPDATES)


def _settle(row: Delivery, state: str, reason: str, now: datetime) -> None:
    _mine(row).update(state=state, reason=reason[:500], finished=now)


def _mine(row: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=row.pk, state=_State.SENDING)


class Courier:
    """The thread of one channel."""

    def __init__(self, channel: int, counters: Counter[str]) -> None:
        self.channel = channel
        self._counters = counters
        self._wake = threading.Event()
        self._stop = False
        self._sender: tuple[datetime, Sender] | None = None
        self._thread = threading.Thread(target=self._run, name=f"channel-{channel}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    def stop(self) -> None:
        """Ask it to end after what it is sending."""
        self._stop = True
        self._wake.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop:
            try:
                pause_s = self._round()
            except DatabaseError as error:
                _log.error("Deliveries cannot be read or written", error=str(error))
                connection.close()
                pause_s = _AFTER_TROUBLE_S
            if pause_s:
                connection.close()
                self._wake.wait(pause_s)
                self._wake.clear()
        self._let_go()
        connection.close()

    def _round(self) -> float:
        """Send what is due; returns how long there is nothing to do."""
        row = claim(self.channel, timezone.now())
        if row is None:
            return self._pause_s()
        row.notification.refresh_from_db()
        if reason := refusal(row.channel, row.notification):
            _settle(row, _State.SKIPPED, reason, timezone.now())
            return 0.0
        outcome = self._send(row)
        now = timezone.now()
        self._judge(row, outcome, now)
        record(row, outcome, now)
        return 0.0

    def _send(self, row: Delivery) -> Sent | SendError:
        try:
            sender = self._sender_for(row.channel)
            return sender.send(message_of(row, row.notification), row.handle)
        except SendError as error:
            return redacted(error, row.channel)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001  a channel must not end its thread
            _log.exception("A channel failed in a way nobody foresaw", channel=row.channel_id)
            return redacted(SendError(f"{type(error).__name__}: {error}"[:300]), row.channel)

    def _sender_for(self, channel: Channel) -> Sender:
        if self._sender is None or self._sender[0] != channel.changed:
            self._let_go()
            self._sender = channel.changed, sender_of(channel)
        return self._sender[1]

    def _let_go(self) -> None:
        if self._sender is not None:
            self._sender[1].close()
            self._sender = None

    def _judge(self, row: Delivery, outcome: Sent | SendError, now: datetime) -> None:
        if isinstance(outcome, Sent):
            self._counters["alerts_sent"] += 1
            note_success(row.channel, outcome.answer, now)
        else:
            self._counters["alerts_send_errors"] += 1
            note_failure(row.channel, outcome, now)

    def _pause_s(self) -> float:
        """Until the next one is due; what is woken comes sooner."""
        waiting = Q(state=_State.WAITING) | Q(state=_State.SENDING)
        due = (
            Delivery.objects.filter(waiting, channel=self.channel)
            .order_by("due")
            .values_list("due", flat=True)
        )
        first = due.first()
        return _IDLE_S if first is None else min(max((first - timezone.now()).total_seconds(), 0.05), _IDLE_S)


class Dispatcher:
    """Keeps a courier for every channel that is switched on."""

    def __init__(self, counters: Counter[str]) -> None:
        self._counters = counters
        self._couriers: dict[int, Courier] = {}
        self._lock = threading.Lock()
        self._closed = False

    def wake(self, channels: Iterable[int]) -> None:
        """These channels have something to send."""
        with self._lock:
            wanted = set(channels)
            known = [courier for channel, courier in self._couriers.items() if channel in wanted]
        for courier in known:
            courier.wake()
        if len(known) < len(wanted):
            self.reconcile()

    def reconcile(self) -> None:
        """Start and stop couriers as channels come and go."""
        wanted = set(Channel.objects.filter(enabled=True).values_list("pk", flat=True))
        with self._lock:
            for channel in [each for each in self._couriers if each not in wanted]:
                self._couriers.pop(channel).stop()
            for channel in wanted:
                self._ensure(channel)

    def _ensure(self, channel: int) -> None:
        had = self._couriers.get(channel)
        if (had is None or had.ended) and not self._closed:
            self._couriers[channel] = Courier(channel, self._counters)
            self._couriers[channel].start()

    def close(self, timeout_s: float = 2.0) -> None:
        """Stop; what is being sent may end, what hangs is left and taken up again at the next start."""
        with self._lock:
            self._closed, couriers = True, list(self._couriers.values())
            self._couriers.clear()
        for courier in couriers:
            courier.stop()
        for courier in couriers:
            courier.join(timeout_s)
