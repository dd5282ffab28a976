"""The topics of the bus and which message travels on which."""

from enum import StrEnum

from vedette.domain.messages import (
    Assignment,
    Detections,
    EventMessage,
    FrameMessage,
    Message,
    NodeReport,
    SegmentMessage,
)


class Topic(StrEnum):
    """Names of the streams of messages between stages and processes."""

    FRAMES = "frames"
    DETECTIONS = "detections"
    EVENTS = "events"
    SEGMENTS = "segments"
    REPORTS = "reports"
    CAMERAS = "cameras"


_TOPICS: dict[type[Message], Topic] = {
    FrameMessage: Topic.FRAMES,
    Detections: Topic.DETECTIONS,
    EventMessage: Topic.EVENTS,
    SegmentMessage: Topic.SEGMENTS,
    NodeReport: Topic.REPORTS,
    Assignment: Topic.CAMERAS,
}


def topic_of(message: Message) -> Topic:
    """The topic that this kind of message travels on.

    Raises:
        KeyError: requests and replies travel on links, not on a topic.
    """
    return _TOPICS[type(message)]
