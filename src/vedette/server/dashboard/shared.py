"""What a share link opens: one event, alone."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone

from vedette.server.accounts.models import Share
from vedette.server.accounts.policy import shared
from vedette.server.accounts.refusals import link_ended
from vedette.server.api.event_clips import clip_answer
from vedette.server.api.event_shares import KIND
from vedette.server.api.events import picture
from vedette.server.cameras.models import Camera
from vedette.server.dashboard.pages import viewer_zone
from vedette.server.events.models import Event
from vedette.server.events.spans import clip_span
from vedette.server.recordings.clips import clip_segments

_READS = ("GET", "HEAD")
_ALONE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Cache-Control": "private, no-store"}


@shared(KIND)
def shared_event(request: HttpRequest, token: str) -> HttpResponseBase:
    """The event, without a way to anything else."""
    return _answer(request, lambda share, event: _page(request, share, event, token))


@shared(KIND)
def shared_clip(request: HttpRequest, token: str) -> HttpResponseBase:  # noqa: ARG001  checked before
    """Its recording."""
    return _answer(request, lambda _, event: clip_answer(request, clip_span(event)))


@shared(KIND)
def shared_snapshot(request: HttpRequest, token: str) -> HttpResponseBase:  # noqa: ARG001  checked before
    """Its best picture."""
    return _answer(request, lambda _, event: picture(request, event, event.snapshot))


def _page(request: HttpRequest, share: Share, event: Event, token: str) -> HttpResponse:
    span, zone = clip_span(event), viewer_zone(request)
    context: dict[str, Any] = {
        "event": event,
        "share": share,
        "token": token,
        "zone": zone.key,
        "clip": bool(clip_segments(span.camera, span.start, span.end)),
    }
    with timezone.override(zone):
        return render(request, "dashboard/shared_event.html", context)


def _answer(request: HttpRequest, make: Callable[[Share, Event], HttpResponseBase]) -> HttpResponseBase:
    """What is made of link and event; nothing of it is kept, indexed, or told to another site."""
    answer: HttpResponseBase
    try:
        answer = (
            make(*_shared(request))
            if request.method in {"GET", "HEAD"}
            else HttpResponseNotAllowed(["GET", "HEAD"])
        )
    except Http404 as error:
        answer = link_ended(request, str(error))
    for name, value in _ALONE.items():
        answer.headers[name] = value
    # Django would log the address of what fails, and the address is the secret.
    answer._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return answer


def _shared(request: HttpRequest) -> tuple[Share, Event]:
    """The link, which the access middleware has checked, and its event.

    Raises:
        Http404: retention has removed the event, or the camera has gone to another site.
    """
    share: Share = request.share  # type: ignore[attr-defined]
    event = Event.objects.filter(pk=UUID(share.subject)).first()
    if event is None or Camera.objects.filter(pk=event.camera).exclude(site_id=share.site_id).exists():
        raise Http404("The event that this link showed is gone.")
    return share, event
