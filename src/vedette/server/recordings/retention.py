"""Recordings that exceed the limits go, oldest first (promise P4).

The order survives a crash at any point: rows are marked, files are removed, rows are removed; marked rows
that a crash left behind are finished by the next round.
"""

import heapq
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import structlog
from django.db.models import Sum
from django.utils import timezone

from vedette.domain.errors import StorageError
from vedette.recording import retention
from vedette.recording.disk import DiskSpace
from vedette.server.recordings.limits import retention_limits
from vedette.server.recordings.models import Segment
from vedette.server.runtime import Runtime
from vedette.settings import RetentionSettings

PER_CAMERA = 200
"""Oldest segments of each camera that one step looks at; steps repeat while they delete."""

_BATCH = 500
_FOLDER_REST = timedelta(hours=2)

_log = structlog.get_logger(__name__)


def keep_limits(limits: RetentionSettings, root: Path, runtime: Runtime) -> int:
    """Remove what exceeds the limits and say in `runtime.alerts` what is wrong with the disk.

    Returns:
        How many segments were removed.

    Raises:
        StorageError: the recordings folder is not there.
    """
    if not root.is_dir():
        raise StorageError(f"The recordings folder {root} is not there.", hint="Is its disk mounted?")
    removed = finish_deleting(root)
    while (plan := _plan(limits, _space(root))).delete:
        _mark(plan.delete)
        removed += finish_deleting(root)
    _alert(plan.alerts, runtime)
    if removed:
        runtime.counters["segments_removed"] += removed
        _log.info("Recordings were removed to keep the limits", segments=removed)
    return removed


def finish_deleting(root: Path) -> int:
    """Remove the files and then the rows of all segments that are marked; returns how many."""
    removed = 0
    marked = Segment.objects.filter(state=Segment.State.DELETING)
    while rows := list(marked.only("id", "path", "start")[:_BATCH]):
        gone = [row.pk for row in rows if _unlink(root, row)]
        if not gone:
            break
        Segment.objects.filter(pk__in=gone).delete()
        removed += len(gone)
    return removed


def _plan(limits: RetentionSettings, disk: DiskSpace) -> retention.RetentionPlan:
    usage = dict(Segment.objects.values_list("camera").annotate(size=Sum("size_bytes")).order_by())
    return retention.plan(_oldest(usage), usage, disk, retention_limits(limits, disk), time.time())


def _space(root: Path) -> DiskSpace:
    found = shutil.disk_usage(root)
    return DiskSpace(found.total, found.free)


def _oldest(cameras: Iterable[str]) -> Iterator[retention.StoredSegment]:
    """The oldest closed segments of each camera, merged in the order of deletion."""
    closed = Segment.objects.filter(state=Segment.State.CLOSED).order_by("start", "id")
    rows = [[_stored(row) for row in closed.filter(camera=camera)[:PER_CAMERA]] for camera in cameras]
    return heapq.merge(*rows, key=retention.deletion_order)


def _stored(row: Segment) -> retention.StoredSegment:
    return retention.StoredSegment(
        id=str(row.id),
        camera=row.camera,
        path=row.path,
        start_utc_s=row.start.timestamp(),
        end_utc_s=row.end.timestamp(),
        size_bytes=row.size_bytes,
    )


def _mark(rows: Sequence[retention.StoredSegment]) -> None:
    for first in range(0, len(rows), _BATCH):
        ids = [row.id for row in rows[first : first + _BATCH]]
        Segment.objects.filter(pk__in=ids).update(state=Segment.State.DELETING)


def _unlink(root: Path, row: Segment) -> bool:
    path = root / row.path
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.error("A recording cannot be removed", path=row.path, error=str(error))
        return False
    if timezone.now() - row.start > _FOLDER_REST:  # nobody begins a segment there any more
        with suppress(OSError):  # not empty yet
            path.parent.rmdir()
            path.parent.parent.rmdir()
    return True


def _alert(alerts: Sequence[str], runtime: Runtime) -> None:
    if alerts:
        runtime.alerts["disk"] = " ".join(alerts)
    else:
        runtime.alerts.pop("disk", None)
