"""What a page of recordings is made of: time line, days, pictures under the pointer, clips described."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Schema
from ninja.params.functions import Query

from vedette.domain.errors import ConfigurationError, StorageError
from vedette.server.accounts.policy import visible
from vedette.server.api import schemas
from vedette.server.api.access import VIEW, principal
from vedette.server.api.recordings import find_recorded, look
from vedette.server.events.models import Event
from vedette.server.recordings import stills
from vedette.server.recordings.clips import clip_segments, open_clip
from vedette.server.recordings.models import Segment
from vedette.server.recordings.timeline import LONGEST, read_timeline, recorded_days
from vedette.server.times import from_utc_s

router = Router(tags=["recordings"])

From = Annotated[schemas.InTime, Query(alias="from")]
To = Annotated[schemas.InTime, Query(alias="to")]

MOST_STEPS = 4000
MOST_EVENTS = 2000
LONGEST_LINE = timedelta(days=3)
LONGEST_FRAMES = timedelta(seconds=60)
_DAYS = 31
_KEPT_S = 3600
"""A picture of a finished segment never changes; it is asked for again once an hour, as rights may change."""


class SpanOut(Schema):
    """An unbroken stretch of recording."""

    start: schemas.Time
    end: schemas.Time


class MarkOut(Schema):
    """An event on the time line."""

    id: str
    kind: str
    label: str
    score: float
    start: schemas.Time
    end: schemas.Time
    has_crop: bool


class TimelineOut(Schema):
    """`density[i]`: most of the picture that moved at once (0 to 1), in the step from start + i steps on."""

    camera: str
    start: schemas.Time
    end: schemas.Time
    step_s: float
    spans: list[SpanOut]
    density: list[float]
    events: list[MarkOut]


class ClipSpanOut(Schema):
    """`clip_s` seconds into the clip it is `start`."""

    clip_s: float
    start: schemas.Time
    duration_s: float


class ClipOut(Schema):
    """What `clip.mp4` of the same parameters is; stretches that were not recorded are closed up."""

    duration_s: float
    size_bytes: int
    omitted: int
    timeline: list[ClipSpanOut]


@router.get("/{camera_id}/timeline", auth=VIEW, response=TimelineOut)
def camera_timeline(
    request: HttpRequest,
    camera_id: str,
    start: From,
    end: To,
    step: float = Query(60.0, ge=0.5, le=86_400),
) -> Any:
    """What was recorded, how much moved, and which events there were, between two times."""
    span_s = (end - start).total_seconds()
    if not 0 < span_s <= LONGEST_LINE.total_seconds() or span_s / step > MOST_STEPS:
        raise ConfigurationError(f"`to` must be after `from`, by at most 3 days and {MOST_STEPS} steps.")
    camera = find_recorded(request, camera_id)
    rows = visible(principal(request), Segment.objects.filter(camera=camera))
    found = read_timeline(rows, start, end, step)
    return {
        "camera": camera,
        "start": start,
        "end": end,
        "step_s": step,
        "spans": [{"start": from_utc_s(first), "end": from_utc_s(last)} for first, last in found.spans],
        "density": found.density.round(4).tolist(),
        "events": [_mark(row) for row in _events(request, camera, start, end)],
    }


def _events(request: HttpRequest, camera: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Those that have begun at most an hour before, and end within; the newest when there are too many."""
    rows = Event.objects.filter(camera=camera, start__gte=start - LONGEST, start__lt=end, end__gt=start)
    fields = ("id", "kind", "label", "score", "start", "end", "crop")
    newest = visible(principal(request), rows).order_by("-start", "-id").values(*fields)[:MOST_EVENTS]
    return list(newest)[::-1]


def _mark(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"id": str(row["id"]), "has_crop": bool(row["crop"])}


@router.get("/{camera_id}/days", auth=VIEW, response=list[date])
def camera_days(request: HttpRequest, camera_id: str, month: date, zone: str = "UTC") -> Any:
    """The days on which something was recorded, of the 31 from the first of `month` on (a date in it)."""
    camera = find_recorded(request, camera_id)
    if not 1971 <= month.year <= 9000:
        raise ConfigurationError("month: a date between the years 1971 and 9000.")
    first = month.replace(day=1)
    rows = visible(principal(request), Segment.objects.filter(camera=camera))
    days = recorded_days(rows, first, _DAYS, _zone(zone))
    return [day for day in days if day.month == first.month]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name[:64])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(f"zone: {name[:64]} is no time zone.") from None


@router.get("/{camera_id}/still", auth=VIEW)
def camera_still(
    request: HttpRequest,
    camera_id: str,
    at: schemas.InTime,
    width: int = Query(320, ge=stills.WIDTHS[0], le=stills.WIDTHS[1]),
) -> Any:
    """The recorded picture of a moment as JPEG: the keyframe at or before it. `X-Captured` says of when."""
    camera = find_recorded(request, camera_id)
    look(request, camera)
    try:
        still = stills.find_still(camera, at.timestamp())
        etag = f'"{still.etag(width)}"'
        if etag in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers={"ETag": etag})
        picture = stills.picture_of(still, width)
    except StorageError as error:
        raise Http404(str(error)) from None
    keep = f"private, max-age={_KEPT_S}, immutable" if still.settled else "private, no-cache"
    headers = {"ETag": etag, "Cache-Control": keep, "X-Captured": f"{still.utc_s:.3f}"}
    return HttpResponse(picture, content_type="image/jpeg", headers=headers)


@router.get("/{camera_id}/clip", auth=VIEW, response=ClipOut)
def describe_clip(
    request: HttpRequest,
    camera_id: str,
    start: schemas.InTime,
    end: schemas.InTime,
    keyframes: bool = False,
) -> Any:
    """How long the clip of these times is, and which moment stands where in it; empty without recording."""
    camera = find_recorded(request, camera_id)
    try:
        clip = open_clip(camera, start, end, keyframes_only=keyframes)
    except StorageError:
        return ClipOut(duration_s=0.0, size_bytes=0, omitted=0, timeline=[])
    spans = [(span.clip_s, from_utc_s(span.utc_s), span.duration_s) for span in clip.timeline]
    return {
        "duration_s": clip.duration_s,
        "size_bytes": clip.size_bytes,
        "omitted": len(clip.omitted),
        "timeline": [{"clip_s": at, "start": utc, "duration_s": long} for at, utc, long in spans],
    }


@router.get("/{camera_id}/frames", auth=VIEW, response=list[float])
def camera_frames(
    request: HttpRequest,
    camera_id: str,
    start: From,
    end: To,
) -> Any:
    """When each recorded picture between two times, at most a minute apart, was shown (seconds, UTC)."""
    if not timedelta(0) < end - start <= LONGEST_FRAMES:
        raise ConfigurationError("`to` must be after `from`, by at most 60 seconds.")
    camera = find_recorded(request, camera_id)
    first, last = start.astimezone(UTC).timestamp(), end.timestamp()
    times = (time for row in clip_segments(camera, start, end) for time in stills.picture_times_of(row))
    return sorted(round(time, 6) for time in times if first <= time < last)
