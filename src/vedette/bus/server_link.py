"""The server's end of the link: reports and outbox messages in, assignments and requests out.

Two threads: one owns the socket, one calls the handlers, so that a slow database delays neither pictures
nor the knowledge of who lives.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path

import structlog
import zmq

from vedette.bus.inbox import Inbox
from vedette.bus.ipc import claim, endpoint
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
    read_batch,
)
from vedette.domain.ids import new_id
from vedette.domain.messages import (
    Assignment,
    EventMessage,
    LiveRequest,
    LiveStop,
    NodeReport,
    SegmentMessage,
    SnapshotReply,
    SnapshotRequest,
    decode,
    encode,
)

NODE_TIMEOUT_S = 5.0
_SNAPSHOTS_WAITING = 64
_OUTGOING = 1024

OutboxMessage = EventMessage | SegmentMessage
Frame = tuple[str, bytes, bytes]
"""Node, kind, payload."""

_log = structlog.get_logger(__name__)


class ServerLink:
    """Serves the workers of one machine; each may come and go at any time.

    Args:
        folder: where the socket is made.
        on_report: called for the newest report of each node, on the handler thread.
        on_batch: stores outbox messages and returns the last sequence number that is durable; called on the
            handler thread. Messages come at least once and in order per node. Raising means nothing was
            stored: `StorageError`, `OSError` and a database's `OperationalError` (PEP 249) are nobody's
            fault and are tried again for ever, anything else is in the end blamed on one message.
        counters: takes `link_*`.

    Raises:
        ConfigurationError: another server has this folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        on_report: Callable[[str, NodeReport], None],
        on_batch: Callable[[str, Sequence[tuple[int, OutboxMessage]]], int],
        counters: Counter[str] | None = None,
    ) -> None:
        self._counters = Counter() if counters is None else counters
        self._address = endpoint(folder, "link")
        self._name = new_id()
        self._nodes: dict[str, tuple[float, NodeReport]] = {}
        self._snapshots: dict[str, Future[SnapshotReply]] = {}
        self._outgoing: deque[Frame] = deque(maxlen=_OUTGOING)
        self._inbox = Inbox(on_report, on_batch, self._answer, self._counters)
        self._claim = claim(folder, "link")
        self._wake = Wake()
        self._stopping = False
        self._bound: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def start(self) -> None:
        """Bind and serve.

        Raises:
            zmq.ZMQError: the socket cannot be made.
        """
        self._inbox.start()
        self._thread.start()
        self._bound.result()

    def close(self) -> None:
        """Let the running handler finish, then stop; unanswered batches come again to the next server."""
        self._inbox.close()
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._wake.close()
        self._claim.release()

    @property
    def nodes(self) -> dict[str, NodeReport]:
        """The last report of every node heard within `NODE_TIMEOUT_S`."""
        limit_s = time.monotonic() - NODE_TIMEOUT_S
        return {node: report for node, (heard_s, report) in list(self._nodes.items()) if heard_s > limit_s}

    def send(self, node: str, message: Assignment | SnapshotRequest | LiveRequest | LiveStop) -> bool:
        """Send without waiting, from any thread; False when the node is not there.

        True promises nothing: the node's report tells what it runs.
        """
        if node not in self.nodes:
            return False
        self._queue(node, MESSAGE, encode(message))
        return True

    def request_snapshot(self, node: str, camera: str, max_width: int, timeout_s: float) -> SnapshotReply:
        """The newest picture of a camera, from any thread; `error` says why there is none (in time)."""
        request = SnapshotRequest(request=new_id(), camera=camera, max_width=max_width)
        if len(self._snapshots) >= _SNAPSHOTS_WAITING:
            return _no_picture(request, "too many requests")
        future = self._snapshots[request.request] = Future()
        try:
            if not self.send(node, request):
                return _no_picture(request, f"node {node} is not there")
            return future.result(timeout_s)
        except TimeoutError:
            self._counters["link_snapshot_timeouts"] += 1
            return _no_picture(request, f"node {node} did not answer within {timeout_s:g} s")
        finally:
            self._snapshots.pop(request.request, None)

    def _queue(self, node: str, kind: bytes, payload: bytes) -> None:
        self._outgoing.append((node, kind, payload))
        self._wake.set()

    def _answer(self, node: str, answer: Ack | Nack | Heard) -> None:
        self._queue(node, ANSWER, pack(answer))

    def _run(self) -> None:
        with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
            if not self._bind(socket):
                return
            poller = zmq.Poller()
            poller.register(socket, zmq.POLLIN)
            poller.register(self._wake.fileno(), zmq.POLLIN)
            while not self._stopping:
                poller.poll(1000)
                self._wake.clear()
                self._receive_all(socket)
                self._send_all(socket)

    def _bind(self, socket: zmq.Socket[bytes]) -> bool:
        socket.set(zmq.ROUTER_MANDATORY, 1)
        # A restarted worker takes over the name of the one before it.
        socket.set(zmq.ROUTER_HANDOVER, 1)
        socket.set(zmq.LINGER, 200)
        socket.set(zmq.SNDHWM, HIGH_WATER_MARK)
        socket.set(zmq.RCVHWM, HIGH_WATER_MARK)
        socket.set(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
        try:
            socket.bind(self._address)
        except zmq.ZMQError as error:
            self._bound.set_exception(error)
            return False
        self._bound.set_result(None)
        return True

    def _receive_all(self, socket: zmq.Socket[bytes]) -> None:
        while not self._stopping and socket.poll(0):
            parts = socket.recv_multipart(zmq.NOBLOCK)
            try:
                self._receive(*parts)
            except (*MALFORMED, TypeError, ValueError) as error:
                self._counters["link_malformed"] += 1
                _log.warning("malformed message from a node", node=repr(parts[0]), error=str(error))

    def _receive(self, identity: bytes, kind: bytes, payload: bytes) -> None:
        node = identity.decode()
        if kind == BATCH:
            self._inbox.put_batch(node, read_batch(payload))
            return
        message = decode(payload)
        if isinstance(message, NodeReport):
            self._reported(node, message)
        elif isinstance(message, SnapshotReply):
            self._pictured(message)
        else:
            raise TypeError(f"unexpected {type(message).__name__}")

    def _reported(self, node: str, report: NodeReport) -> None:
        if node not in self.nodes:
            _log.info("node connected", node=node, pid=report.pid)
        self._nodes[node] = (time.monotonic(), report)
        self._inbox.put_report(node, report)
        self._answer(node, Heard(self._name))

    def _pictured(self, reply: SnapshotReply) -> None:
        if (future := self._snapshots.pop(reply.request, None)) is not None:
            future.set_result(reply)

    def _send_all(self, socket: zmq.Socket[bytes]) -> None:
        while self._outgoing:
            node, kind, payload = self._outgoing.popleft()
            try:
                socket.send_multipart((node.encode(), kind, payload), zmq.NOBLOCK)
            except zmq.ZMQError as error:
                # Gone, or not reading: it will report again and be told again.
                self._counters["link_unsent"] += 1
                _log.debug("not sent", node=node, error=str(error))


def _no_picture(request: SnapshotRequest, error: str) -> SnapshotReply:
    return SnapshotReply(request=request.request, camera=request.camera, error=error)
