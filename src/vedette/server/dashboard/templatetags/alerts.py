"""What the pages of alerts need in templates."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template

from vedette.server.alerts.channels import KINDS

register = template.Library()


@register.filter
def in_zone(moment: datetime, zone: ZoneInfo) -> str:
    """`24 Dec 2026 18:00`, in the site's time zone."""
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b %Y %H:%M}"


@register.filter
def channel_word(kind: str) -> str:
    """What a kind of channel is called."""
    return KINDS[kind].word if kind in KINDS else kind


@register.filter
def words(text: str) -> list[str]:
    """The words of a text, to loop over."""
    return text.split()


@register.filter
def is_in(number: int, chosen: object) -> bool:
    """Whether a number is among those chosen: a list, or a text of digits."""
    found = map(int, chosen) if isinstance(chosen, str) else chosen
    return number in found  # type: ignore[operator]
