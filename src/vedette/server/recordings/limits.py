"""The limits that hold: those an administrator has set, else those of the settings. Read anew every time."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from vedette.domain.errors import ConfigurationError
from vedette.recording.disk import DiskSpace
from vedette.recording.retention import Limits, RetentionLimits
from vedette.server.cameras import service
from vedette.server.cameras.limits import AGE_DAYS, MIN_SIZE_BYTES
from vedette.server.cameras.models import Camera
from vedette.server.recordings.models import CameraShare, RetentionChoice
from vedette.settings import RetentionSettings

SHARE = (0.001, 1.0)


@dataclass(frozen=True, slots=True)
class SetLimits:
    """Age, size and share of the disk, of one camera or of all together; None is no limit."""

    max_age_days: float | None = None
    max_size_bytes: int | None = None
    max_disk_share: float | None = None

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConfigurationError: a number out of its bounds.
        """
        bounds = {
            "max_age_days": (AGE_DAYS, "days"),
            "max_size_bytes": ((MIN_SIZE_BYTES, 2**63 - 1), "bytes"),
            "max_disk_share": (SHARE, "of the disk"),
        }
        for name, ((low, high), unit) in bounds.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ConfigurationError(f"{name}: between {low:g} and {high:g} {unit}.")


def overall(defaults: RetentionSettings) -> tuple[SetLimits, bool]:
    """The limits of all recordings together, and whether they were set here rather than in the settings."""
    chosen = RetentionChoice.objects.first()
    source = chosen or defaults
    found = SetLimits(source.max_age_days, source.max_size_bytes, source.max_disk_share)
    return found, chosen is not None


def of_cameras() -> dict[str, SetLimits]:
    """The limits of every camera that has any, by id."""
    shares = dict(CameraShare.objects.values_list("camera", "max_disk_share"))
    rows = Camera.objects.values_list("id", "max_age_days", "max_size_bytes")
    own = {row[0]: SetLimits(row[1], row[2], shares.pop(row[0], None)) for row in rows}
    return own | {camera: SetLimits(max_disk_share=share) for camera, share in shares.items()}


def retention_limits(defaults: RetentionSettings, disk: DiskSpace) -> RetentionLimits:
    """All limits, as retention and forecast take them."""
    together, _ = overall(defaults)
    return RetentionLimits(
        cameras={camera: _in_bytes(limits, disk) for camera, limits in of_cameras().items()},
        overall=Limits(max_age_days=together.max_age_days, max_size_bytes=together.max_size_bytes),
        max_disk_share=together.max_disk_share,
    )


def _in_bytes(limits: SetLimits, disk: DiskSpace) -> Limits:
    share = None if limits.max_disk_share is None else int(disk.total_bytes * limits.max_disk_share)
    sizes = [size for size in (limits.max_size_bytes, share) if size is not None]
    return Limits(max_age_days=limits.max_age_days, max_size_bytes=min(sizes, default=None))


def set_overall(limits: SetLimits | None) -> None:
    """Set the limits of all recordings; None takes those of the settings again.

    Raises:
        ConfigurationError: a number out of its bounds.
    """
    if limits is None:
        RetentionChoice.objects.all().delete()
        return
    limits.check()
    RetentionChoice.objects.update_or_create(pk=1, defaults=_fields(limits))


@transaction.atomic
def set_camera(camera: Camera, limits: SetLimits) -> None:
    """Set a camera's own limits.

    Raises:
        ConfigurationError: a number out of its bounds.
    """
    limits.check()
    changes = {"max_age_days": limits.max_age_days, "max_size_bytes": limits.max_size_bytes}
    service.change_camera(camera, changes)
    if limits.max_disk_share is None:
        CameraShare.objects.filter(pk=camera.id).delete()
    else:
        share = {"max_disk_share": limits.max_disk_share}
        CameraShare.objects.update_or_create(camera=camera.id, defaults=share)


def disk_space() -> DiskSpace:
    """Of the file system that holds the recordings."""
    found = shutil.disk_usage(settings.HOME.recordings)
    return DiskSpace(found.total, found.free)


def _fields(limits: SetLimits) -> Mapping[str, float | int | None]:
    return {name: getattr(limits, name) for name in ("max_age_days", "max_size_bytes", "max_disk_share")}
