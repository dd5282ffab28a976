"""What the server has received and not yet handled: per node the newest report and one batch."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog

from vedette.bus.wire import Ack, Batch, Nack
from vedette.domain.errors import StorageError
from vedette.domain.messages import EventMessage, NodeReport, SegmentMessage, UnknownVersionError, decode

_log = structlog.get_logger(__name__)

OutboxMessage = EventMessage | SegmentMessage


@dataclass(frozen=True, slots=True)
class Contents:
    """A batch as the handler sees it, and the entries that nobody can read."""

    messages: list[tuple[int, OutboxMessage]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


class Inbox:
    """Calls the server's handlers one after another on a thread of its own; bounded by the number of nodes.

    A worker sends its next batch only after the answer, so a second batch of a node that is still waiting is
    the same one sent again.
    """

    def __init__(
        self,
        on_report: Callable[[str, NodeReport], None],
        on_batch: Callable[[str, Sequence[tuple[int, OutboxMessage]]], int],
        answer: Callable[[str, Ack | Nack], None],
        counters: Counter[str],
    ) -> None:
        self._on_report, self._on_batch, self._answer = on_report, on_batch, answer
        self._counters = counters
        self._changed = threading.Condition()
        self._reports: dict[str, NodeReport] = {}
        self._batches: dict[str, Batch] = {}
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="link-handlers", daemon=True)

    def start(self) -> None:
        """Begin to call the handlers."""
        self._thread.start()

    def close(self) -> None:
        """Let the running handler finish, then stop."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def put_report(self, node: str, report: NodeReport) -> None:
        """Replace the node's report that is still waiting."""
        with self._changed:
            self._reports[node] = report
            self._changed.notify()

    def put_batch(self, node: str, batch: Batch) -> None:
        """Replace the node's batch that is still waiting."""
        with self._changed:
            self._batches[node] = batch
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or self._reports or self._batches)
                if self._stopping:
                    return
                reports, self._reports = self._reports, {}
                batches, self._batches = self._batches, {}
            for node, report in reports.items():
                self._handle_report(node, report)
            for node, batch in batches.items():
                self._handle_batch(node, batch)

    def _handle_report(self, node: str, report: NodeReport) -> None:
        try:
            self._on_report(node, report)
        except Exception as error:  # noqa: BLE001 - the owner's handler must not end the thread
            self._counters["link_handler_errors"] += 1
            _log.error("report not handled", node=node, error=repr(error), exc_info=error)

    def _handle_batch(self, node: str, batch: Batch) -> None:
        if not batch.entries:
            return
        contents, last = _open(batch), batch.entries[-1][0]
        try:
            stored = self._on_batch(node, contents.messages) if contents.messages else last
        except Exception as error:  # noqa: BLE001 - whatever it was, the worker must hear of it
            self._refuse(node, batch.session, last, error)
            return
        up_to = last if not contents.messages or stored >= contents.messages[-1][0] else stored
        if up_to < batch.entries[0][0]:
            self._answer(node, Nack(batch.session, last, "the server stored nothing", transient=True))
            return
        refused = tuple((seq, reason) for seq, reason in contents.refused if seq <= up_to)
        self._counters["link_undecodable"] += len(refused)
        self._answer(node, Ack(batch.session, up_to, refused))

    def _refuse(self, node: str, session: str, last: int, error: Exception) -> None:
        transient = is_transient(error)
        self._counters["link_handler_errors"] += 1
        _log.warning("batch not stored", node=node, last=last, transient=transient, error=repr(error))
        self._answer(node, Nack(session, last, repr(error)[:500], transient))


def is_transient(error: BaseException) -> bool:
    """Whether trying again later may help, because the message is not to blame.

    PEP 249: `OperationalError` and `InterfaceError` are about the database, not about the data; every
    driver and Django name their classes so, which spares this module from importing any of them.
    """
    names = {cls.__name__ for cls in type(error).__mro__}
    return isinstance(error, StorageError | OSError) or bool(names & {"OperationalError", "InterfaceError"})


def _open(batch: Batch) -> Contents:
    contents = Contents()
    for seq, payload in batch.entries:
        try:
            contents.messages.append((seq, _outbox_message(payload)))
        except (msgspec.DecodeError, UnknownVersionError) as error:
            contents.refused.append((seq, str(error)))
    return contents


def _outbox_message(payload: bytes) -> OutboxMessage:
    message = decode(payload)
    if not isinstance(message, EventMessage | SegmentMessage):
        raise msgspec.ValidationError(f"unexpected {type(message).__name__}")
    return message
