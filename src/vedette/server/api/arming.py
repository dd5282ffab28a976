"""Armed and disarmed: by hand, by schedule, by absence."""

from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import Model
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Status

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.audit import audit
from vedette.server.accounts.policy import Permission, Principal, allowed, visible_cameras
from vedette.server.alerts import service
from vedette.server.alerts.arming import set_armed
from vedette.server.alerts.limits import MAX_SCHEDULES
from vedette.server.alerts.models import Absence, AlertSite, ArmingSchedule, Cause, Snooze
from vedette.server.alerts.standing import ArmingStanding, standings
from vedette.server.api import alert_schemas as schemas
from vedette.server.api.access import ADMINISTER, VIEW, Needs, principal
from vedette.server.api.schemas import Error

OPERATE = Needs(Permission.OPERATE)
LONGEST_ABSENCE = timedelta(days=3 * 366)

router = Router(tags=["arming"])


def site_arming(asks: Principal) -> dict[str, Any]:
    """How the cameras stand that may be seen."""
    row = AlertSite.objects.filter(pk=asks.site_id).first()
    found = standings(asks.site_id, visible_cameras(asks))
    return {"state": state_of(found), "time_zone": row.time_zone if row else "", "cameras": found}


def state_of(found: list[ArmingStanding]) -> str:
    """One word for all of them."""
    armed = sum(each.armed for each in found)
    return "disarmed" if not armed else "armed" if armed == len(found) else "partly"


def arm(request: HttpRequest, cameras: list[str] | None, armed: bool, *, force: bool, cause: str) -> None:
    """Set what was asked for on cameras that may be seen; None means all of them.

    Raises:
        Http404: one is not there, or not for them.
    """
    asks = principal(request)
    seen = set(visible_cameras(asks).values_list("pk", flat=True))
    chosen = seen if cameras is None else set(cameras)
    if chosen - seen:
        raise Http404("There is no such camera.")
    if cameras is None and asks.cameras is None:
        AlertSite.objects.update_or_create(site_id=asks.site_id, defaults={"armed": armed})
    set_armed(chosen, armed, by=asks.name, cause=cause, force=force)
    action = "arming.armed" if armed else "arming.disarmed"
    for camera in sorted(chosen):
        audit(request, action, camera=camera, detail={"force": force} if force else None)


@router.get("", auth=VIEW, response=schemas.SiteArmingOut)
def get_arming(request: HttpRequest) -> Any:
    """What is armed, why, and what comes next."""
    return site_arming(principal(request))


@router.put("", auth=OPERATE, response={200: schemas.SiteArmingOut, 404: Error})
def put_arming(request: HttpRequest, payload: schemas.ArmIn) -> Any:
    """Arm or disarm; an OFF waits for an open event of its camera, unless `force`."""
    cause = Cause.HAND if principal(request).by_session else Cause.API
    arm(request, payload.cameras, payload.armed, force=payload.force, cause=cause)
    return site_arming(principal(request))


@router.put("/time-zone", auth=ADMINISTER, response={200: schemas.SiteArmingOut, 422: Error})
def put_time_zone(request: HttpRequest, payload: schemas.ZoneIn) -> Any:
    """Say in which time zone schedules, times of day and quiet hours are meant."""
    service.set_time_zone(principal(request).site_id, payload.time_zone)
    audit(request, "arming.changed", detail={"time_zone": payload.time_zone})
    return site_arming(principal(request))


@router.get("/schedules", auth=VIEW, response=list[schemas.ScheduleOut])
def list_schedules(request: HttpRequest) -> Any:
    """All schedules of the site, but those about cameras that you may not see."""
    return _seen(request, ArmingSchedule)


@router.post("/schedules", auth=ADMINISTER, response={201: schemas.ScheduleOut, 422: Error})
def add_schedule(request: HttpRequest, payload: schemas.ScheduleIn) -> Any:
    """Arm on weekdays from a time to another."""
    asks = principal(request)
    if ArmingSchedule.objects.filter(site=asks.site_id).count() >= MAX_SCHEDULES:
        raise ConfigurationError(f"A site has at most {MAX_SCHEDULES} schedules.")
    return Status(201, change_schedule(request, ArmingSchedule(site_id=asks.site_id), payload))


@router.put("/schedules/{schedule_id}", auth=ADMINISTER, response={200: schemas.ScheduleOut, 404: Error})
def put_schedule(request: HttpRequest, schedule_id: int, payload: schemas.ScheduleIn) -> Any:
    """Change a schedule; it counts from now on."""
    return change_schedule(request, find(request, ArmingSchedule, schedule_id), payload)


@router.delete("/schedules/{schedule_id}", auth=ADMINISTER, response={204: None, 404: Error})
def remove_schedule(request: HttpRequest, schedule_id: int) -> Any:
    """Remove a schedule; what is armed stays so."""
    remove(request, find(request, ArmingSchedule, schedule_id), "schedule.removed")
    return Status(204, None)


@router.get("/absences", auth=VIEW, response=list[schemas.AbsenceOut])
def list_absences(request: HttpRequest) -> Any:
    """All absences of the site, but those about cameras that you may not see."""
    return _seen(request, Absence)


@router.post("/absences", auth=OPERATE, response={201: schemas.AbsenceOut, 422: Error})
def add_absence(request: HttpRequest, payload: schemas.AbsenceIn) -> Any:
    """Nobody will be there: armed throughout."""
    row = Absence(site_id=principal(request).site_id)
    return Status(201, change_absence(request, row, payload))


@router.delete("/absences/{absence_id}", auth=OPERATE, response={204: None, 404: Error})
def remove_absence(request: HttpRequest, absence_id: int) -> Any:
    """Remove an absence: from now on schedules say what holds."""
    remove(request, find(request, Absence, absence_id), "absence.removed")
    return Status(204, None)


def _seen(request: HttpRequest, model: type[Any]) -> list[Any]:
    asks = principal(request)
    seen = set(visible_cameras(asks).values_list("pk", flat=True))
    return [row for row in model.objects.filter(site=asks.site_id) if set(row.cameras) <= seen]


def find(request: HttpRequest, model: type[Any], row_id: int) -> Any:
    """A row of the site of the one who asks; one that arms or snoozes cameras, when they may see all of them.

    Raises:
        Http404: there is none.
    """
    asks = principal(request)
    row = model.objects.filter(site=asks.site_id, pk=row_id).first()
    concerns = isinstance(row, ArmingSchedule | Absence | Snooze)
    if row is None or (concerns and not sees_all_of(asks, row.cameras)):
        raise Http404(f"There is no such {model.__name__.removeprefix('Arming').lower()}.")
    return row


def change_schedule(request: HttpRequest, row: ArmingSchedule, payload: schemas.ScheduleIn) -> ArmingSchedule:
    """Take over and store."""
    return _store(request, row, payload.model_dump(), "schedule.changed")


def change_absence(request: HttpRequest, row: Absence, payload: schemas.AbsenceIn) -> Absence:
    """Take over and store.

    Raises:
        ConfigurationError: it ends before it begins, or is too long.
    """
    if not timedelta() < payload.end - payload.start <= LONGEST_ABSENCE:
        raise ConfigurationError("end: an absence ends after it begins, and within three years.")
    if abs(payload.start - timezone.now()) > LONGEST_ABSENCE:
        raise ConfigurationError("start: choose a time within three years.")
    if Absence.objects.filter(site=row.site_id).count() >= MAX_SCHEDULES:
        raise ConfigurationError(f"A site has at most {MAX_SCHEDULES} absences.")
    return _store(request, row, payload.model_dump(), "absence.changed")


Row = TypeVar("Row", ArmingSchedule, Absence)


def sees_all_of(asks: Principal, cameras: list[str]) -> bool:
    """Whether these cameras are theirs; an empty list is the whole site, for those who see all of it."""
    if not cameras:
        return asks.cameras is None or allowed(asks, Permission.ADMINISTER)
    return set(cameras) <= set(visible_cameras(asks).values_list("pk", flat=True))


def _store(request: HttpRequest, row: Row, values: dict[str, Any], action: str) -> Row:
    service.check_cameras(row.site_id, values["cameras"])
    if not sees_all_of(principal(request), values["cameras"]):
        raise ConfigurationError("cameras: choose from those that you may see.")
    for name, value in values.items():
        setattr(row, name, value)
    row.changed = timezone.now()
    service.store(row)
    audit(request, action, subject=row.pk, detail={"sentence": str(row)})
    return row


def remove(request: HttpRequest, row: Model, action: str) -> None:
    """Remove a row and note it."""
    number = row.pk
    row.delete()
    service.changed()
    audit(request, action, subject=number)
