"""The page of alerts: what is armed, schedules, rules, channels, and what was told."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.policy import Permission, Principal, allowed, visible_cameras
from vedette.server.alerts.health import standing
from vedette.server.alerts.models import Absence, ArmingSchedule, Cause, Channel, Delivery, Notification, Rule
from vedette.server.alerts.plans import site_zone
from vedette.server.alerts.sentences import rule_sentence, schedule_sentence
from vedette.server.api.access import principal
from vedette.server.api.alerts import concerning, notifications_page, visible_rules, visible_snoozes
from vedette.server.api.arming import arm, sees_all_of, site_arming
from vedette.server.api.channels import visible_channels
from vedette.server.dashboard.pages import page, show

RECENT = 8
PER_PAGE = 40
_STATE_WORDS = {"armed": "Armed", "disarmed": "Disarmed", "partly": "Partly armed"}
_DELIVERY_WORDS = {
    Delivery.State.WAITING: ("waits", "wait"),
    Delivery.State.SENDING: ("is being sent", "wait"),
    Delivery.State.SENT: ("sent", "good"),
    Delivery.State.FAILED: ("failed", "bad"),
    Delivery.State.SKIPPED: ("left out", "idle"),
}


@page(Permission.VIEW)
def alerts(request: HttpRequest) -> HttpResponse:
    """Everything about alerts at a glance."""
    asks = principal(request)
    names = camera_names(asks)
    told, _ = notifications_page(asks, None, RECENT)
    context = {
        "section": "alerts",
        **_arming(asks),
        "rules": [_shown_rule(rule, names) for rule in visible_rules(asks)],
        "channels": [_shown_channel(channel) for channel in visible_channels(asks)],
        "snoozes": [(snooze, sees_all_of(asks, snooze.cameras)) for snooze in visible_snoozes(asks)],
        "may_snooze_all": allowed(asks, Permission.OPERATE) and sees_all_of(asks, []),
        "names": names,
        "told": [shown_notification(row) for row in told],
    }
    return show(request, "dashboard/alerts.html", context)


@page(Permission.VIEW)
def history(request: HttpRequest) -> HttpResponse:
    """What was told, page by page."""
    try:
        rows, older = notifications_page(principal(request), request.GET.get("before"), PER_PAGE)
    except ConfigurationError:
        return redirect("alert-history")
    context = {"section": "alerts", "told": [shown_notification(row) for row in rows], "older": older}
    return show(request, "dashboard/alert_history.html", context)


@page(Permission.OPERATE, "POST")
def set_arming(request: HttpRequest) -> HttpResponse:
    """Arm or disarm one camera, or all of them."""
    camera = request.POST.get("camera", "")
    armed = request.POST.get("armed") == "on"
    force = request.POST.get("force") == "on"
    arm(request, [camera] if camera else None, armed, force=force, cause=Cause.HAND)
    if not armed and not force and _waits(principal(request), camera):
        messages.info(request, "Something goes on there: it is disarmed as soon as that has ended.")
    return redirect("alerts")


def _waits(asks: Principal, camera: str) -> bool:
    found = site_arming(asks)["cameras"]
    return any(each.waiting for each in found if camera in {"", each.camera})


def camera_names(asks: Principal) -> dict[str, str]:
    """The names of the cameras that may be seen, by id."""
    return dict(visible_cameras(asks).order_by("name").values_list("id", "name"))


def _arming(asks: Principal) -> dict[str, Any]:
    found = site_arming(asks)
    names = camera_names(asks)
    schedules = concerning(asks, ArmingSchedule.objects.filter(site=asks.site_id))
    absences = concerning(asks, Absence.objects.filter(site=asks.site_id, end__gt=timezone.now()))
    return {
        "armed_word": _STATE_WORDS[found["state"]],
        "armed": found["state"] != "disarmed",
        "armed_count": sum(each.armed for each in found["cameras"]),
        "standings": found["cameras"],
        "time_zone": found["time_zone"],
        "schedules": [(row, schedule_sentence(row, names)) for row in schedules],
        "absences": absences,
        "site_zone": site_zone(asks.site_id),
    }


def _shown_rule(rule: Rule, names: dict[str, str]) -> dict[str, Any]:
    newest = Notification.objects.filter(rule=rule).order_by("-created").first()
    return {"row": rule, "sentence": rule_sentence(rule, names), "newest": newest}


def _shown_channel(channel: Channel) -> dict[str, Any]:
    word, tone = standing(channel)
    waiting = channel.deliveries.filter(state=Delivery.State.WAITING).count()
    return {"row": channel, "word": word, "tone": tone, "waiting": waiting}


def shown_notification(row: Notification) -> dict[str, Any]:
    """A notification with what became of it, in words."""
    ways = []
    for delivery in row.deliveries.all():
        word, tone = _DELIVERY_WORDS[Delivery.State(delivery.state)]
        ways.append({"row": delivery, "name": delivery.channel.name, "word": word, "tone": tone})
    return {"row": row, "ways": ways}
