"""How long recordings will be kept, and which go next: arithmetic on rates and limits. Pure.

Each camera writes at its rate until one of its own limits is reached, and then loses as much as it writes.
All together they fill what is allowed to them, and from then on the oldest goes, whosesoever it is.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vedette.recording.disk import DiskSpace
from vedette.recording.retention import DAY_S, Limits, RetentionLimits, allowed_bytes


@dataclass(frozen=True, slots=True)
class CameraUsage:
    """What a camera has stored, and how fast it adds to it now."""

    size_bytes: int
    oldest_utc_s: float
    day_bytes: float


@dataclass(frozen=True, slots=True)
class CameraForecast:
    """What will become of a camera's recordings.

    Attributes:
        kept_days: how far back they will reach in the long run; None for no end in sight.
        limit: what ends them: `age`, `size`, `disk`, or nothing.
        next_utc_s: when the oldest goes; None for never.
    """

    usage: CameraUsage
    kept_days: float | None
    limit: str
    next_utc_s: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What will become of all recordings.

    Attributes:
        room_bytes: what all recordings together may or can take.
        holds_days: of all cameras at today's rates; None when nothing is recorded.
        full_utc_s: when the room is used up; None when other limits come first.
    """

    size_bytes: int
    day_bytes: float
    room_bytes: int
    holds_days: float | None
    full_utc_s: float | None
    cameras: dict[str, CameraForecast]


def forecast(
    usage: Mapping[str, CameraUsage], disk: DiskSpace, limits: RetentionLimits, now_utc_s: float
) -> Forecast:
    """Look ahead, at today's rates."""
    size_bytes = sum(each.size_bytes for each in usage.values())
    allowed = allowed_bytes(disk, limits)
    reachable = size_bytes + disk.free_bytes
    room = reachable if allowed is None else min(allowed, reachable)
    day_bytes = sum(each.day_bytes for each in usage.values())
    own = {camera: _own_days(camera, each, limits) for camera, each in usage.items()}
    horizon = fill_days([(usage[camera].day_bytes, min(own[camera])) for camera in usage], room)
    waits = {camera: _own_wait_days(camera, each, limits, now_utc_s) for camera, each in usage.items()}
    full = fill_days([(usage[camera].day_bytes, min(waits[camera])) for camera in usage], room - size_bytes)
    oldest = min((each.oldest_utc_s for each in usage.values()), default=now_utc_s)
    cameras = {
        camera: _of_camera(each, own[camera], horizon, waits[camera], full, oldest, now_utc_s)
        for camera, each in usage.items()
    }
    full_utc_s = now_utc_s + full * DAY_S if math.isfinite(full) else None
    return Forecast(size_bytes, day_bytes, room, room / day_bytes if day_bytes else None, full_utc_s, cameras)


def fill_days(streams: Sequence[tuple[float, float]], volume: float) -> float:
    """When streams that each run at a rate for a number of days have brought this volume; else infinity.

    Args:
        streams: rate per day and days (may be infinite) of each.
        volume: 0 or less is there at once.
    """
    passed = 0.0
    ordered = sorted(streams, key=lambda stream: stream[1])
    for index, (_, days) in enumerate(ordered):
        if volume <= 0:
            return passed
        # Summed anew: what is left after subtracting a large rate from a larger one is mostly rounding.
        rate = sum(rate for rate, _ in ordered[index:])
        if rate * (days - passed) >= volume:
            return passed + volume / rate
        if math.isinf(days):
            break
        volume -= rate * (days - passed)
        passed = days
    return passed if volume <= 0 else math.inf


def _of_camera(
    usage: CameraUsage,
    own_days: tuple[float, float],
    horizon: float,
    waits: tuple[float, float],
    full: float,
    oldest_utc_s: float,
    now_utc_s: float,
) -> CameraForecast:
    days = dict(zip(("age", "size", "disk"), (*own_days, horizon), strict=True))
    limit = min(days, key=lambda name: days[name])
    kept = days[limit]
    # Once the room is used up, what goes moves through time as fast as what comes.
    turn = full + (usage.oldest_utc_s - oldest_utc_s) / DAY_S
    wait = max(0.0, min(*waits, turn))
    return CameraForecast(
        usage,
        kept if math.isfinite(kept) else None,
        limit if math.isfinite(kept) else "",
        now_utc_s + wait * DAY_S if math.isfinite(wait) else None,
    )


def _own_days(camera: str, usage: CameraUsage, limits: RetentionLimits) -> tuple[float, float]:
    """How far back the camera's own limits let it reach: by age, by size."""
    age, size = _own_limits(camera, limits)
    return age, size / usage.day_bytes if usage.day_bytes else math.inf


def _own_wait_days(
    camera: str, usage: CameraUsage, limits: RetentionLimits, now_utc_s: float
) -> tuple[float, float]:
    """How long until its own limits take something: by age, by size."""
    age, size = _own_limits(camera, limits)
    left = size - usage.size_bytes
    until_large = 0.0 if left < 0 else left / usage.day_bytes if usage.day_bytes else math.inf
    return max(0.0, age - (now_utc_s - usage.oldest_utc_s) / DAY_S), until_large


def _own_limits(camera: str, limits: RetentionLimits) -> tuple[float, float]:
    own = limits.cameras.get(camera, Limits())
    age = limits.overall.max_age_days if own.max_age_days is None else own.max_age_days
    return (math.inf if age is None else age), (
        math.inf if own.max_size_bytes is None else own.max_size_bytes
    )
