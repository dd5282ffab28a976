"""Times, durations, sizes and names as people read them; the one place that decides it."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from vedette.domain.camera import ANIMALS, VEHICLES
from vedette.server.times import iso

_CODECS = {"h264": "H.264", "hevc": "H.265", "mjpeg": "MJPEG", "mpeg4": "MPEG-4", "av1": "AV1", "vp9": "VP9"}


def moment_of(text: str) -> datetime | None:
    """A time that an address or a form gives; one without offset is the viewer's.

    None for what is no time that a row can have.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else timezone.make_aware(moment)
    return moment if 1971 <= moment.year <= 9000 else None


def duration(seconds: float) -> str:
    """`0.8 s`, `42 s`, `3 min 20 s`, `2 h 5 min`."""
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def size(count_bytes: float) -> str:
    """`512 B`, `3.4 MB`, `1.2 TB`; decimal units, as disks are sold."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count_bytes) < 1000:
            return f"{count_bytes:.0f} {unit}" if unit in {"B", "kB"} else f"{count_bytes:.1f} {unit}"
        count_bytes /= 1000
    return f"{count_bytes:.1f} TB"


def clock(moment: datetime) -> str:
    """`14:03:22` today, `20 Nov 14:03:22` this year, `20 Nov 2025 14:03:22` before; the viewer's time."""
    local, now = timezone.localtime(moment), timezone.localtime()
    time = f"{local:%H:%M:%S}"
    if local.date() == now.date():
        return time
    day = f"{local.day} {local:%b}"
    return f"{day} {time}" if local.year == now.year else f"{day} {local.year} {time}"


def day(moment: datetime) -> str:
    """`Today`, `Yesterday`, `Thursday 19 November`, `Thursday 19 November 2025`; the viewer's day."""
    local, today = timezone.localtime(moment).date(), timezone.localdate()
    if local == today:
        return "Today"
    if local == today - timedelta(days=1):
        return "Yesterday"
    words = f"{local:%A} {local.day} {local:%B}"
    return words if local.year == today.year else f"{words} {local.year}"


def when(moment: datetime) -> SafeString:
    """A `time` element: the viewer's time, with UTC in its title."""
    utc = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', iso(moment), utc, clock(moment))


def codec(name: str) -> str:
    """A codec as its standard is called."""
    return _CODECS.get(name, name.upper())


def percent(share: float) -> str:
    """A score of 0 to 1 as `87 %`."""
    return f"{round(share * 100)} %"


def family(kind: str, label: str) -> str:
    """What colour an event has: person, vehicle, animal, motion or other."""
    if kind == "motion":
        return "motion"
    if label == "person":
        return "person"
    return "vehicle" if label in VEHICLES else "animal" if label in ANIMALS else "other"
