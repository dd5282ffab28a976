"""The formats of `dashboard.formats`, for templates."""

from datetime import datetime

from django import template
from django.http import QueryDict
from django.utils import timezone
from django.utils.safestring import SafeString

from vedette.server.dashboard import formats
from vedette.server.events.models import Event
from vedette.server.times import iso

register = template.Library()

register.filter("size", formats.size)
register.filter("codec", formats.codec)
register.filter("percent", formats.percent)
register.filter("seconds", formats.duration)
register.filter("clock", formats.clock)
register.filter("iso", iso)


@register.filter
def when(moment: datetime) -> SafeString:
    """`{{ event.start|when }}`."""
    return formats.when(moment)


@register.filter
def utc_s(moment: datetime) -> str:
    """Seconds since the epoch, for scripts."""
    return f"{moment.timestamp():.3f}"


@register.filter
def time_of_day(moment: datetime) -> str:
    """The viewer's time without the day."""
    return f"{timezone.localtime(moment):%H:%M:%S}"


@register.filter
def hour_minute(moment: datetime) -> str:
    """The viewer's time to the minute, where the day is written above."""
    return f"{timezone.localtime(moment):%H:%M}"


@register.filter
def lasts(event: Event) -> str:
    """How long an event took."""
    return formats.duration((event.end - event.start).total_seconds())


@register.filter
def family(event: Event) -> str:
    """The colour of an event."""
    return formats.family(event.kind, event.label)


@register.filter
def named(camera: str, names: dict[str, str]) -> str:
    """A camera's name; its id when it was removed."""
    return names.get(camera, camera)


@register.simple_tag
def query(given: QueryDict, **changes: object) -> str:
    """The query string with changes; empty values are left out, as is `part`."""
    wanted = QueryDict(mutable=True)
    for name in {**given, **changes}:
        values = [changes[name]] if name in changes else given.getlist(name)
        wanted.setlist(name, [str(value) for value in values if value])
    wanted.pop("part", None)
    return wanted.urlencode()
