"""The form of a rule: made, changed, tried."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from pydantic import ValidationError

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.policy import Permission
from vedette.server.alerts import service
from vedette.server.alerts.matching import with_values
from vedette.server.alerts.models import Channel, Rule
from vedette.server.api.access import principal
from vedette.server.api.alert_schemas import RuleIn
from vedette.server.api.alerts import change_rule, run_trial
from vedette.server.api.arming import find
from vedette.server.cameras.models import Profile, Zone
from vedette.server.dashboard.alert_changes import problem
from vedette.server.dashboard.alerts import camera_names
from vedette.server.dashboard.pages import page, show, viewer_zone

_LISTS = ("cameras", "labels", "zones")
_SWITCHES = ("picture", "urgent", "browsers")
_TEXTS = ("name", "about", "kind", "person", "armed", "severity", "group_by")
_SECONDS = {"cooldown_s": 60, "group_s": 1}
_SHOWN = 12


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def new_rule(request: HttpRequest) -> HttpResponse:
    """The form for a rule."""
    rule = Rule(site_id=principal(request).site_id, labels=["person"], browsers=True)
    return _form(request, rule)


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """The form of a rule that there is."""
    return _form(request, find(request, Rule, rule_id))


@page(Permission.ADMINISTER, "POST")
def remove_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Remove a rule."""
    from vedette.server.api.alerts import remove_rule as remove  # noqa: PLC0415  the same name

    remove(request, rule_id)
    messages.success(request, "The rule was removed. What it has told stays in the history.")
    return redirect("alerts")


def _form(request: HttpRequest, row: Rule) -> HttpResponse:
    chosen = sorted(channel.pk for channel in row.channels.all()) if row.pk else []
    if request.method != "POST":
        return _show(request, row, chosen)
    try:
        values = RuleIn(**_given(request)).values()
    except ValidationError as error:
        return _show(request, row, chosen, error=problem(error))
    copy = with_values(row, {name: value for name, value in values.items() if name != "channels"})
    if "try" in request.POST:
        return _show(request, copy, values["channels"], trial=run_trial(request, copy))
    try:
        service.ensure_time_zone(row.site_id, viewer_zone(request).key if values["hours"] else "")
        change_rule(request, row, values)
    except ConfigurationError as error:
        return _show(request, copy, values["channels"], error=problem(error))
    messages.success(request, "The rule counts for what happens from now on.")
    return redirect("alerts")


def _given(request: HttpRequest) -> dict[str, Any]:
    """The form's fields as REST takes them."""
    sent = request.POST
    values: dict[str, Any] = {name: [text for text in sent.getlist(name) if text] for name in _LISTS}
    values |= {name: name in sent for name in _SWITCHES}
    values |= {name: sent[name].strip() for name in _TEXTS if name in sent}
    values |= {
        name: float(sent.get(name) or 0) * unit
        for name, unit in _SECONDS.items()
        if _is_number(sent.get(name))
    }
    values["min_score"] = int(sent.get("min_score") or 0) / 100 if _is_number(sent.get("min_score")) else 0.0
    values["channels"] = [int(text) for text in sent.getlist("channels") if text.isdecimal()]
    values["hours"] = _hours(request)
    return values


def _is_number(text: str | None) -> bool:
    return (text or "0").replace(".", "", 1).isdecimal()


def _hours(request: HttpRequest) -> list[dict[str, Any]]:
    sent = request.POST
    if not sent.get("start") or not sent.get("end"):
        return []
    days = [int(day) for day in sent.getlist("days") if day.isdecimal()] or list(range(7))
    return [{"days": days, "start": sent["start"], "end": sent["end"]}]


def _show(request: HttpRequest, row: Rule, chosen: list[int], **more: Any) -> HttpResponse:
    asks = principal(request)
    hours = row.hours[0] if row.hours else {"days": list(range(7)), "start": "", "end": ""}
    names = camera_names(asks)
    trial = more.get("trial")
    context = {
        "section": "alerts",
        "rule": row,
        "chosen": chosen,
        "hours": hours,
        "cooldown": f"{row.cooldown_s / 60:g}",
        "group": f"{row.group_s:g}",
        "score": round(row.min_score * 100),
        "names": names,
        "labels": _labels(row),
        "zones": sorted(
            {*Zone.objects.filter(camera__in=list(names)).values_list("name", flat=True), *row.zones}
        ),
        "channels": Channel.objects.filter(site=asks.site_id).order_by("name"),
        "shown": trial.events[:_SHOWN] if trial else [],
        **more,
    }
    return show(request, "dashboard/alert_rule.html", context, status=422 if "error" in more else 200)


def _labels(row: Rule) -> list[str]:
    known = {label for labels in Profile.objects.values_list("labels", flat=True) for label in labels}
    return sorted(known | set(row.labels) | {"person"})
