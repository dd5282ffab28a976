"""Which recordings have to go (promise P4). Pure: rows and sizes in, rows out.

Limits are by age and by size, per camera and overall, and by the share of the disk that all recordings may
take. A disk that others have filled is reported, not emptied: nothing is deleted beyond what brings our own
usage below our own limits.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from vedette.recording.disk import DiskSpace

DAY_S = 86_400.0
_LOW_SHARE = 0.01
_LOW_BYTES = 512 * 2**20


class StoredSegment(msgspec.Struct, frozen=True, kw_only=True):
    """An index row of a closed segment.

    Attributes:
        pending_evidence: it shows an event and has to be uploaded, and has not been yet.
    """

    id: str
    camera: str
    path: str
    start_utc_s: float
    end_utc_s: float
    size_bytes: int
    pending_evidence: bool = False


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What recordings of one camera, or of all together, may take; None is no limit."""

    max_age_days: float | None = None
    max_size_bytes: int | None = None


class RetentionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """All limits.

    Attributes:
        overall: for all cameras together; its age holds for cameras without an age of their own.
        max_disk_share: of the whole disk, 0 to 1, that all recordings together may take.
        min_free_bytes: below this an alert is raised; about 1 % of the disk when None.
    """

    cameras: Mapping[str, Limits] = {}
    overall: Limits = Limits()
    max_disk_share: float | None = None
    min_free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What to delete, in this order, and what to tell people."""

    delete: list[StoredSegment] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)

    @property
    def freed_bytes(self) -> int:
        """Bytes of all that is deleted."""
        return sum(row.size_bytes for row in self.delete)


def deletion_order(row: StoredSegment) -> tuple[bool, float, str]:
    """Sort key: oldest first, evidence that was not uploaded after all other."""
    return row.pending_evidence, row.start_utc_s, row.id


def plan(
    rows: Iterable[StoredSegment],
    usage: Mapping[str, int],
    disk: DiskSpace,
    limits: RetentionLimits,
    now_utc_s: float,
) -> RetentionPlan:
    """Choose what to delete.

    Args:
        rows: closed segments in `deletion_order` (the database sorts them); read only once and only as far
            as needed, so they may be millions.
        usage: bytes of all segments by camera.
        disk: of the file system that holds the recordings.
        limits: what is allowed.
        now_utc_s: the time.
    """
    excess = _Excess(usage, disk, limits)
    found = RetentionPlan(alerts=_alerts(usage, disk, limits))
    for row in rows:
        if _expired(row, limits, now_utc_s) or excess.wants(row):
            excess.give(row)
            found.delete.append(row)
        elif row.pending_evidence and not excess.any and not _may_expire(row, limits, now_utc_s):
            break
    return found


class _Excess:
    """By how much each camera, and all together, are above their limits."""

    def __init__(self, usage: Mapping[str, int], disk: DiskSpace, limits: RetentionLimits) -> None:
        self._cameras: Counter[str] = Counter()
        for camera, used_bytes in usage.items():
            allowed = limits.cameras.get(camera, Limits()).max_size_bytes
            if allowed is not None and used_bytes > allowed:
                self._cameras[camera] = used_bytes - allowed
        allowed = allowed_bytes(disk, limits)
        self._overall = 0 if allowed is None else max(0, sum(usage.values()) - allowed)

    @property
    def any(self) -> bool:
        return self._overall > 0 or any(excess > 0 for excess in self._cameras.values())

    def wants(self, row: StoredSegment) -> bool:
        return self._overall > 0 or self._cameras[row.camera] > 0

    def give(self, row: StoredSegment) -> None:
        self._overall -= row.size_bytes
        self._cameras[row.camera] -= row.size_bytes


def allowed_bytes(disk: DiskSpace, limits: RetentionLimits) -> int | None:
    """What all recordings together may take."""
    allowed = [] if limits.overall.max_size_bytes is None else [limits.overall.max_size_bytes]
    if limits.max_disk_share is not None:
        allowed.append(int(disk.total_bytes * limits.max_disk_share))
    return min(allowed, default=None)


def _max_age_s(camera: str, limits: RetentionLimits) -> float | None:
    days = limits.cameras.get(camera, Limits()).max_age_days
    days = limits.overall.max_age_days if days is None else days
    return None if days is None else days * DAY_S


def _expired(row: StoredSegment, limits: RetentionLimits, now_utc_s: float) -> bool:
    max_age_s = _max_age_s(row.camera, limits)
    return max_age_s is not None and row.end_utc_s < now_utc_s - max_age_s


def _may_expire(row: StoredSegment, limits: RetentionLimits, now_utc_s: float) -> bool:
    """Whether this row, or a newer one of any camera, may be too old."""
    ages = [limits.overall.max_age_days, *(camera.max_age_days for camera in limits.cameras.values())]
    shortest = min((age for age in ages if age is not None), default=None)
    return shortest is not None and row.start_utc_s < now_utc_s - shortest * DAY_S


def _alerts(usage: Mapping[str, int], disk: DiskSpace, limits: RetentionLimits) -> list[str]:
    floor = limits.min_free_bytes
    if floor is None:
        floor = min(int(disk.total_bytes * _LOW_SHARE), _LOW_BYTES)
    allowed = allowed_bytes(disk, limits)
    ours = sum(usage.values())
    if disk.free_bytes >= floor or (allowed is not None and ours > allowed):
        return []
    others = max(0, disk.total_bytes - disk.free_bytes - ours)
    message = (
        f"The recordings disk is almost full: {_gigabytes(disk.free_bytes)} free, "
        f"{_gigabytes(ours)} taken by recordings, {_gigabytes(others)} by other files. "
        "Recordings are within their limits and are kept: free space, or lower the limits."
    )
    return [message]


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"
