"""What links in notifications open, without a login: a picture, and being left alone for a while.

Each link is signed, expires, and opens one thing of one notification; see `alerts.links`.
"""

from datetime import timedelta
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from vedette.server.accounts.audit import audit_system
from vedette.server.accounts.policy import public
from vedette.server.alerts import links
from vedette.server.alerts.composing import picture_of
from vedette.server.alerts.models import Notification
from vedette.server.alerts.snoozing import snooze

_MINUTES = {"30": "30 minutes", "60": "1 hour", "180": "3 hours", "720": "12 hours"}
_WORKER = Path(__file__).parent / "static" / "dashboard" / "push-worker.js"


@public
@require_safe
def picture(_request: HttpRequest, token: str) -> HttpResponse:
    """The picture of one notification."""
    row = _notification(links.PICTURE, token)
    data = picture_of(row)
    if not data:
        raise Http404("The picture is not there any more.")
    audit_system("picture.opened", camera=row.camera, subject=row.pk, who="a link in a notification")
    return HttpResponse(data, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@public
@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
def snooze_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for how long; only a press of the button snoozes, since mail programs open links by themselves."""
    row = _notification(links.SNOOZE, token)
    context = {"row": row, "minutes": _MINUTES, "until": None}
    if request.method == "POST" and request.POST.get("minutes") in _MINUTES:
        until = timezone.now() + timedelta(minutes=int(request.POST["minutes"]))
        made = snooze(row.site_id, until, rule=row.rule, camera=row.camera, who="a link in a notification")
        audit_system("snooze.added", camera=row.camera, subject=made.pk, who=made.who, site_id=row.site_id)
        context["until"] = until
    return render(request, "dashboard/alert_snooze.html", context)


def _notification(what: str, token: str) -> Notification:
    row = links.opened(what, token)
    if row is None or (what == links.SNOOZE and row.rule is None):
        raise Http404("This link is not valid, or not any more.")
    return row


@public
@require_safe
def push_worker(_request: HttpRequest) -> HttpResponse:
    """The service worker that shows notifications; from the root, since it serves the whole site."""
    headers = {"Service-Worker-Allowed": "/", "Cache-Control": "no-cache"}
    return HttpResponse(_WORKER.read_bytes(), content_type="text/javascript", headers=headers)
