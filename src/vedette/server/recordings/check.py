"""`vedette check`: the index against the disk, for recordings and for pictures of events (promise P1)."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Collate

from vedette.domain.errors import StorageError
from vedette.recording import check
from vedette.server.events.models import Event
from vedette.server.recordings.models import Segment
from vedette.server.recordings.store import safe_path, segment_row, store_segments

SETTLED_S = 3600.0
"""Pictures are written before the event that names them is stored; younger ones are left alone."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference and what was, or would be, done about it."""

    kind: str
    path: str
    message: str
    action: str
    repaired: bool

    def __str__(self) -> str:
        return f"{self.kind}: {self.path}: {self.message} {self.action}"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found and did.

    Attributes:
        lines: one per difference.
        remaining: differences that are still there.
    """

    lines: tuple[str, ...]
    remaining: int

    @property
    def summary(self) -> str:
        """One sentence."""
        if not self.lines:
            return "All is well: recordings, pictures and database agree."
        return f"{len(self.lines)} differences found, {len(self.lines) - self.remaining} repaired."


def run_check(*, repair: bool = True, thorough: bool = False) -> CheckReport:
    """Check recordings and pictures of this home.

    Raises:
        StorageError: a folder is not there or cannot be read.
    """
    home = settings.HOME
    found = [
        *check_recordings(home.recordings, repair=repair, thorough=thorough),
        *check_snapshots(home.snapshots, repair=repair),
    ]
    return CheckReport(tuple(map(str, found)), sum(not difference.repaired for difference in found))


def check_recordings(root: Path, *, repair: bool = False, thorough: bool = False) -> Iterator[Difference]:
    """Compare segments with their rows; with `repair`, mend each difference before it is told.

    Args:
        root: the recordings folder.
        repair: mend, instead of only telling what would be done.
        thorough: read every file, not only those whose size is wrong.

    Raises:
        StorageError: the folder is not there or cannot be read.
    """
    if not root.is_dir():
        raise StorageError(f"The recordings folder {root} is not there.", hint="Is its disk mounted?")
    for finding in check.compare(_rows(), root, thorough=thorough):
        step = check.plan(finding)
        action, done = _repair(finding, root, step) if repair else (f"Would {step.value}.", False)
        yield Difference(finding.kind.value, finding.path, finding.message, action, done)


def check_snapshots(
    root: Path, *, repair: bool = False, now_utc_s: float | None = None
) -> Iterator[Difference]:
    """Find pictures that no event names, and events whose picture is gone."""
    now = time.time() if now_utc_s is None else now_utc_s
    known = set(_named_pictures())
    for path in sorted(root.rglob("*.jpg")):
        key = path.relative_to(root).as_posix()
        if key not in known and not path.is_symlink() and now - path.stat().st_mtime > SETTLED_S:
            if repair:
                path.unlink(missing_ok=True)
            action = "Deleted." if repair else "Would delete the file."
            yield Difference("orphan_picture", key, "No event has this picture.", action, repair)
    yield from _missing_pictures(root, repair=repair)


def _rows() -> Iterator[check.SegmentRow]:
    binary = "BINARY" if connection.vendor == "sqlite" else "C"
    for row in Segment.objects.order_by(Collate("path", binary)).iterator(chunk_size=2000):
        yield check.SegmentRow(
            id=str(row.id),
            camera=row.camera,
            path=row.path,
            state=row.state,
            start_utc_s=row.start.timestamp(),
            end_utc_s=row.end.timestamp(),
            size_bytes=row.size_bytes,
            has_motion=row.has_motion,
            has_event=row.has_event,
            activity=bytes(row.activity),
        )


def _repair(finding: check.Finding, root: Path, step: check.RepairStep) -> tuple[str, bool]:
    try:
        message = check.repair(finding, root)
    except StorageError as error:
        return f"Could not {step.value}: {error}", False
    if message is None:
        return f"Left: {step.value}.", False
    with transaction.atomic():
        store_segments([segment_row(message)], correct=True)
    if message.state == "deleted":
        return "Deleted the index row.", True
    return f"Done: {step.value} ({message.size_bytes} bytes).", True


def _named_pictures() -> Iterable[str]:
    for pair in Event.objects.values_list("snapshot", "crop").iterator(chunk_size=2000):
        yield from (key for key in pair if key)


def _missing_pictures(root: Path, *, repair: bool) -> Iterator[Difference]:
    events = Event.objects.exclude(snapshot="", crop="").only("id", "snapshot", "crop")
    for event in events.iterator(chunk_size=2000):
        for field in ("snapshot", "crop"):
            key = getattr(event, field)
            if not key or (root / safe_path(key)).exists():
                continue
            if repair:
                Event.objects.filter(pk=event.pk).update(**{field: ""})
            action = "Corrected the event." if repair else "Would correct the event."
            yield Difference(
                "missing_picture", key, f"The picture of event {event.id} is gone.", action, repair
            )
