"""How a camera is armed, why, and what comes next: in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from vedette.server.alerts.arming import states
from vedette.server.alerts.models import CameraArming, Cause
from vedette.server.alerts.plans import Plans
from vedette.server.alerts.schedule import Plan, next_change, planned
from vedette.server.cameras.models import Camera


@dataclass(frozen=True, slots=True)
class ArmingStanding:
    """One camera.

    Attributes:
        waiting: an OFF waits for an open event to end.
        next_at, next_armed: the next change by plan, if any.
        words: all of it for people, times in the site's zone.
    """

    camera: str
    name: str
    armed: bool
    waiting: bool
    since: datetime
    cause: str
    who: str
    next_at: datetime | None
    next_armed: bool
    words: str


def standings(site_id: int, cameras: Iterable[Camera], now: datetime | None = None) -> list[ArmingStanding]:
    """How cameras of one site stand, by name."""
    now = now or timezone.now()
    plans = Plans(site_id)
    by_id = {camera.id: camera for camera in cameras}
    found = [_standing(row, by_id[row.camera_id], plans, now) for row in states(by_id)]
    return sorted(found, key=lambda each: (each.name.casefold(), each.camera))


def _standing(row: CameraArming, camera: Camera, plans: Plans, now: datetime) -> ArmingStanding:
    following = _next(plans.of(camera.id).plan, row.wanted, now)
    return ArmingStanding(
        camera=camera.id,
        name=camera.name,
        armed=row.armed,
        waiting=row.armed and not row.wanted,
        since=row.since,
        cause=row.cause,
        who=row.who,
        next_at=following,
        next_armed=not row.wanted,
        words=_words(row, following, plans.zone, now),
    )


def _next(plan: Plan, armed: bool, now: datetime) -> datetime | None:
    """The next edge at which the plan says something else than what is set."""
    edge = next_change(plan, now)
    if edge is not None and planned(plan, edge) == armed:
        edge = next_change(plan, edge)
    return edge if edge is not None and planned(plan, edge) != armed else None


def _words(row: CameraArming, following: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    if row.armed and not row.wanted:
        return "Disarms as soon as the event that goes on here has ended"
    state = "Armed" if row.armed else "Disarmed"
    until = f" until {at(following, zone, now)}" if following else ""
    return f"{state}{_by(row, zone, now)}{until}"


def _by(row: CameraArming, zone: ZoneInfo, now: datetime) -> str:
    if row.cause == Cause.SCHEDULE:
        return " by schedule"
    if row.cause == Cause.ABSENCE:
        return ", nobody is home," if row.armed else " after an absence"
    return f" by {row.who} at {at(row.since, zone, now)}" if row.who else ""


def at(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """`07:00`, `Mon 07:00` within a week, `24 Dec 07:00` beyond."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today or timedelta() < moment - now < timedelta(hours=16):
        return f"{local:%H:%M}"
    if abs((local.date() - today).days) < 7:
        return f"{local:%a %H:%M}"
    return f"{local.day} {local:%b %H:%M}"
