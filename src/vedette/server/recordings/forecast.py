"""How long the recordings will be kept and what goes next, from the rows and the limits that hold now."""

import threading
import time
from datetime import timedelta

from django.conf import settings
from django.db.models import Min, Sum
from django.utils import timezone

from vedette.recording.forecast import CameraUsage, Forecast, forecast
from vedette.server.recordings.limits import disk_space, retention_limits
from vedette.server.recordings.models import Segment

MEASURED = timedelta(days=1)
"""Today's rate is that of the last day."""
LEAST = timedelta(minutes=2)
"""Cameras that were added just now: their rate is that of so long at least."""
FRESH_S = 60.0
"""What is stored is added up again after this time: that walks along all rows."""

_lock = threading.Lock()
_measured: tuple[float, dict[str, CameraUsage]] | None = None


def look_ahead(*, fresh: bool = False) -> Forecast:
    """The forecast for all recordings.

    Args:
        fresh: add up now, instead of taking what is a minute old.

    Raises:
        OSError: the recordings folder is not there.
    """
    disk = disk_space()
    limits = retention_limits(settings.VEDETTE.retention, disk)
    return forecast(_usage(fresh=fresh), disk, limits, time.time())


def _usage(*, fresh: bool) -> dict[str, CameraUsage]:
    global _measured  # noqa: PLW0603  one measurement for the whole process
    with _lock:
        if fresh or _measured is None or time.monotonic() - _measured[0] > FRESH_S:
            _measured = time.monotonic(), measure()
        return _measured[1]


def measure() -> dict[str, CameraUsage]:
    """What every camera has stored, and the rate at which it recorded in the last day."""
    rows = Segment.objects.exclude(state=Segment.State.DELETING).order_by()
    stored = rows.values_list("camera").annotate(size=Sum("size_bytes"), oldest=Min("start"))
    now = timezone.now()
    lately = rows.filter(start__gte=now - MEASURED).values_list("camera")
    recent = dict(lately.annotate(size=Sum("size_bytes")))
    found = {}
    for camera, size_bytes, oldest in stored:
        since = min(max(now - oldest, LEAST), MEASURED)
        day_bytes = recent.get(camera, 0) * (MEASURED / since)
        found[camera] = CameraUsage(size_bytes, oldest.timestamp(), day_bytes)
    return found
