"""What every bus promises; the local bus and its in-memory twin must both pass."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from tests.unit.bus.messages import detections, event
from vedette.bus.base import Bus, Subscription
from vedette.bus.local import LocalBus
from vedette.domain.errors import ConfigurationError
from vedette.domain.messages import Detections, FrameMessage
from vedette.testing.bus import MemoryBus

DEPTH = 4


@pytest.fixture
def counters() -> Counter[str]:
    return Counter()


@pytest.fixture(params=["local", "memory"])
def bus(request: pytest.FixtureRequest, tmp_path: Path, counters: Counter[str]) -> Iterator[Bus]:
    made: Callable[[], Bus] = {
        "local": lambda: LocalBus(tmp_path, depth=DEPTH, counters=counters),
        "memory": lambda: MemoryBus(depth=DEPTH, counters=counters),
    }[request.param]
    bus = made()
    yield bus
    bus.close()


@pytest.fixture
def reader(bus: Bus) -> Iterator[Subscription]:
    subscription = bus.subscribe("detections")
    yield subscription
    subscription.close()


def fill(bus: Bus, picture: bytes = b"") -> int:
    """Publish until refused; the number that was taken."""
    message = FrameMessage(camera="door", utc_s=0.0, sequence=0, width=1, height=1, data=picture)
    taken = 0
    while bus.publish("frames", "door", message):
        taken += 1
    return taken


def numbers(reader: Subscription, count: int) -> list[int]:
    found = [reader.receive(5.0) for _ in range(count)]
    return [message.sequence for message in found if isinstance(message, Detections)]


def test_messages_arrive_whole_and_in_order(bus: Bus, reader: Subscription) -> None:
    """A publisher's messages reach the subscriber equal and in order."""
    assert all(bus.publish("detections", "door", detections(n)) for n in range(3))
    assert [reader.receive(5.0) for _ in range(3)] == [detections(n) for n in range(3)]


def test_receive_gives_none_when_nothing_comes(reader: Subscription) -> None:
    """A quiet topic does not hold up its reader."""
    assert reader.receive(0.01) is None


def test_topics_are_separate(bus: Bus, reader: Subscription) -> None:
    """A reader sees its own topic only."""
    bus.publish("events", "door", event(1))
    bus.publish("detections", "door", detections(7))
    assert numbers(reader, 1) == [7]


def test_messages_wait_for_the_first_subscriber(bus: Bus) -> None:
    """Stages may start in any order."""
    assert bus.publish("detections", "door", detections(1))
    reader = bus.subscribe("detections")
    assert numbers(reader, 1) == [1]
    reader.close()


def test_a_full_topic_refuses_at_once_and_counts(bus: Bus, counters: Counter[str]) -> None:
    """Without a reader the queue is bounded and the publisher learns of each drop (P3)."""
    assert fill(bus) == DEPTH
    assert not bus.publish("frames", "door", detections(1))
    assert counters["bus_frames_dropped"] == 2


def test_a_reader_that_does_not_read_is_bounded_too(bus: Bus) -> None:
    """A slow subscriber costs a bounded number of pictures in memory, not all of them."""
    reader = bus.subscribe("frames")
    assert DEPTH <= fill(bus, bytes(1_000_000)) < 100
    reader.close()


def test_what_was_taken_before_a_refusal_is_delivered(bus: Bus) -> None:
    """Refusing one message loses no other."""
    taken = 0
    while bus.publish("detections", "door", detections(taken)):
        taken += 1
    reader = bus.subscribe("detections")
    assert numbers(reader, taken) == list(range(taken))
    reader.close()


def test_a_topic_has_one_reader(bus: Bus, reader: Subscription) -> None:
    """A second reader is refused instead of silently taking the messages of the first."""
    with pytest.raises(ConfigurationError, match="already served"):
        bus.subscribe("detections")


def test_a_subscriber_may_come_back(bus: Bus) -> None:
    """After a subscriber has closed, the next one receives what is published from then on."""
    for number in range(3):
        reader = bus.subscribe("detections")
        wait_until(
            lambda n=number, r=reader: bus.publish("detections", "door", detections(n)) and r.receive(0.1)
        )
        reader.close()


def test_many_threads_may_publish(bus: Bus, reader: Subscription) -> None:
    """Camera threads share one bus; each one's messages keep their order."""

    def publish(camera: str) -> None:
        for number in range(50):
            wait_until(lambda n=number: bus.publish("detections", camera, detections(n, camera)))

    threads = [threading.Thread(target=publish, args=(f"camera-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    found = [reader.receive(5.0) for _ in range(200)]
    for thread in threads:
        thread.join()
    by_camera: dict[str, list[int]] = {}
    for message in found:
        assert isinstance(message, Detections)
        by_camera.setdefault(message.camera, []).append(message.sequence)
    assert by_camera == {f"camera-{n}": list(range(50)) for n in range(4)}


def test_close_does_not_wait_for_a_reader(bus: Bus) -> None:
    """Undelivered pictures do not hold up the end of a process."""
    fill(bus)
    bus.close()
