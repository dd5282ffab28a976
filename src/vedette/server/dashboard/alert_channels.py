"""The form of a channel: made, changed, tested."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.policy import Permission, Principal, allowed
from vedette.server.alerts.channels import KINDS
from vedette.server.alerts.models import Channel
from vedette.server.alerts.vaulted import secrets_of
from vedette.server.api import channels as api
from vedette.server.api.access import principal
from vedette.server.dashboard.alert_changes import problem
from vedette.server.dashboard.channel_fields import fields_of, read_fields
from vedette.server.dashboard.pages import page, show

_MADE_HERE = tuple(name for name in KINDS if name != "push")


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def new_channel(request: HttpRequest) -> HttpResponse:
    """Choose a kind, and fill in its form."""
    kind = request.GET.get("kind", "")
    if kind not in _MADE_HERE:
        kinds = [(name, KINDS[name].word) for name in _MADE_HERE]
        return show(request, "dashboard/alert_channel_kinds.html", {"section": "alerts", "kinds": kinds})
    return _form(request, Channel(site_id=principal(request).site_id, kind=kind))


@page(Permission.VIEW, "GET", "HEAD", "POST")
def channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The form of a channel; one's own browser may be renamed by everybody."""
    row = api.find_channel(request, channel_id)
    return _form(request, row)


@page(Permission.VIEW, "POST")
def test_channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Really send, and show the answer."""
    answer = api.test_channel(request, channel_id)
    name = api.find_channel(request, channel_id).name
    if answer["sent"]:
        messages.success(request, f"{name}: a test was sent. The answer: {answer['answer']}")
    else:
        messages.error(request, f"{name}: the test was not taken. {answer['answer']}")
    return redirect("alerts")


@page(Permission.VIEW, "POST")
def remove_channel(request: HttpRequest, channel_id: int) -> HttpResponse:
    """Remove a channel."""
    name = api.find_channel(request, channel_id).name
    api.remove_channel(request, channel_id)
    messages.success(request, f"{name} was removed.")
    return redirect("alerts")


def _form(request: HttpRequest, row: Channel, error: str = "") -> HttpResponse:
    if request.method == "POST" and not error:
        return _change(request, row)
    stored = secrets_of(row, quietly=True) if row.pk else {}
    quiet = row.quiet[0] if row.quiet else {"days": list(range(7)), "start": "", "end": ""}
    context = {
        "section": "alerts",
        "channel": row,
        "word": KINDS[row.kind].word,
        "fields": fields_of(row, stored, request.POST if error else {}),
        "quiet": quiet,
        "may_save": _may_save(principal(request), row),
        "error": error,
    }
    return show(request, "dashboard/alert_channel.html", context, status=422 if error else 200)


def _change(request: HttpRequest, row: Channel) -> HttpResponse:
    if not _may_save(principal(request), row):
        raise Http404("There is no such channel.")
    values: dict[str, Any] = {"name": request.POST.get("name", "").strip(), "quiet": _quiet(request)}
    values["enabled"] = request.POST.get("enabled") == "on"
    if row.kind != "push":
        values["config"] = read_fields(row.kind, request.POST)
    try:
        api.change_channel(request, row, values)
    except ConfigurationError as error:
        return _form(request, row, error=problem(error))
    messages.success(request, f"{row.name} was saved. Send a test to see that it works.")
    return redirect("alerts")


def _may_save(asks: Principal, row: Channel) -> bool:
    """Administrators may; everybody may their own browser."""
    return allowed(asks, Permission.ADMINISTER) or (row.owner_id is not None and row.owner_id == asks.user_id)


def _quiet(request: HttpRequest) -> list[dict[str, Any]]:
    sent = request.POST
    if not sent.get("quiet_start") or not sent.get("quiet_end"):
        return []
    days = [int(day) for day in sent.getlist("quiet_days") if day.isdecimal()] or list(range(7))
    return [{"days": days, "start": sent["quiet_start"], "end": sent["quiet_end"]}]
