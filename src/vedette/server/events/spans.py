"""Which stretch of the recording shows an event."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vedette.server.cameras.models import Camera
from vedette.server.events.models import Event

_SHORTEST = timedelta(seconds=0.1)
PREVIEW = timedelta(seconds=6)
DEFAULT_ROLL_S = 5.0
"""Seconds before and after, where the camera is gone that would say it."""


@dataclass(frozen=True, slots=True)
class ClipSpan:
    """A stretch of a camera's recording."""

    camera: str
    start: datetime
    end: datetime


def clip_span(
    event: Event,
    pre_roll_s: float | None = None,
    post_roll_s: float | None = None,
    until: datetime | None = None,
) -> ClipSpan:
    """The event with the seconds before and after, which are the camera's where none are given.

    `until` is the last moment, for an event that still goes on: its clip stays the same while it plays.
    """
    camera = Camera.objects.filter(pk=event.camera).only("pre_roll_s", "post_roll_s").first()
    before_s, after_s = (camera.pre_roll_s, camera.post_roll_s) if camera else (DEFAULT_ROLL_S,) * 2
    before_s = before_s if pre_roll_s is None else pre_roll_s
    after_s = after_s if post_roll_s is None else post_roll_s
    start, end = event.start - timedelta(seconds=before_s), event.end + timedelta(seconds=after_s)
    return ClipSpan(event.camera, start, max(min(end, until) if until else end, start + _SHORTEST))


def preview_span(event: Event) -> ClipSpan:
    """The few seconds around the best moment."""
    start = max(event.start, event.best - PREVIEW / 2)
    end = min(event.end, start + PREVIEW)
    start = max(event.start, min(start, end - PREVIEW))
    return ClipSpan(event.camera, start, max(end, start + timedelta(seconds=1)))
