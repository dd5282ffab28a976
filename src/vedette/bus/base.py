"""What every bus offers to the stages: publish and subscribe, bounded, never blocking the publisher."""

from typing import Protocol

from vedette.domain.messages import AnyMessage, Message

DEPTH = 64
"""Messages that wait on each side of a topic before the publisher is refused."""


class Subscription(Protocol):
    """The one reader of a topic; `receive` and `close` may come from different threads."""

    def receive(self, timeout_s: float) -> AnyMessage | None:
        """The next message; None when none came in time. Malformed bytes are counted, logged and skipped."""

    def close(self) -> None:
        """Give the topic back; another subscriber may take it at once."""


class Bus(Protocol):
    """Topics between stages. Messages with the same publisher keep their order.

    A bus is for what may be dropped under load (pictures, detections): what is in flight when a subscriber
    dies is lost. What must not be lost goes through the outbox.
    """

    def publish(self, topic: str, key: str, message: Message) -> bool:
        """Hand the message over without waiting; False, and `bus_<topic>_dropped` counted, when full.

        Messages for a topic nobody has subscribed to yet wait for the subscriber, within the same bound.
        `key` (camera or node) is what partitioned buses keep order by.
        """

    def subscribe(self, topic: str) -> Subscription:
        """Become the reader of a topic.

        Raises:
            ConfigurationError: the topic has a reader already.
        """

    def close(self) -> None:
        """Drop what was not delivered and release everything."""
