"""News as the live stream sends them."""

from vedette.domain.messages import CameraReport
from vedette.server.api.schemas import CameraStatus, EventOut, SegmentOut
from vedette.server.events.models import Event
from vedette.server.live import News
from vedette.server.recordings.models import Segment


def event_news(row: Event) -> News:
    """An event was stored in a newer revision."""
    return News("event", row.camera, EventOut.from_orm(row).model_dump(mode="json"), row.sequence)


def segment_news(row: Segment) -> News:
    """A segment was opened, closed or deleted."""
    return News("segment", row.camera, SegmentOut.from_orm(row).model_dump(mode="json"))


def camera_news(node: str, report: CameraReport) -> News:
    """A camera is in another state, or runs another revision."""
    return News("camera", report.camera, CameraStatus.of(report, node).model_dump(mode="json"))
