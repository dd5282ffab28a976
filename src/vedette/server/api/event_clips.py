"""The recording of an event."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from ninja import Query as QueryOf
from ninja import Router, Schema
from pydantic import Field

from vedette.domain.errors import StorageError
from vedette.server.accounts.audit import audit
from vedette.server.api import schemas
from vedette.server.api.access import VIEW
from vedette.server.api.events import find_event
from vedette.server.api.ranges import Content, respond
from vedette.server.events.models import Event
from vedette.server.events.spans import ClipSpan, clip_span, preview_span
from vedette.server.recordings.clips import open_clip
from vedette.server.times import from_utc_s

if TYPE_CHECKING:
    from vedette.recording.clips import ClipFile

router = Router(tags=["events"])

ONE_LOOK_S = 600.0
"""A player asks for a clip in many pieces; that is one look."""


class ClipOptions(Schema):
    """How much of the recording; what is left out is as the camera is set."""

    pre_roll_s: float | None = Field(None, ge=0, le=120)
    post_roll_s: float | None = Field(None, ge=0, le=120)
    until: schemas.InTime | None = None

    def span(self, event: Event) -> ClipSpan:
        """The stretch that they mean."""
        return clip_span(event, self.pre_roll_s, self.post_roll_s, self.until)


class Stretch(Schema):
    """A stretch of a clip without a hole: `clip_s` seconds into the clip it is `utc_s`."""

    clip_s: float
    utc_s: float
    duration_s: float


class ClipOut(Schema):
    """What is in a clip, and when that was: times that were not recorded are closed up."""

    start: schemas.Time
    duration_s: float
    size_bytes: int
    timeline: list[Stretch]


@router.get("/{event_id}/clip", auth=VIEW, response={200: ClipOut, 404: schemas.Error})
def event_clip_times(request: HttpRequest, event_id: UUID, options: QueryOf[ClipOptions]) -> Any:
    """Which moment stands where in the event's clip."""
    clip = _open(options.span(find_event(request, event_id)))
    return {
        "start": from_utc_s(clip.timeline[0].utc_s),
        "duration_s": clip.duration_s,
        "size_bytes": clip.size_bytes,
        "timeline": [
            {"clip_s": part.clip_s, "utc_s": part.utc_s, "duration_s": part.duration_s}
            for part in clip.timeline
        ],
    }


@router.api_operation(["HEAD"], "/{event_id}/clip.mp4", auth=VIEW, include_in_schema=False)
@router.get("/{event_id}/clip.mp4", auth=VIEW)
def event_clip(request: HttpRequest, event_id: UUID, options: QueryOf[ClipOptions]) -> Any:
    """The event as MP4, with the seconds before and after that the camera is set to."""
    event = find_event(request, event_id)
    span = options.span(event)
    audit(request, "event.watched", camera=event.camera, subject=event.id, once_s=ONE_LOOK_S)
    return clip_answer(request, span)


@router.api_operation(["HEAD"], "/{event_id}/preview.mp4", auth=VIEW, include_in_schema=False)
@router.get("/{event_id}/preview.mp4", auth=VIEW)
def event_preview(request: HttpRequest, event_id: UUID) -> Any:
    """A few seconds around the best moment as MP4; 204 when nothing was recorded then."""
    event = find_event(request, event_id)
    span = preview_span(event)
    try:
        answer = clip_answer(request, span)
    except Http404:
        return HttpResponse(status=204)
    audit(request, "event.previewed", camera=event.camera, subject=event.id, once_s=ONE_LOOK_S)
    return answer


def clip_answer(request: HttpRequest, span: ClipSpan) -> HttpResponseBase:
    """The recording of a span, or the range of it that is asked for.

    Raises:
        Http404: nothing was recorded then.
    """
    clip = _open(span)
    return respond(request, Content(clip.size_bytes, clip.etag, clip.media_type, clip.read))


def _open(span: ClipSpan) -> "ClipFile":
    try:
        return open_clip(span.camera, span.start, span.end)
    except StorageError as error:
        raise Http404(str(error)) from None
