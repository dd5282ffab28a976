"""How long recordings are kept: the limits, and what they will lead to."""

from collections.abc import Iterable
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from vedette.recording.forecast import CameraForecast
from vedette.server.accounts.audit import audit
from vedette.server.accounts.policy import Permission, allowed, visible_cameras
from vedette.server.api import schemas
from vedette.server.api.access import ADMINISTER, VIEW, principal
from vedette.server.api.cameras import find_camera
from vedette.server.cameras import limits as bounds
from vedette.server.cameras.models import Camera
from vedette.server.recordings import limits
from vedette.server.recordings.forecast import look_ahead
from vedette.server.times import from_utc_s

router = Router(tags=["recordings"])
cameras = Router(tags=["recordings"])


class LimitsIn(schemas.Closed):
    """Age, size and share of the disk; null, or left out, is no limit."""

    max_age_days: Annotated[float, Field(ge=bounds.AGE_DAYS[0], le=bounds.AGE_DAYS[1])] | None = None
    max_size_bytes: Annotated[int, Field(ge=bounds.MIN_SIZE_BYTES, lt=2**63)] | None = None
    max_disk_share: Annotated[float, Field(ge=limits.SHARE[0], le=limits.SHARE[1])] | None = None


class LimitsOut(Schema):
    """Limits; null is none."""

    max_age_days: float | None
    max_size_bytes: int | None
    max_disk_share: float | None


class CameraRetentionOut(Schema):
    """`kept_days`: how far back its recordings will reach; `limit` (age, size, disk) is what ends them."""

    camera: str
    size_bytes: int
    day_bytes: float
    oldest: schemas.Time
    kept_days: float | None
    limit: str
    next_deletion: schemas.Time | None
    limits: LimitsOut


class RetentionOut(Schema):
    """`holds_days`: how many days of all cameras there is room for at today's rate."""

    limits: LimitsOut
    limits_are_default: bool
    size_bytes: int
    day_bytes: float
    room_bytes: int
    holds_days: float | None
    full: schemas.Time | None
    cameras: list[CameraRetentionOut]


@router.get("/retention", auth=VIEW, response=RetentionOut)
def get_retention(request: HttpRequest) -> Any:
    """The limits, what is stored, how long it will be kept, and what goes next."""
    found = look_ahead()
    together, chosen = limits.overall(settings.VEDETTE.retention)
    own = limits.of_cameras()
    seen = seen_cameras(request, found.cameras)
    rows = {camera: row for camera, row in found.cameras.items() if camera in seen}
    return {
        "limits": together,
        "limits_are_default": not chosen,
        "size_bytes": found.size_bytes,
        "day_bytes": found.day_bytes,
        "room_bytes": found.room_bytes,
        "holds_days": found.holds_days,
        "full": None if found.full_utc_s is None else _time(found.full_utc_s),
        "cameras": [_row(name, row, own.get(name, limits.SetLimits())) for name, row in sorted(rows.items())],
    }


def seen_cameras(request: HttpRequest, stored: Iterable[str]) -> set[str]:
    """The cameras that the one who asks may see; for administrators also removed ones with recordings."""
    asks, stored = principal(request), set(stored)
    seen = set(visible_cameras(asks).values_list("id", flat=True))
    if allowed(asks, Permission.ADMINISTER):
        seen |= stored - set(Camera.objects.values_list("id", flat=True))
    return seen


@router.put("/retention", auth=ADMINISTER, response={204: None, 422: schemas.Error})
def set_retention(request: HttpRequest, payload: LimitsIn) -> Any:
    """Set the limits of all recordings together, instead of those of the settings; at once."""
    limits.set_overall(limits.SetLimits(**payload.model_dump()))
    audit(request, "retention.changed", detail=payload.model_dump())
    return Status(204, None)


@router.delete("/retention", auth=ADMINISTER, response={204: None})
def reset_retention(request: HttpRequest) -> Any:
    """Take the limits of the settings again."""
    limits.set_overall(None)
    audit(request, "retention.changed", detail={"to": "settings"})
    return Status(204, None)


@cameras.put("/{camera_id}/retention", auth=ADMINISTER, response={204: None, 404: schemas.Error})
def set_camera_retention(request: HttpRequest, camera_id: str, payload: LimitsIn) -> Any:
    """Set a camera's own limits; without an age of its own, that of all recordings holds."""
    camera = find_camera(request, camera_id)
    limits.set_camera(camera, limits.SetLimits(**payload.model_dump()))
    audit(request, "retention.changed", camera=camera.id, detail=payload.model_dump())
    return Status(204, None)


def _row(camera: str, row: CameraForecast, own: limits.SetLimits) -> dict[str, Any]:
    return {
        "camera": camera,
        "size_bytes": row.usage.size_bytes,
        "day_bytes": row.usage.day_bytes,
        "oldest": from_utc_s(row.usage.oldest_utc_s),
        "kept_days": row.kept_days,
        "limit": row.limit,
        "next_deletion": None if row.next_utc_s is None else _time(row.next_utc_s),
        "limits": own,
    }


def _time(utc_s: float) -> Any:
    """A time that rows can hold; the end of all times for what lies further ahead."""
    return from_utc_s(min(utc_s, 253_000_000_000.0))
