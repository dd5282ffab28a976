"""The topics of the bus and which message travels on which."""

from enum import StrEnum

from vedette.domain.messages import (
    Assignment,
    Detections,
    EventMessage,
    FrameMessage,
    LiveBoxes,
    LiveEnd,
    LiveFragment,
    LiveInit,
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
    LIVE = "live"


FRAMES = Topic.FRAMES
DETECTIONS = Topic.DETECTIONS
EVENTS = Topic.EVENTS
SEGMENTS = Topic.SEGMENTS
REPORTS = Topic.REPORTS
CAMERAS = Topic.CAMERAS
LIVE = Topic.LIVE

_TOPICS: dict[type[Message], Topic] = {
    FrameMessage: FRAMES,
    Detections: DETECTIONS,
    EventMessage: EVENTS,
    SegmentMessage: SEGMENTS,
    NodeReport: REPORTS,
    Assignment: CAMERAS,
    LiveInit: LIVE,
    LiveFragment: LIVE,
    LiveBoxes: LIVE,
    LiveEnd: LIVE,
}


def topic_of(message: Message) -> Topic:
    """The topic that this kind of message travels on.

    Raises:
        KeyError: requests and replies travel on links, not on a topic.
    """
    return _TOPICS[type(message)]
