"""Server-sent events (WHATWG HTML, section 9.2): what happens, as it happens."""

import json
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router

from vedette.server.accounts.middleware import principal_of
from vedette.server.accounts.policy import Permission, Principal, allowed, visible, visible_cameras
from vedette.server.api.access import VIEW, principal
from vedette.server.events.models import Event
from vedette.server.live import News
from vedette.server.news import event_news
from vedette.server.runtime import runtime

HEARTBEAT_S = 15.0
RESUME_LIMIT = 1000
"""Events that a reader who was away is given; one who missed more reads the list."""

router = Router(tags=["live"])


@router.get("/live", auth=VIEW)
async def live(request: HttpRequest, after: int | None = None) -> Any:
    """A stream of `event`, `segment` and `camera`; send `Last-Event-ID` (or `after`) to resume events."""
    last = _last_id(request, after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = _stream(request, principal(request), last)
    return StreamingHttpResponse(stream, content_type="text/event-stream", headers=headers)


def _last_id(request: HttpRequest, after: int | None) -> int | None:
    text = request.headers.get("Last-Event-ID", "")
    return int(text) if text.isdecimal() and len(text) < 19 else after


async def _stream(request: HttpRequest, asks: Principal, last: int | None) -> AsyncIterator[bytes]:
    reader = runtime.live.join()
    try:
        yield b"retry: 2000\n\n"
        sent = last or 0
        for news in await _missed(asks, last):
            sent = max(sent, news.sequence)
            yield _frame(news)
        seen = await _visible_ids(asks)
        while not reader.ended or reader.waiting:
            news_or_none = await reader.next(HEARTBEAT_S)
            if news_or_none is None:
                if reader.ended or not await _still_allowed(request):
                    return
                seen = await _visible_ids(asks)
                yield b": still here\n\n"
            elif _for(news_or_none, seen, sent):
                yield _frame(news_or_none)
    finally:
        runtime.live.leave(reader)


def _for(news: News, seen: frozenset[str], sent: int) -> bool:
    """Whether the reader may see it and has not had it already."""
    return news.camera in seen and not 0 < news.sequence <= sent


def _frame(news: News) -> bytes:
    number = f"id: {news.sequence}\n" if news.sequence else ""
    return f"{number}event: {news.kind}\ndata: {json.dumps(news.data)}\n\n".encode()


@sync_to_async
def _missed(asks: Principal, last: int | None) -> list[News]:
    if last is None:
        return []
    rows = visible(asks, Event.objects.filter(sequence__gt=last)).order_by("sequence")
    return [event_news(row) for row in rows[:RESUME_LIMIT]]


@sync_to_async
def _visible_ids(asks: Principal) -> frozenset[str]:
    return frozenset(visible_cameras(asks).values_list("id", flat=True))


@sync_to_async
def _still_allowed(request: HttpRequest) -> bool:
    """Tokens are withdrawn and users disabled while streams are open."""
    return allowed(principal_of(request), Permission.VIEW)
