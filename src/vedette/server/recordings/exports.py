"""Exports: spans of recording as files to keep for a while, made in the background.

Nothing is transcoded: an export is the clip of its span, a plain MP4 with its index first, written to the
disk. It is made beside its final name and renamed when it is whole, so what can be downloaded is complete.
"""

import re
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, Sum
from django.utils import timezone

from vedette.domain.errors import ConfigurationError
from vedette.server.recordings.clips import clip_segments
from vedette.server.recordings.models import Export, Segment

KEPT = timedelta(days=7)
"""From the time it is done."""
FAILED_KEPT = timedelta(days=1)
LONGEST = timedelta(hours=6)
MOST_WAITING = 50
DISK_SHARE = 0.1
"""Of the whole disk, that all exports together may take."""
SPARE_BYTES = 1_000_000_000
"""What an export leaves free on the disk."""
_PART = ".part"
_NAME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.mp4(?:\.part)?")
_SETTLED_S = 3600.0
_UNFINISHED = (Export.State.WAITING, Export.State.RUNNING)


def folder() -> Path:
    """Where the files lie; made when it is first asked for."""
    path: Path = settings.HOME.path / "exports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def file_of(export: Export) -> Path:
    """Where the finished file lies."""
    return folder() / f"{export.pk}.mp4"


def part_of(export: Export) -> Path:
    """Where it grows."""
    return folder() / f"{export.pk}.mp4{_PART}"


def order(camera: str, start: datetime, end: datetime, by: str) -> Export:
    """Put an export in the queue; times before and after the recording are cut off.

    Raises:
        ConfigurationError: a span that makes no sense, nothing recorded then, or no place for it.
    """
    if not timedelta(0) < end - start <= LONGEST:
        hours = LONGEST // timedelta(hours=1)
        raise ConfigurationError(
            f"An export ends after it starts, and lasts at most {hours} hours.", hint="Make several exports."
        )
    if Export.objects.filter(state__in=_UNFINISHED).count() >= MOST_WAITING:
        raise ConfigurationError("Too many exports are waiting.", hint="Wait until some are done.")
    rows = clip_segments(camera, start, end)
    if not rows:
        raise ConfigurationError("Nothing was recorded then.", hint="Choose a stretch with recording.")
    start, end = max(start, rows[0].start), min(end, _last_end(rows))
    size_bytes = estimate_bytes(rows, start, end)
    check_place(size_bytes)
    return Export.objects.create(
        camera=camera, start=start, end=end, size_bytes=size_bytes, created_by=by[:200]
    )


def _last_end(rows: list[Segment]) -> datetime:
    """Where the recording ends; what is being written goes on until now."""
    last = rows[-1]
    return max(last.end, timezone.now()) if last.state == Segment.State.OPEN else last.end


def estimate_bytes(rows: list[Segment], start: datetime, end: datetime) -> int:
    """About how large the file will be."""
    return round(sum(row.size_bytes * _share(row, start, end) for row in rows))


def _share(row: Segment, start: datetime, end: datetime) -> float:
    """How much of a segment is in the span."""
    inside, whole = min(row.end, end) - max(row.start, start), row.end - row.start
    return max(0.0, min(1.0, inside / whole)) if whole > timedelta(0) else 1.0


def check_place(size_bytes: int, *, besides: UUID | None = None) -> None:
    """Refuse what would fill the disk.

    Args:
        size_bytes: of the new file.
        besides: an export whose own estimate does not count.

    Raises:
        ConfigurationError: says how much there is.
    """
    disk = shutil.disk_usage(folder())
    rows = Export.objects.exclude(state=Export.State.FAILED)
    rows = rows if besides is None else rows.exclude(pk=besides)
    taken = rows.aggregate(size=Sum("size_bytes"))["size"] or 0
    waiting = rows.filter(state__in=_UNFINISHED).aggregate(size=Sum("size_bytes"))["size"] or 0
    hint = "Delete exports that are no longer needed."
    if taken + size_bytes > disk.total * DISK_SHARE:
        raise ConfigurationError(
            f"Exports may take {_words(disk.total * DISK_SHARE)} of this disk; {_words(taken)} are taken and "
            f"{_words(size_bytes)} are needed.",
            hint=hint,
        )
    if waiting + size_bytes + SPARE_BYTES > disk.free:
        raise ConfigurationError(f"Only {_words(disk.free)} of the disk are free.", hint=hint)


def remove(export: Export) -> None:
    """Cancel an export, or delete it with its file."""
    Export.objects.filter(pk=export.pk).delete()
    file_of(export).unlink(missing_ok=True)


def tidy() -> int:
    """Remove exports that have expired, and files of exports that are gone; returns how many."""
    expired = list(Export.objects.filter(expires__lt=timezone.now()))
    for export in expired:
        remove(export)
    return len(expired) + sum(_forget(path) for path in list(folder().iterdir()))


def _forget(path: Path) -> bool:
    """Remove a file of ours that no row knows, unless somebody may be writing it."""
    try:
        settled = time.time() - path.stat().st_mtime > _SETTLED_S
    except FileNotFoundError:
        return False
    if not _NAME.fullmatch(path.name) or not settled:
        return False
    export = Export.objects.filter(pk=UUID(path.name[:36])).first()
    if export is not None and (path == file_of(export) or export.state in _UNFINISHED):
        return False
    path.unlink(missing_ok=True)
    return True


def claim(silent_s: float) -> Export | None:
    """Take the oldest waiting export for oneself; one whose maker is silent for so long waits again.

    Raises:
        django.db.DatabaseError: the database does not answer.
    """
    died = Q(state=Export.State.RUNNING, touched__lt=timezone.now() - timedelta(seconds=silent_s))
    Export.objects.filter(died).update(state=Export.State.WAITING, progress=0.0)
    for export in Export.objects.filter(state=Export.State.WAITING).order_by("created")[:5]:
        mine = Export.objects.filter(pk=export.pk, state=Export.State.WAITING)
        if mine.update(state=Export.State.RUNNING, touched=timezone.now(), progress=F("progress") * 0):
            return export
    return None


def still_wanted(export: Export, progress: float) -> bool:
    """Say how far an export is; False when it was removed in the meantime."""
    mine = Export.objects.filter(pk=export.pk, state=Export.State.RUNNING)
    return bool(mine.update(progress=min(progress, 1.0), touched=timezone.now()))


def finish(export: Export, size_bytes: int, duration_s: float, message: str) -> bool:
    """The file is there; False when the export was removed in the meantime."""
    return bool(
        Export.objects.filter(pk=export.pk).update(
            state=Export.State.DONE,
            progress=1.0,
            size_bytes=size_bytes,
            duration_s=duration_s,
            path=file_of(export).name,
            message=message[:500],
            expires=timezone.now() + KEPT,
        )
    )


def fail(export: Export, reason: str) -> None:
    """There will be no file."""
    Export.objects.filter(pk=export.pk).update(
        state=Export.State.FAILED, size_bytes=0, message=reason[:500], expires=timezone.now() + FAILED_KEPT
    )


def _words(size_bytes: float) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e8 else f"{size_bytes / 1e6:.1f} MB"
