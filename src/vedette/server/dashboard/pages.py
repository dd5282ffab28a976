"""What every page has in common: its permission, the viewer's time zone, and the frame around it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from vedette import __version__
from vedette.server.accounts.policy import Permission, allowed, needs, visible_cameras
from vedette.server.api.access import principal
from vedette.server.nodes.health import Problem, problems
from vedette.server.runtime import runtime

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponse]

ZONE_COOKIE = "vedette_zone"
"""Holds the browser's time zone, so that days and times are those of the person who looks."""


def viewer_zone(request: HttpRequest) -> ZoneInfo:
    """The browser's time zone; UTC until it has said so, or when it says nonsense."""
    name = request.COOKIES.get(ZONE_COOKIE, "UTC")
    try:
        return ZoneInfo(name[:64])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def page(permission: Permission, *methods: str) -> Callable[[View[P]], View[P]]:
    """Declare a page: who may ask for it, and how (GET when nothing is said)."""

    def declare(view: View[P]) -> View[P]:
        @wraps(view)
        def in_their_zone(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            with timezone.override(viewer_zone(request)):
                return view(request, *args, **kwargs)

        answers: View[P] = require_http_methods(list(methods or ("GET", "HEAD")))(in_their_zone)
        return needs(permission)(answers)

    return declare


def show(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Render a page inside the frame; with `?part` only what may change while somebody looks."""
    asks = principal(request)
    part = "part" in request.GET
    frame: dict[str, Any] = {
        "frame": "dashboard/part.html" if part else "dashboard/frame.html",
        "part": part,
        "who": asks,
        "may_operate": allowed(asks, Permission.OPERATE),
        "may_administer": allowed(asks, Permission.ADMINISTER),
        "version": __version__,
        "zone": viewer_zone(request).key,
        "problems": visible_problems(request),
    }
    return render(request, template, frame | context, status=status)


def visible_problems(request: HttpRequest) -> list[Problem]:
    """What is not well, as far as it concerns cameras that the viewer may see."""
    found = problems(runtime)
    if not any(problem.camera for problem in found):
        return found
    seen = set(visible_cameras(principal(request)).values_list("id", flat=True))
    return [problem for problem in found if not problem.camera or problem.camera in seen]
