"""The bus of one machine: ZeroMQ PUSH/PULL over Unix sockets, one socket file per topic."""

import threading
import time
from collections import Counter
from pathlib import Path

import msgspec
import structlog
import zmq

from vedette.bus.base import DEPTH
from vedette.bus.ipc import claim, endpoint
from vedette.domain.messages import AnyMessage, Message, UnknownVersionError, decode, encode

_log = structlog.get_logger(__name__)


class LocalBus:
    """Publishes and subscribes between the processes of one machine; safe to use from several threads.

    At most `depth` messages wait at the publisher and `depth` at the subscriber (and what the kernel's
    socket buffers hold between them).
    """

    def __init__(self, folder: Path, *, depth: int = DEPTH, counters: Counter[str] | None = None) -> None:
        self._folder = folder
        self._depth = depth
        self._counters = Counter() if counters is None else counters
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._sockets: dict[str, zmq.Socket[bytes]] = {}
        self._lock = threading.Lock()

    def publish(self, topic: str, key: str, message: Message) -> bool:  # noqa: ARG002 - for partitioned buses
        """See `Bus.publish`."""
        data = encode(message)
        try:
            with self._lock:
                self._socket(topic).send(data, zmq.NOBLOCK, copy=False)
        except zmq.Again:
            self._counters[f"bus_{topic}_dropped"] += 1
            return False
        return True

    def subscribe(self, topic: str) -> "LocalSubscription":
        """See `Bus.subscribe`."""
        return LocalSubscription(self._folder, topic, self._depth, self._counters)

    def close(self) -> None:
        """See `Bus.close`."""
        with self._lock:
            for socket in self._sockets.values():
                socket.close(linger=0)
            self._sockets.clear()
        self._context.term()

    def _socket(self, topic: str) -> zmq.Socket[bytes]:
        if topic not in self._sockets:
            address = endpoint(self._folder, f"bus-{topic}")
            socket = self._context.socket(zmq.PUSH)
            socket.set(zmq.SNDHWM, self._depth)
            socket.set(zmq.RECONNECT_IVL, 50)
            socket.set(zmq.RECONNECT_IVL_MAX, 500)
            socket.connect(address)
            self._sockets[topic] = socket
        return self._sockets[topic]


class LocalSubscription:
    """The reader of one topic.

    It has a ZeroMQ context of its own: terminating it is the only way to know that the socket file has been
    removed, so that it is not removed under the next subscriber.
    """

    def __init__(self, folder: Path, topic: str, depth: int, counters: Counter[str]) -> None:
        self._topic = topic
        self._counters = counters
        self._lock = threading.Lock()
        address = endpoint(folder, f"bus-{topic}")
        self._claim = claim(folder, f"bus-{topic}")
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.PULL)
        self._socket.set(zmq.RCVHWM, depth)
        self._socket.bind(address)

    def receive(self, timeout_s: float) -> AnyMessage | None:
        """See `Subscription.receive`."""
        deadline_s = time.monotonic() + timeout_s
        with self._lock:
            while not self._socket.closed:
                left_ms = max(round((deadline_s - time.monotonic()) * 1000), 0)
                if not self._socket.poll(left_ms):
                    break
                if (message := self._decoded(self._socket.recv(zmq.NOBLOCK, copy=False).buffer)) is not None:
                    return message
        return None

    def close(self) -> None:
        """See `Subscription.close`; waits for a `receive` in another thread to return."""
        with self._lock:
            self._socket.close(linger=0)
            self._context.term()
            self._claim.release()

    def _decoded(self, data: memoryview) -> AnyMessage | None:
        try:
            return decode(data)
        except (msgspec.DecodeError, UnknownVersionError) as error:
            self._counters[f"bus_{self._topic}_malformed"] += 1
            _log.warning("message skipped", topic=self._topic, size_bytes=len(data), error=str(error))
            return None
