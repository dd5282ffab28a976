"""The worker's end of the link: reports, outbox messages and pictures out, assignments and requests in."""

import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog
import zmq

from vedette.bus.delivery import Delivery
from vedette.bus.ipc import endpoint
from vedette.bus.outbox import Outbox
from vedette.bus.wake import Wake
from vedette.bus.wire import (
    ANSWER,
    BATCH,
    HIGH_WATER_MARK,
    MALFORMED,
    MAX_FRAME_BYTES,
    MESSAGE,
    Ack,
    Heard,
    Nack,
    pack,
    read_answer,
)
from vedette.domain.ids import new_id
from vedette.domain.messages import (
    Assignment,
    LiveRequest,
    LiveStop,
    NodeReport,
    SnapshotReply,
    SnapshotRequest,
    decode,
    encode,
)

REPORT_S = 1.0
_POLL_MS = 100
_SNAPSHOTS_WAITING = 8
_PHOTOGRAPHER_S = 2.0

M = TypeVar("M", Assignment, LiveRequest | LiveStop)

_log = structlog.get_logger(__name__)


class WorkerLink:
    """Connects one worker to the server of its machine; the server may come and go at any time.

    Args:
        folder: where the server's socket lies.
        node: name of this worker.
        outbox: what it holds is delivered at least once, in order.
        report: called on the link's thread each second.
        on_assignment: called on the link's thread; must be quick.
        on_snapshot: called on a thread of its own, one request at a time.
        on_live: called on the link's thread; must be quick.
        counters: takes `link_*`.
    """

    def __init__(
        self,
        folder: Path,
        node: str,
        outbox: Outbox,
        *,
        report: Callable[[], NodeReport],
        on_assignment: Callable[[Assignment], None],
        on_snapshot: Callable[[SnapshotRequest], SnapshotReply],
        on_live: Callable[[LiveRequest | LiveStop], None] = lambda _asked: None,
        counters: Counter[str] | None = None,
    ) -> None:
        self._address = endpoint(folder, "link")
        self._node = node
        self._outbox = outbox
        self._report = report
        self._on_assignment = on_assignment
        self._on_snapshot = on_snapshot
        self._on_live = on_live
        self._counters = Counter() if counters is None else counters
        self._delivery = Delivery(outbox, new_id(), self._counters)
        self._server = self._failure = ""
        self._heard_s = self._report_at_s = 0.0
        self._stop_at_s: float | None = None
        self._wake = Wake()
        self._replies: deque[SnapshotReply] = deque(maxlen=_SNAPSHOTS_WAITING)
        self._requests: queue.Queue[SnapshotRequest | None] = queue.Queue(_SNAPSHOTS_WAITING)
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._photographer = threading.Thread(target=self._take_snapshots, name="snapshots", daemon=True)

    def start(self) -> None:
        """Begin to connect, report and deliver."""
        self._outbox.listen(self._wake.set)
        self._thread.start()
        self._photographer.start()

    def close(self, drain_s: float = 2.0) -> None:
        """Deliver what the outbox holds for at most so long, then stop."""
        self._stop_at_s = time.monotonic() + drain_s
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._dismiss_photographer()
        self._wake.close()

    def report_now(self) -> None:
        """Report without waiting for the next second, as after taking over an assignment."""
        self._report_at_s = 0.0
        self._wake.set()

    @property
    def connected(self) -> bool:
        """Whether the server has answered a report lately."""
        return time.monotonic() - self._heard_s < 3 * REPORT_S

    def _run(self) -> None:
        with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
            self._connect(socket)
            poller = zmq.Poller()
            poller.register(socket, zmq.POLLIN)
            poller.register(self._wake.fileno(), zmq.POLLIN)
            while not self._finished():
                self._send_due(socket)
                poller.poll(_POLL_MS)
                self._wake.clear()
                self._receive_all(socket)

    def _connect(self, socket: zmq.Socket[bytes]) -> None:
        socket.set(zmq.IDENTITY, self._node.encode())
        # Nothing is queued for a server that is not there; the outbox is the queue.
        socket.set(zmq.IMMEDIATE, 1)
        socket.set(zmq.LINGER, 200)
        socket.set(zmq.SNDHWM, HIGH_WATER_MARK)
        socket.set(zmq.RCVHWM, HIGH_WATER_MARK)
        socket.set(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
        socket.set(zmq.RECONNECT_IVL, 50)
        socket.set(zmq.RECONNECT_IVL_MAX, 500)
        socket.connect(self._address)

    def _finished(self) -> bool:
        if self._stop_at_s is None:
            return False
        return time.monotonic() >= self._stop_at_s or not self._outbox.waiting_for()

    def _send_due(self, socket: zmq.Socket[bytes]) -> None:
        now_s = time.monotonic()
        if now_s >= self._report_at_s:
            self._send_report(socket, now_s)
        while self._replies and self._send(socket, MESSAGE, encode(self._replies[0])):
            self._replies.popleft()
        # Before the server's first word it is not known which server a batch would go to.
        batch = self._delivery.due(now_s) if self._server else None
        if batch is not None and self._send(socket, BATCH, pack(batch)):
            self._delivery.sent(batch, now_s)

    def _send_report(self, socket: zmq.Socket[bytes], now_s: float) -> None:
        try:
            data = encode(self._report())
        except Exception as error:  # noqa: BLE001 - the owner's callback must not end the link
            self._report_at_s = now_s + REPORT_S
            self._callback_failed("report", error)
            return
        sent = self._send(socket, MESSAGE, data)
        self._report_at_s = now_s + (REPORT_S if sent else 0.0)

    def _send(self, socket: zmq.Socket[bytes], kind: bytes, payload: bytes) -> bool:
        try:
            socket.send_multipart((kind, payload), zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def _receive_all(self, socket: zmq.Socket[bytes]) -> None:
        while socket.poll(0):
            parts = socket.recv_multipart(zmq.NOBLOCK)
            try:
                self._receive(*parts)
            except (*MALFORMED, TypeError, ValueError) as error:
                self._counters["link_malformed"] += 1
                _log.warning("malformed message from the server", error=str(error))

    def _receive(self, kind: bytes, payload: bytes) -> None:
        if kind == ANSWER:
            self._answered(read_answer(payload))
            return
        message = decode(payload)
        if isinstance(message, Assignment):
            self._tell("assignment", self._on_assignment, message)
        elif isinstance(message, SnapshotRequest):
            self._request(message)
        elif isinstance(message, LiveRequest | LiveStop):
            self._tell("live", self._on_live, message)
        else:
            raise TypeError(f"unexpected {type(message).__name__}")

    def _answered(self, answer: Ack | Nack | Heard) -> None:
        if isinstance(answer, Ack):
            self._delivery.acked(answer)
        elif isinstance(answer, Nack):
            self._delivery.failed(answer, time.monotonic())
        else:
            self._heard(answer.server)

    def _heard(self, server: str) -> None:
        self._heard_s = time.monotonic()
        if server != self._server:
            _log.info("connected to the server", node=self._node)
            self._counters["link_connects"] += 1
            self._server = server
            self._delivery.lost()

    def _tell(self, name: str, callback: Callable[[M], None], message: M) -> None:
        try:
            callback(message)
        except Exception as error:  # noqa: BLE001 - the owner's callback must not end the link
            self._callback_failed(name, error)

    def _request(self, request: SnapshotRequest) -> None:
        try:
            self._requests.put_nowait(request)
        except queue.Full:
            self._counters["link_snapshots_refused"] += 1
            self._reply(
                SnapshotReply(request=request.request, camera=request.camera, error="too many requests")
            )

    def _take_snapshots(self) -> None:
        while (request := self._requests.get()) is not None:
            try:
                self._reply(self._on_snapshot(request))
            except Exception as error:  # noqa: BLE001 - the owner's callback must not end the thread
                self._callback_failed("snapshot", error)
                self._reply(SnapshotReply(request=request.request, camera=request.camera, error=str(error)))

    def _dismiss_photographer(self) -> None:
        """Nobody is left to send pictures; a callback that hangs does not hold up the end of the process."""
        while not self._requests.empty():
            self._requests.get_nowait()
        self._requests.put_nowait(None)
        if self._photographer.is_alive():
            self._photographer.join(_PHOTOGRAPHER_S)

    def _reply(self, reply: SnapshotReply) -> None:
        self._replies.append(reply)
        self._wake.set()

    def _callback_failed(self, callback: str, error: Exception) -> None:
        """Count and log; the traceback only once, for a report fails each second."""
        self._counters["link_callback_errors"] += 1
        known, self._failure = self._failure == repr(error), repr(error)
        trace = None if known else error
        _log.error("link callback failed", callback=callback, error=self._failure, exc_info=trace)
