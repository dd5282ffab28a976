"""Formats of the system page, for templates."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from vedette.server.dashboard import plots
from vedette.server.times import iso

register = template.Library()

_MOST_NAMES = 4


@register.filter
def told(value: float | None, unit: str) -> str:
    """A measured value with its unit; a dash when it was not measured yet."""
    return "–" if value is None else plots.told(value, unit)


@register.filter
def stamp(utc_s: float) -> SafeString:
    """Seconds since the epoch as a `time` element, without seconds."""
    local = timezone.localtime(datetime.fromtimestamp(utc_s, UTC))
    words = f"{local:%H:%M}" if local.date() == timezone.localdate() else f"{local.day} {local:%b %H:%M}"
    return format_html('<time datetime="{}">{}</time>', iso(local), words)


@register.filter
def naming(cameras: Iterable[str], names: dict[str, str]) -> str:
    """The first few of some cameras by name, and how many more."""
    seen = sorted(names[camera] for camera in cameras if camera in names)
    if not seen:
        return "no camera"
    more = f" and {len(seen) - _MOST_NAMES} more" if len(seen) > _MOST_NAMES else ""
    return ", ".join(seen[:_MOST_NAMES]) + more
