"""Server-sent events (WHATWG HTML, section 9.2): what happens, as it happens."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Router
from ninja.params.functions import Query

from vedette.server.accounts.audit import audit
from vedette.server.accounts.middleware import principal_again
from vedette.server.accounts.policy import Permission, Principal, allowed, visible, visible_cameras
from vedette.server.api.access import VIEW, principal
from vedette.server.api.cameras import find_camera
from vedette.server.api.errors import error_response
from vedette.server.events.models import Event
from vedette.server.live import News
from vedette.server.news import event_news
from vedette.server.runtime import runtime
from vedette.server.streams.stills import stills

HEARTBEAT_S = 15.0
RESUME_STEP = 200
"""A reader who was away is given what was missed in steps of so many events."""

MAX_READERS = 256
"""Streams at one time."""

STILL_WIDTHS = (320, 640, 1280)
AUDIT_STILLS_S = 3600.0
"""Stills of a camera that is looked at again and again are noted so often."""

router = Router(tags=["live"])


@router.get("/live", auth=VIEW)
async def live(request: HttpRequest, after: int | None = None) -> Any:
    """A stream of `event`, `segment`, `camera`, `incident`; `Last-Event-ID` (or `after`) resumes events."""
    if runtime.live.readers >= MAX_READERS:
        return error_response(503, "Too many live streams are open.", "Close some, or try again later.")
    last = _last_id(request, after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = _stream(request, principal(request), last)
    return StreamingHttpResponse(stream, content_type="text/event-stream", headers=headers)


@router.get("/live/{camera_id}/still.jpg", auth=VIEW)
def still(request: HttpRequest, camera_id: str, width: int = Query(640, ge=1, le=1280)) -> Any:
    """The newest picture as JPEG, 320, 640 or 1280 wide, shared by all who look; `ETag` to ask again with."""
    camera = find_camera(request, camera_id)
    found = stills.get(camera.id, next(step for step in STILL_WIDTHS if step >= width))
    if not found.jpeg:
        return error_response(503, found.error, "See the camera's status.")
    audit(request, "live.watched", camera=camera.id, subject="stills", once_s=AUDIT_STILLS_S)
    headers = {"Cache-Control": "private, no-cache", "ETag": found.tag, "X-Captured": f"{found.utc_s:.3f}"}
    if request.headers.get("If-None-Match") == found.tag:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(found.jpeg, content_type="image/jpeg", headers=headers)


def _last_id(request: HttpRequest, after: int | None) -> int | None:
    text = request.headers.get("Last-Event-ID", "")
    return int(text) if text.isdecimal() and len(text) < 19 else after


async def _stream(request: HttpRequest, asks: Principal, last: int | None) -> AsyncIterator[bytes]:
    reader, sight = runtime.live.join(), Sight(request)
    try:
        yield b"retry: 2000\n\n"
        sent = last or 0
        while last is not None and (missed := await _missed(asks, sent)):
            sent = missed[-1].sequence
            yield b"".join(map(_frame, missed))
        while await sight.refreshed() and not (reader.ended and not reader.waiting):
            found = await reader.next(HEARTBEAT_S)
            if found is None:
                yield b": still here\n\n"
            elif await sight.covers(found.camera) and not 0 < found.sequence <= sent:
                yield _frame(found)
    finally:
        runtime.live.leave(reader)


class Sight:
    """What a reader may see, kept fresh while the stream is open: tokens are withdrawn, cameras are added."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._cameras: frozenset[str] | None = frozenset()
        self._revision = -1
        self._checked_s = -HEARTBEAT_S

    async def refreshed(self) -> bool:
        """Whether the reader may still see anything; asks the database now and then."""
        revision = runtime.hub.revision if runtime.hub else 0
        now_s = time.monotonic()
        if revision != self._revision or now_s - self._checked_s >= HEARTBEAT_S:
            self._revision, self._checked_s = revision, now_s
            self._cameras = await _visible_ids(self._request)
        return self._cameras is not None

    async def covers(self, camera: str) -> bool:
        """Whether news of this camera, or of no camera in particular, are for the reader."""
        return await self.refreshed() and (not camera or camera in (self._cameras or ()))


def _frame(news: News) -> bytes:
    number = f"id: {news.sequence}\n" if news.sequence else ""
    return f"{number}event: {news.kind}\ndata: {json.dumps(news.data)}\n\n".encode()


@sync_to_async
def _missed(asks: Principal, last: int) -> list[News]:
    rows = visible(asks, Event.objects.filter(sequence__gt=last)).order_by("sequence")
    return [event_news(row) for row in rows[:RESUME_STEP]]


@sync_to_async
def _visible_ids(request: HttpRequest) -> frozenset[str] | None:
    """The cameras that the one who asks may see now; None when they may not look at all any more."""
    asks = principal_again(request)
    if asks is None or not allowed(asks, Permission.VIEW):
        return None
    return frozenset(visible_cameras(asks).values_list("id", flat=True))
