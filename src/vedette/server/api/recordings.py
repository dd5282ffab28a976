"""Recorded segments, spans and clips."""

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from ninja import Router
from ninja.params.functions import Query

from vedette.domain.errors import ConfigurationError, StorageError
from vedette.server.accounts.audit import audit
from vedette.server.accounts.policy import visible, visible_cameras
from vedette.server.api import schemas
from vedette.server.api.access import VIEW, principal
from vedette.server.api.paging import page
from vedette.server.api.ranges import Content, respond
from vedette.server.recordings.clips import open_clip
from vedette.server.recordings.models import Segment
from vedette.server.recordings.spans import merge

router = Router(tags=["recordings"])
clips = Router(tags=["recordings"])

LOOK_S = 300.0
_MAX_SPAN = timedelta(days=32)


@router.get("", auth=VIEW, response=schemas.SegmentPage)
def list_segments(
    request: HttpRequest,
    camera: str | None = None,
    after: schemas.InTime | None = None,
    before: schemas.InTime | None = None,
    cursor: str | None = None,
    limit: int = Query(100, ge=1, le=1000),
) -> Any:
    """Segments, newest first, that have something between `after` and `before`."""
    rows = visible(principal(request), Segment.objects.exclude(state=Segment.State.DELETING))
    if camera is not None:
        rows = rows.filter(camera=camera)
    if after is not None:
        rows = rows.filter(end__gte=after)
    if before is not None:
        rows = rows.filter(start__lt=before)
    items, following = page(rows, cursor, limit)
    return {"items": items, "next": following}


@router.get("/spans", auth=VIEW, response=list[schemas.SpanOut])
def list_spans(request: HttpRequest, camera: str, after: schemas.InTime, before: schemas.InTime) -> Any:
    """Unbroken stretches of a camera's recording between two times at most 32 days apart."""
    if not timedelta(0) < before - after <= _MAX_SPAN:
        raise ConfigurationError("`before` must be after `after`, by at most 32 days.")
    rows = visible(principal(request), Segment.objects.exclude(state=Segment.State.DELETING))
    found = rows.filter(camera=camera, start__lt=before, end__gt=after).order_by("start")
    return merge(found.only("start", "end", "has_motion", "has_event", "size_bytes"))


@clips.api_operation(["HEAD"], "/{camera_id}/clip.mp4", auth=VIEW, include_in_schema=False)
@clips.get("/{camera_id}/clip.mp4", auth=VIEW)
def camera_clip(
    request: HttpRequest,
    camera_id: str,
    start: schemas.InTime,
    end: schemas.InTime,
    keyframes: bool = False,
) -> Any:
    """The camera's recording between two times as MP4, as it was recorded; takes range requests.

    With `keyframes` it holds those alone, without sound: what players need for many times the speed.
    """
    camera = find_recorded(request, camera_id)
    return clip_response(request, camera, start, end, keyframes_only=keyframes)


def find_recorded(request: HttpRequest, camera_id: str) -> str:
    """The id of a camera whose recordings the one who asks may see; the camera may have been removed.

    Raises:
        Http404: there is none, or not for them.
    """
    asks = principal(request)
    known = visible_cameras(asks).filter(pk=camera_id).exists()
    if known or visible(asks, Segment.objects.filter(camera=camera_id)).exists():
        return camera_id
    raise Http404("There is no such camera.")


def look(request: HttpRequest, camera: str) -> None:
    """Note that somebody looks at a camera's recordings: once for all requests of a few minutes."""
    audit(request, "recording.watched", camera=camera, once_s=LOOK_S)


def clip_response(
    request: HttpRequest, camera: str, start: datetime, end: datetime, *, keyframes_only: bool = False
) -> HttpResponseBase:
    """The clip of a camera that the one who asks may see.

    Raises:
        Http404: nothing was recorded then.
    """
    look(request, camera)
    try:
        clip = open_clip(camera, start, end, keyframes_only=keyframes_only)
    except StorageError as error:
        raise Http404(str(error)) from None
    return respond(request, Content(clip.size_bytes, clip.etag, clip.media_type, clip.read))
