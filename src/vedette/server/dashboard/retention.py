"""The retention panel: how long recordings are kept, what goes next, and the limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from vedette.domain.errors import ConfigurationError
from vedette.recording.forecast import CameraForecast, Forecast
from vedette.server.accounts.audit import audit
from vedette.server.accounts.policy import Permission, visible_cameras
from vedette.server.api.access import principal
from vedette.server.api.cameras import find_camera
from vedette.server.api.retention import seen_cameras
from vedette.server.dashboard.pages import page, show
from vedette.server.recordings import limits
from vedette.server.recordings.forecast import look_ahead
from vedette.server.times import from_utc_s

_GB = 1e9
_FAR_DAYS = 36_500
_REASONS = {
    "age": "then they are too old",
    "size": "then the camera's space is used up",
    "disk": "then the disk's space is used up",
}
_FIELDS = {"max_age_days": ("age", 1.0), "max_size_bytes": ("size", _GB), "max_disk_share": ("share", 0.01)}


@dataclass(frozen=True, slots=True)
class Next:
    """What goes first."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """What will become of all recordings, as pages say it."""

    forecast: Forecast
    taken: float
    headline: str
    full: datetime | None
    next: Next | None


@dataclass(frozen=True, slots=True)
class Row:
    """A camera as the panel shows it."""

    id: str
    name: str
    removed: bool
    size_bytes: int
    day_bytes: float
    oldest: datetime | None
    kept: str
    reason: str
    next: datetime | None
    form: Mapping[str, str]


@page(Permission.VIEW)
def retention(request: HttpRequest) -> HttpResponse:
    """What is stored, how long it will be kept, what goes next, and forms for the limits."""
    found = look_ahead(fresh="part" not in request.GET)
    names = dict(visible_cameras(principal(request)).order_by("name").values_list("id", "name"))
    own = limits.of_cameras()
    seen = seen_cameras(request, found.cameras)
    together, chosen = limits.overall(settings.VEDETTE.retention)
    listed = [*names, *sorted(seen & found.cameras.keys() - names.keys())]
    context = {
        "section": "recordings",
        "rows": [
            _row(camera, names.get(camera), found.cameras.get(camera), own.get(camera)) for camera in listed
        ],
        "outlook": _outlook(found, names),
        "form": _form(together),
        "chosen": chosen,
    }
    return show(request, "dashboard/retention.html", context)


@page(Permission.ADMINISTER, "POST")
def change_retention(request: HttpRequest, camera_id: str = "") -> HttpResponse:
    """Set the limits of all recordings, or of one camera; `reset` takes those of the settings again."""
    try:
        wanted = None if "reset" in request.POST else _read(request.POST)
        if camera_id:
            camera = find_camera(request, camera_id)
            limits.set_camera(camera, wanted or limits.SetLimits())
        else:
            limits.set_overall(wanted)
    except ConfigurationError as error:
        messages.error(request, _in_words(str(error.args[0])))
        return redirect("retention")
    detail = _form(wanted) if wanted else {"to": "settings"}
    audit(request, "retention.changed", camera=camera_id, detail=dict(detail))
    messages.success(request, "The limits hold from now on.")
    return redirect("retention")


def outlook(names: Mapping[str, str]) -> Outlook | None:
    """The outlook for a page on which it is beside the point; None where there is no disk to look at.

    Args:
        names: of the cameras that may be named, by id.
    """
    try:
        return _outlook(look_ahead(), names)
    except OSError:
        return None


def _outlook(found: Forecast, names: Mapping[str, str]) -> Outlook:
    cameras = ((camera, each.next_utc_s) for camera, each in found.cameras.items() if camera in names)
    ends = [(utc_s, camera) for camera, utc_s in cameras if utc_s is not None]
    first = min(ends, default=None)
    at = _moment(first[0]) if first else None
    return Outlook(
        found,
        min(1.0, found.size_bytes / found.room_bytes) if found.room_bytes else 0.0,
        _headline(found),
        _moment(found.full_utc_s),
        Next(names[first[1]], at) if first and at else None,
    )


def _headline(found: Forecast) -> str:
    if found.day_bytes:
        return f"At today's rate the disk holds {days_in_words(found.holds_days)}"
    return "Nothing was recorded in the last day" if found.size_bytes else "Nothing is recorded yet"


def days_in_words(days: float | None) -> str:
    """`5 hours`, `23 days`, `2 years`."""
    if days is None or days > _FAR_DAYS:
        return "for ever"
    if days < 2:
        hours = max(1, round(days * 24))
        return f"{hours} hour{'' if hours == 1 else 's'}"
    return f"{round(days)} days" if days < 730 else f"{round(days / 365)} years"


def _row(camera: str, name: str | None, found: CameraForecast | None, own: limits.SetLimits | None) -> Row:
    usage = found.usage if found else None
    return Row(
        id=camera,
        name=name or camera,
        removed=name is None,
        size_bytes=usage.size_bytes if usage else 0,
        day_bytes=usage.day_bytes if usage else 0.0,
        oldest=_moment(usage.oldest_utc_s) if usage else None,
        kept=days_in_words(found.kept_days) if found else "",
        reason=_REASONS.get(found.limit, "") if found else "",
        next=_moment(found.next_utc_s) if found else None,
        form=_form(own or limits.SetLimits()),
    )


def _moment(utc_s: float | None) -> datetime | None:
    """None also for what is so far ahead that nobody asks."""
    return None if utc_s is None or utc_s > 30_000_000_000 else from_utc_s(utc_s)


def _form(found: limits.SetLimits) -> dict[str, str]:
    """The limits as texts for fields in days, gigabytes and percent."""
    values = {word: (getattr(found, name), unit) for name, (word, unit) in _FIELDS.items()}
    return {word: "" if value is None else f"{value / unit:.10g}" for word, (value, unit) in values.items()}


def _read(given: Mapping[str, str]) -> limits.SetLimits:
    """The limits from the fields; an empty one is no limit.

    Raises:
        ConfigurationError: a text that is no number.
    """
    found: dict[str, Any] = {}
    for name, (word, unit) in _FIELDS.items():
        text = given.get(word, "").strip().replace(",", ".")
        try:
            found[name] = float(text) * unit if text else None
        except ValueError:
            raise ConfigurationError(f"{name}: a number, or nothing.") from None
    if found["max_size_bytes"] is not None:
        if not abs(found["max_size_bytes"]) < 2**63:
            raise ConfigurationError("max_size_bytes: a smaller number.")
        found["max_size_bytes"] = round(found["max_size_bytes"])
    return limits.SetLimits(**found)


def _in_words(text: str) -> str:
    for name, word in (("max_age_days", "Age"), ("max_size_bytes", "Space"), ("max_disk_share", "Share")):
        text = text.replace(name, word)
    return text
