"""The in-memory twin of the local bus: the same behaviour within one process."""

import threading
from collections import Counter, deque

from vedette.bus.base import DEPTH
from vedette.domain.errors import ConfigurationError
from vedette.domain.messages import AnyMessage, Message, decode, encode


class MemoryBus:
    """Topics as bounded queues of encoded messages, so that what cannot be encoded fails here too."""

    def __init__(self, *, depth: int = DEPTH, counters: Counter[str] | None = None) -> None:
        self._depth = depth
        self._counters = Counter() if counters is None else counters
        self._changed = threading.Condition()
        self._queues: dict[str, deque[bytes]] = {}
        self._readers: dict[str, MemorySubscription] = {}

    def publish(self, topic: str, key: str, message: Message) -> bool:  # noqa: ARG002 - for partitioned buses
        """See `Bus.publish`."""
        data = encode(message)
        with self._changed:
            queue = self._queues.setdefault(topic, deque())
            if len(queue) >= self._depth:
                self._counters[f"bus_{topic}_dropped"] += 1
                return False
            queue.append(data)
            self._changed.notify_all()
        return True

    def subscribe(self, topic: str) -> "MemorySubscription":
        """See `Bus.subscribe`."""
        with self._changed:
            if topic in self._readers:
                raise ConfigurationError(f"bus-{topic} in memory is already served.")
            self._readers[topic] = MemorySubscription(self, topic)
            return self._readers[topic]

    def close(self) -> None:
        """See `Bus.close`."""
        with self._changed:
            self._queues.clear()

    def take(self, topic: str, timeout_s: float) -> AnyMessage | None:
        """The oldest message of a topic; None when none came in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._queues.get(topic), timeout_s)
            queue = self._queues.get(topic)
            return decode(queue.popleft()) if queue else None

    def leave(self, topic: str) -> None:
        """The subscriber of a topic goes."""
        with self._changed:
            self._readers.pop(topic, None)


class MemorySubscription:
    """The reader of one topic of a `MemoryBus`."""

    def __init__(self, bus: MemoryBus, topic: str) -> None:
        self._bus = bus
        self._topic = topic

    def receive(self, timeout_s: float) -> AnyMessage | None:
        """See `Subscription.receive`."""
        return self._bus.take(self._topic, timeout_s)

    def close(self) -> None:
        """See `Subscription.close`."""
        self._bus.leave(self._topic)
