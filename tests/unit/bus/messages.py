"""Small messages for the tests of the bus."""

from vedette.domain.geometry import Box
from vedette.domain.messages import Detections, EventMessage, NodeReport, SegmentMessage


def detections(sequence: int, camera: str = "door") -> Detections:
    return Detections(camera=camera, utc_s=float(sequence), sequence=sequence, width=640, height=360)


def segment(number: int, camera: str = "door") -> SegmentMessage:
    return SegmentMessage(
        id=f"{camera}-{number}", camera=camera, path="a.mp4", state="open", start_utc_s=0.0, end_utc_s=1.0
    )


def event(number: int, camera: str = "door") -> EventMessage:
    return EventMessage(
        id=f"{camera}-{number}",
        camera=camera,
        phase="start",
        revision=number,
        kind="object",
        label="person",
        score=0.9,
        start_utc_s=1.0,
        end_utc_s=2.0,
        box=Box(1, 2, 3, 4),
        best_utc_s=1.5,
        width=640,
        height=360,
    )


def report(node: str = "worker-1", revision: int = 0) -> NodeReport:
    return NodeReport(node=node, utc_s=1.0, pid=1, revision=revision)
