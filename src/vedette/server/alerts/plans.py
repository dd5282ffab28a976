"""What is planned for each camera, from the rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from vedette.server.alerts.limits import zone_of
from vedette.server.alerts.models import Absence, AlertSite, ArmingSchedule
from vedette.server.alerts.schedule import Plan, Range, Span, last_change


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """The plan of one camera, and since when it is what it is."""

    plan: Plan
    changed: datetime | None = None

    def counts_from(self, moment: datetime) -> datetime | None:
        """Since when the plan says what it says now: its last edge, or when it was made."""
        found = [last_change(self.plan, moment), self.changed]
        return max((each for each in found if each is not None), default=None)


def site_zone(site_id: int) -> ZoneInfo:
    """The time zone of a site; UTC until somebody said."""
    row = AlertSite.objects.filter(pk=site_id).first()
    try:
        return zone_of(row.time_zone if row else "")
    except ValidationError:  # the system's zone files have changed
        return zone_of("")


class Plans:
    """The plans of a site's cameras: two queries, however many cameras."""

    def __init__(self, site_id: int) -> None:
        self.zone = site_zone(site_id)
        self._schedules = list(ArmingSchedule.objects.filter(site=site_id, enabled=True))
        self._absences = list(Absence.objects.filter(site=site_id))

    def of(self, camera: str) -> CameraPlan:
        """The plan of a camera."""
        schedules = [row for row in self._schedules if _covers(row.cameras, camera)]
        absences = [row for row in self._absences if _covers(row.cameras, camera)]
        ranges = tuple(Range(frozenset(row.days), row.start, row.end) for row in schedules)
        away = tuple(Span(row.start, row.end) for row in absences)
        return CameraPlan(Plan(self.zone, ranges, away), _newest([*schedules, *absences]))


def _covers(cameras: list[str], camera: str) -> bool:
    return not cameras or camera in cameras


def _newest(rows: Iterable[ArmingSchedule | Absence]) -> datetime | None:
    return max((row.changed for row in rows), default=None)
