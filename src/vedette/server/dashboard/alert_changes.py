"""What the page of alerts changes: schedules, absences, snoozes, switches, and the time zone."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from ninja.errors import HttpError
from pydantic import ValidationError

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.policy import Permission
from vedette.server.alerts import service
from vedette.server.alerts.models import Absence, ArmingSchedule, Rule
from vedette.server.alerts.plans import site_zone
from vedette.server.api import alert_schemas as schemas
from vedette.server.api import alerts as api
from vedette.server.api import arming as arming_api
from vedette.server.api.access import principal
from vedette.server.dashboard.pages import page, viewer_zone

MINUTES = (30, 60, 180, 480, 1440)


@page(Permission.ADMINISTER, "POST")
def add_schedule(request: HttpRequest) -> HttpResponse:
    """Arm on weekdays from a time to another."""

    def work() -> None:
        asks = principal(request)
        service.ensure_time_zone(asks.site_id, viewer_zone(request).key)
        arming_api.add_schedule(request, schemas.ScheduleIn(**_span(request)))

    return _done(request, work, "The schedule counts from now on.")


def _span(request: HttpRequest) -> dict[str, Any]:
    return {
        "days": [int(day) for day in request.POST.getlist("days") if day.isdecimal()],
        "start": request.POST.get("start", ""),
        "end": request.POST.get("end", ""),
        "cameras": [camera for camera in request.POST.getlist("cameras") if camera],
    }


@page(Permission.ADMINISTER, "POST")
def remove_schedule(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Remove a schedule."""
    arming_api.remove(request, arming_api.find(request, ArmingSchedule, schedule_id), "schedule.removed")
    messages.success(request, "The schedule was removed. What is armed stays so.")
    return redirect("alerts")


@page(Permission.OPERATE, "POST")
def add_absence(request: HttpRequest) -> HttpResponse:
    """Nobody will be there; days in the site's time zone."""

    def work() -> None:
        asks = principal(request)
        service.ensure_time_zone(asks.site_id, viewer_zone(request).key)
        zone = site_zone(asks.site_id)
        texts = (request.POST.get("start", ""), request.POST.get("end", ""))
        start, end = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in texts)
        arming_api.add_absence(request, schemas.AbsenceIn(start=start, end=end))

    return _done(request, work, "It will be armed throughout.")


@page(Permission.OPERATE, "POST")
def remove_absence(request: HttpRequest, absence_id: int) -> HttpResponse:
    """Remove an absence."""
    arming_api.remove(request, arming_api.find(request, Absence, absence_id), "absence.removed")
    messages.success(request, "The absence was removed. Schedules say again what holds.")
    return redirect("alerts")


@page(Permission.OPERATE, "POST")
def snooze(request: HttpRequest) -> HttpResponse:
    """No notifications for a while: of a rule, or of all."""

    def work() -> None:
        minutes = int(request.POST.get("minutes", "0"))
        rule = request.POST.get("rule", "")
        until = timezone.now() + timedelta(minutes=minutes)
        api.add_snooze(request, schemas.SnoozeIn(rule=int(rule) if rule else None, until=until))

    return _done(request, work, "Snoozed. What happens is still recorded and listed here.")


@page(Permission.OPERATE, "POST")
def end_snooze(request: HttpRequest, snooze_id: int) -> HttpResponse:
    """Be told again."""
    api.remove_snooze(request, snooze_id)
    return redirect("alerts")


@page(Permission.ADMINISTER, "POST")
def switch_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Switch a rule on or off."""
    api.change_rule(
        request, arming_api.find(request, Rule, rule_id), {"enabled": request.POST.get("on") == "on"}
    )
    return redirect("alerts")


@page(Permission.ADMINISTER, "POST")
def set_time_zone(request: HttpRequest) -> HttpResponse:
    """Say where the site is."""

    def work() -> None:
        arming_api.put_time_zone(request, schemas.ZoneIn(time_zone=request.POST.get("time_zone", "")))

    return _done(request, work, "Schedules and times of day are meant in this time zone from now on.")


def _done(request: HttpRequest, work: Any, words: str) -> HttpResponse:
    """Do it and say so, or say why not."""
    try:
        work()
        messages.success(request, words)
    except (ValidationError, ConfigurationError, HttpError, ValueError) as error:
        messages.error(request, problem(error))
    return redirect("alerts")


def problem(error: Exception) -> str:
    """An error as a sentence."""
    if isinstance(error, ValidationError):
        found = error.errors()[0]
        place = ".".join(str(part) for part in found["loc"])
        return f"{place}: {str(found['msg']).removeprefix('Value error, ')}"
    if isinstance(error, ConfigurationError):
        return str(error.args[0])
    return "That was not understood. Check what was filled in."
