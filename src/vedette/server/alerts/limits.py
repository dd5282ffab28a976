"""Bounds of what rules, schedules and channels take."""

from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError

NAME_LENGTH = 120
COOLDOWN_S = (0, 86400)
GROUP_S = (0, 3600)
MAX_CHANNELS = 64
"""Per site: each has a thread of its own."""
MAX_RULES = 200
MAX_SCHEDULES = 100
_MAX_NAMES = 200
_MAX_HOURS = 20


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name; UTC for none.

    Raises:
        ValidationError: there is no such zone.
    """
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError(f"There is no time zone {name[:64]!r}; try Europe/Berlin.") from None


def check_time_zone(name: str) -> None:
    """A name of the IANA time zone database."""
    zone_of(name)


def check_names(names: object) -> None:
    """A list of short texts."""
    if not isinstance(names, list) or len(names) > _MAX_NAMES:
        raise ValidationError(f"This must be a list of at most {_MAX_NAMES} names.")
    if not all(isinstance(name, str) and 0 < len(name) <= NAME_LENGTH for name in names):
        raise ValidationError(f"Each must be a text of 1 to {NAME_LENGTH} characters.")


check_cameras = check_names


def check_days(days: object) -> None:
    """Weekdays: 0 (Monday) to 6, at least one."""
    if not isinstance(days, list) or not days or len(set(map(str, days))) != len(days):
        raise ValidationError("Choose at least one weekday, each once.")
    if not all(isinstance(day, int) and not isinstance(day, bool) and 0 <= day <= 6 for day in days):
        raise ValidationError("Weekdays are 0 (Monday) to 6 (Sunday).")


def check_hours(hours: object) -> None:
    """A list of {"days": [...], "start": "22:00", "end": "07:00"}."""
    if not isinstance(hours, list) or len(hours) > _MAX_HOURS:
        raise ValidationError(f"This must be a list of at most {_MAX_HOURS} spans.")
    for span in hours:
        if not isinstance(span, dict) or set(span) != {"days", "start", "end"}:
            raise ValidationError("Each span needs days, start and end.")
        check_days(span["days"])
        read_time(span["start"])
        read_time(span["end"])


def read_time(text: object) -> time:
    """A time of day such as `22:00`.

    Raises:
        ValidationError: it is none.
    """
    try:
        found = time.fromisoformat(str(text))
    except ValueError:
        raise ValidationError(f"{str(text)[:20]!r} is no time of day; write 22:00.") from None
    if found.tzinfo is not None:
        raise ValidationError("A time of day has no offset: it is meant in the site's time zone.")
    return found
