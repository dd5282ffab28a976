"""A worker without cameras: the real outbox and link, driven by the test."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vedette.bus.link import WorkerLink
from vedette.bus.outbox import Outbox
from vedette.domain.geometry import Box
from vedette.domain.ids import new_id
from vedette.domain.messages import (
    Assignment,
    CameraReport,
    CameraState,
    EventMessage,
    LiveRequest,
    LiveStop,
    NodeReport,
    SegmentMessage,
    SnapshotReply,
    SnapshotRequest,
    ZoneVisit,
)
from vedette.node.home import Home


class Worker:
    """Says and stores what the test wants, obeys like the real one."""

    def __init__(
        self,
        home: Path,
        node: str = "worker-1",
        on_live: Callable[[LiveRequest | LiveStop], None] = lambda _asked: None,
    ) -> None:
        layout = Home(home).prepare()
        self.node = node
        self.assignment = Assignment(revision=0)
        self.detector_message = ""
        self.outbox = Outbox(layout.outbox(node))
        self.link = WorkerLink(
            layout.runtime,
            node,
            self.outbox,
            report=self.report,
            on_assignment=self.assigned,
            on_snapshot=self.snapshot,
            on_live=on_live,
        )
        self.link.start()

    def report(self) -> NodeReport:
        """All cameras stream."""
        cameras = tuple(
            CameraReport(
                camera=spec.id,
                state=CameraState.STREAMING if spec.enabled else CameraState.DISABLED,
                revision=spec.revision,
                counters={"packets": 7},
            )
            for spec in self.assignment.cameras
        )
        return NodeReport(
            node=self.node,
            utc_s=time.time(),
            pid=1,
            revision=self.assignment.revision,
            cameras=cameras,
            detector_message=self.detector_message,
            counters={"frames_dropped": 2},
            gauges={"queue": 1.5},
        )

    def assigned(self, assignment: Assignment) -> None:
        """Obey and say so."""
        self.assignment = assignment
        self.link.report_now()

    def snapshot(self, request: SnapshotRequest) -> SnapshotReply:
        """A picture of sorts."""
        return SnapshotReply(request=request.request, camera=request.camera, utc_s=1.0, jpeg=b"\xff\xd8jpeg")

    def close(self) -> None:
        """Stop."""
        self.link.close(drain_s=0.2)
        self.outbox.close()


def event(camera: str = "door", **changes: Any) -> EventMessage:
    """An event of now."""
    now_s = time.time()
    fields: dict[str, Any] = {
        "id": new_id(),
        "camera": camera,
        "phase": "start",
        "revision": 1,
        "kind": "object",
        "label": "person",
        "score": 0.8,
        "start_utc_s": now_s - 5,
        "end_utc_s": now_s,
        "best_utc_s": now_s - 2,
        "box": Box(1, 2, 30, 40),
        "width": 640,
        "height": 360,
    }
    return EventMessage(**(fields | changes))


def segment(camera: str = "door", **changes: Any) -> SegmentMessage:
    """A closed segment of ten seconds until now."""
    now_s, segment_id = time.time(), new_id()
    fields: dict[str, Any] = {
        "id": segment_id,
        "camera": camera,
        "path": f"{camera}/{segment_id}.mp4",
        "state": "closed",
        "start_utc_s": now_s - 10,
        "end_utc_s": now_s,
        "size_bytes": 1000,
        "codec": "h264",
    }
    return SegmentMessage(**(fields | changes))


def visit(zone: str) -> ZoneVisit:
    """A stay in a zone."""
    return ZoneVisit(zone=zone, enter_utc_s=time.time())
