"""What a share link opens: one event, alone."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from vedette.server.accounts.models import Share
from vedette.server.accounts.policy import shared
from vedette.server.api.event_clips import clip_answer
from vedette.server.api.event_shares import KIND
from vedette.server.api.events import picture
from vedette.server.cameras.models import Camera
from vedette.server.dashboard.pages import viewer_zone
from vedette.server.events.models import Event
from vedette.server.events.spans import clip_span
from vedette.server.recordings.clips import clip_segments

_ALONE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Cache-Control": "private, no-store"}


@shared(KIND)
@require_safe
def shared_event(request: HttpRequest, token: str) -> HttpResponse:
    """The event, without a way to anything else."""
    share, event = _shared(request)
    span, zone = clip_span(event), viewer_zone(request)
    context: dict[str, Any] = {
        "event": event,
        "share": share,
        "token": token,
        "zone": zone.key,
        "clip": bool(clip_segments(span.camera, span.start, span.end)),
    }
    with timezone.override(zone):
        answer = render(request, "dashboard/shared_event.html", context)
    return _alone(answer)


@shared(KIND)
@require_safe
def shared_clip(request: HttpRequest, token: str) -> HttpResponseBase:  # noqa: ARG001  checked before
    """Its recording."""
    return _alone(clip_answer(request, clip_span(_shared(request)[1])))


@shared(KIND)
@require_safe
def shared_snapshot(request: HttpRequest, token: str) -> HttpResponse:  # noqa: ARG001  checked before
    """Its best picture."""
    event = _shared(request)[1]
    return _alone(picture(request, event, event.snapshot))


def _shared(request: HttpRequest) -> tuple[Share, Event]:
    """The link, which the access middleware has checked, and its event.

    Raises:
        Http404: retention has removed the event, or the camera has gone to another site.
    """
    share: Share = request.share  # type: ignore[attr-defined]
    event = Event.objects.filter(pk=UUID(share.subject)).first()
    if event is None or Camera.objects.filter(pk=event.camera).exclude(site_id=share.site_id).exists():
        raise Http404("The event is gone.")
    return share, event


def _alone(answer: Any) -> Any:
    """Nothing of it is kept, indexed, or told to another site."""
    for name, value in _ALONE.items():
        answer.headers[name] = value
    return answer
