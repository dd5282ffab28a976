"""The stages as processes: each takes messages from one topic and gives messages to the next.

A deployment cuts the chain where it wants: what runs here over the local bus runs over any other `Bus`
without a change to a stage.
"""

import time
from collections.abc import Iterable, Iterator

from vedette.bus.base import Bus, Subscription
from vedette.bus.topics import DETECTIONS, EVENTS, FRAMES, Topic
from vedette.domain.camera import CameraSpec
from vedette.domain.messages import Detections, EventMessage, FrameMessage
from vedette.media.jpeg import decode_jpeg
from vedette.media.packets import MediaPacket
from vedette.media.planes import Picture, Planes
from vedette.pipeline.capture import Capture
from vedette.pipeline.detection import DetectionStage
from vedette.pipeline.frames import LUMA_WIDTH, Frame
from vedette.pipeline.tracking import TrackingStage
from vedette.vision.detectors.base import Detector

END_PATIENCE_S = 5.0
"""The end of a stream waits for room: without it the stages behind would keep their events open."""
_ROOM_EVERY_S = 0.005


def to_message(frame: Frame) -> FrameMessage:
    """A frame for a local cut: its planes as they were decoded, lossless."""
    picture = frame.picture
    if not isinstance(picture, Planes):
        raise TypeError("only decoded planes travel lossless")
    return FrameMessage(
        camera=frame.camera,
        utc_s=frame.utc_s,
        sequence=frame.sequence,
        width=picture.width,
        height=picture.height,
        reason=frame.reason,
        encoding="i420",
        data=picture.to_i420(),
    )


def from_message(message: FrameMessage) -> Frame:
    """The frame that a message carries.

    Raises:
        SourceError: the picture in it is damaged.
    """
    picture: Picture
    if message.encoding == "i420":
        picture = Planes.from_i420(message.data, message.width, message.height)
    else:
        picture = decode_jpeg(message.data)
    if message.reason == "end":
        raise ValueError("an end message carries no picture")
    luma = picture.luma(LUMA_WIDTH)
    return Frame(message.camera, message.utc_s, message.sequence, picture, luma, message.reason)


def frames_of(capture: Capture, packets: Iterable[MediaPacket]) -> Iterator[Frame]:
    """All frames of a stream, from its first packet to its end."""
    for packet in packets:
        yield from capture.feed(packet)
    yield from capture.finish()


def run_capture(
    spec: CameraSpec, packets: Iterable[MediaPacket], capture: Capture, bus: Bus, *, patience_s: float = 0.0
) -> int:
    """Capture as a process of its own; returns the number of frames that were refused by the bus.

    Args:
        spec: the camera.
        packets: of its stream.
        capture: its stage.
        bus: to the detection.
        patience_s: how long to wait for room on the bus with each message: nothing for a camera, whose
            pictures do not wait, long for footage, of which no frame need be lost.
    """
    refused = 0
    sequence = 0
    for frame in frames_of(capture, packets):
        sequence = frame.sequence
        refused += not _publish(bus, FRAMES, to_message(frame), patience_s)
    end = FrameMessage(camera=spec.id, utc_s=0.0, sequence=sequence + 1, width=0, height=0, reason="end")
    _publish(bus, FRAMES, end, max(patience_s, END_PATIENCE_S))
    return refused


def run_detection(
    spec: CameraSpec,
    frames: Subscription,
    detector: Detector | None,
    bus: Bus,
    *,
    idle_s: float,
    patience_s: float = 0.0,
) -> None:
    """Detection as a process of its own; returns at the end of the stream or after `idle_s` of silence."""
    stage = DetectionStage(spec)
    while isinstance(message := frames.receive(idle_s), FrameMessage):
        if message.reason == "end":
            _publish(bus, DETECTIONS, end_of(spec, message.sequence), max(patience_s, END_PATIENCE_S))
            return
        _publish(bus, DETECTIONS, stage.process(from_message(message), detector), patience_s)


def run_tracking(
    spec: CameraSpec, detections: Subscription, bus: Bus | None, *, idle_s: float
) -> Iterator[EventMessage]:
    """Tracking as a process of its own: yields what it publishes, until the stream ends."""
    stage = TrackingStage(spec)
    while isinstance(message := detections.receive(idle_s), Detections):
        for event in stage.process(message):
            if bus is not None:
                bus.publish(EVENTS, spec.id, event)
            yield event
        if message.end:
            return


def end_of(spec: CameraSpec, sequence: int) -> Detections:
    """The message that ends a stream for the tracking stage."""
    return Detections(camera=spec.id, utc_s=0.0, sequence=sequence, width=0, height=0, end=True)


def _publish(bus: Bus, topic: Topic, message: FrameMessage | Detections, patience_s: float) -> bool:
    """Publish as soon as there is room; False when there was none in time."""
    deadline_s = time.monotonic() + patience_s
    while not bus.publish(topic, message.camera, message):
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(_ROOM_EVERY_S)
    return True
