"""From a span of time to a clip: which segments, and the virtual file made of them."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings

from vedette.domain.errors import ConfigurationError
from vedette.server.recordings.models import Segment

if TYPE_CHECKING:
    from vedette.recording.clips import ClipFile

MAX_CLIP_S = 24 * 3600.0


def clip_segments(camera: str, start: datetime, end: datetime) -> list[Segment]:
    """The segments that hold pictures of the span, in order; one still being written is among them."""
    rows = Segment.objects.filter(camera=camera, start__lt=end).exclude(state=Segment.State.DELETING)
    first = rows.filter(start__lte=start).order_by("-start").first()
    since = first.start if first else start
    found = rows.filter(start__gte=since).order_by("start")
    return [row for row in found if row.end > start or row.state == Segment.State.OPEN]


def open_clip(camera: str, start: datetime, end: datetime, *, keyframes_only: bool = False) -> "ClipFile":
    """The clip of a camera's span; of keyframes alone for watching at many times the speed.

    Raises:
        ConfigurationError: the span is empty or longer than a day.
        StorageError: nothing was recorded then, or nothing of it can be read.
    """
    from vedette.recording.clips import ClipFile, ClipPart  # noqa: PLC0415  loads av, which start-up need not wait for

    if not 0 < (end - start).total_seconds() <= MAX_CLIP_S:
        raise ConfigurationError("A clip ends after it starts, and lasts at most 24 hours.")
    rows = clip_segments(camera, start, end)
    files = [(settings.HOME.recordings / row.path, row.start.timestamp()) for row in rows]
    parts = [ClipPart(path, start_utc_s) for path, start_utc_s in files if path.exists()]
    return ClipFile(parts, start.timestamp(), end.timestamp(), keyframes_only=keyframes_only)
