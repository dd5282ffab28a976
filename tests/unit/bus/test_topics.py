import pytest

from tests.unit.bus.messages import detections, event, report, segment
from vedette.bus.topics import Topic, topic_of
from vedette.domain.messages import Message, SnapshotReply


@pytest.mark.parametrize(
    ("message", "topic"),
    [
        (detections(1), Topic.DETECTIONS),
        (event(1), Topic.EVENTS),
        (segment(1), Topic.SEGMENTS),
        (report(), Topic.REPORTS),
    ],
)
def test_each_kind_of_message_has_its_topic(message: Message, topic: str) -> None:
    """A publisher finds the topic from the message alone."""
    assert topic_of(message) == topic


def test_replies_have_no_topic() -> None:
    """What belongs to a link cannot be published by mistake."""
    with pytest.raises(KeyError):
        topic_of(SnapshotReply(request="r", camera="door"))
