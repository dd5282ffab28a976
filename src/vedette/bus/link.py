"""The link between the workers and the server of one machine: ROUTER at the server, DEALER at each worker.

Delivery is at least once: the server acknowledges after its handler has returned, the worker sends again
after a restart of the server, after `RESEND_S` without an answer, and with growing pauses after errors.
Either end may be killed at any time. The parts: `wire` (formats), `delivery` (what to send next),
`worker_link`, `server_link`, `inbox` (calls the server's handlers).
"""

from vedette.bus.delivery import MAX_BATCH, POISON_FAILURES, RESEND_S
from vedette.bus.server_link import NODE_TIMEOUT_S, OutboxMessage, ServerLink
from vedette.bus.worker_link import REPORT_S, WorkerLink

__all__ = [
    "MAX_BATCH",
    "NODE_TIMEOUT_S",
    "POISON_FAILURES",
    "REPORT_S",
    "RESEND_S",
    "OutboxMessage",
    "ServerLink",
    "WorkerLink",
]
