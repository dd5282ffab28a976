"""Which outbox messages to send next, and what an answer means: at-least-once delivery, without sockets.

One batch is on its way at a time, so the order is kept. A batch that the server's handler cannot store is
sent again in halves until the one message that fails stands alone; after `POISON_FAILURES` failures of it
alone it is set aside in the outbox, and the rest goes on.
"""

from collections import Counter

import structlog

from vedette.bus.outbox import SERVER, Outbox
from vedette.bus.wire import Ack, Batch, Nack
from vedette.domain.errors import StorageError

MAX_BATCH = 256
POISON_FAILURES = 5
RESEND_S = 10.0

_log = structlog.get_logger(__name__)


class Delivery:
    """The state of the delivery of one outbox to the server. For one thread; times are monotonic seconds."""

    def __init__(self, outbox: Outbox, session: str, counters: Counter[str]) -> None:
        self._outbox = outbox
        self._session = session
        self._counters = counters
        self._limit = MAX_BATCH
        self._sent: Batch | None = None
        self._resend_at_s = self._not_before_s = 0.0
        self._failures = self._transient_failures = 0

    def due(self, now_s: float) -> Batch | None:
        """The batch to send now, if any."""
        if now_s < self._not_before_s or (self._sent and now_s < self._resend_at_s):
            return None
        if not self._outbox.waiting_for(SERVER):
            return None
        try:
            entries = tuple(self._outbox.pending(self._limit))
        except StorageError as error:
            self._pause(now_s, 1.0, str(error))
            return None
        return Batch(self._session, entries) if entries else None

    def sent(self, batch: Batch, now_s: float) -> None:
        """The batch is on its way."""
        if self._sent is not None:
            self._counters["link_resends"] += 1
        self._sent = batch
        self._resend_at_s = now_s + RESEND_S

    def lost(self) -> None:
        """The server is another one now: what was on its way is sent again at once."""
        self._resend_at_s = 0.0

    def acked(self, ack: Ack) -> None:
        """The server has stored messages."""
        sent = self._sent
        if sent is None or ack.session != self._session or ack.up_to < sent.entries[0][0]:
            return
        for seq, reason in ack.refused:
            self._outbox.set_aside(seq, reason)
        self._outbox.ack(min(ack.up_to, sent.entries[-1][0]))
        self._counters["link_delivered"] += sum(1 for seq, _ in sent.entries if seq <= ack.up_to)
        self._sent = None
        self._failures = self._transient_failures = 0
        self._limit = min(self._limit * 2, MAX_BATCH)

    def failed(self, nack: Nack, now_s: float) -> None:
        """The server could not store the batch: wait, make it smaller, or set the message aside."""
        sent = self._sent
        if sent is None or nack.session != self._session or nack.last != sent.entries[-1][0]:
            return
        self._counters["link_nacks"] += 1
        self._sent = None
        if nack.transient:
            self._transient_failures += 1
            self._pause(now_s, min(0.1 * 2**self._transient_failures, 5.0), nack.error)
        elif len(sent.entries) > 1:
            self._limit = len(sent.entries) // 2
            self._pause(now_s, 0.05, nack.error)
        else:
            self._blame(sent.entries[0][0], nack.error, now_s)

    def _blame(self, seq: int, error: str, now_s: float) -> None:
        self._failures += 1
        if self._failures < POISON_FAILURES:
            self._pause(now_s, 0.1 * 2**self._failures, error)
            return
        self._failures = 0
        self._outbox.set_aside(seq, error)
        self._outbox.ack(seq)

    def _pause(self, now_s: float, pause_s: float, error: str) -> None:
        self._not_before_s = now_s + pause_s
        _log.warning("delivery paused", pause_s=round(pause_s, 2), error=error)
