"""The zones of a camera: a form that holds all of them as one JSON text, drawn by `zones.js`."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.errors import ValidationError as NinjaError
from pydantic import TypeAdapter, ValidationError

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.policy import Permission
from vedette.server.api.cameras import find_camera
from vedette.server.api.schemas import ZoneIn
from vedette.server.cameras import changes, service
from vedette.server.cameras.models import Camera
from vedette.server.dashboard.camera import done, show_camera, show_problem
from vedette.server.dashboard.pages import page

_ZONES = TypeAdapter(list[ZoneIn])
COLOURS = ("#2f7de1", "#e0731d", "#17a05c", "#b04ad8", "#d4358f", "#0f9fb3", "#8a7a10", "#e04545")
"""Offered for new zones; they differ in lightness too, for eyes that do not tell red from green."""


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def zones(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Draw zones on the camera's picture."""
    camera = find_camera(request, camera_id)
    context = zone_context(camera)
    if request.method != "POST":
        return show_camera(request, camera, "zones", context)
    try:
        token = changes.replace_zones(request, camera, _sent(request.POST.get("zones", "")))
    except ConfigurationError as error:
        return show_problem(request, camera.id, "zones", context, error)
    return done(request, camera, "zones", token)


def zone_context(camera: Camera) -> dict[str, Any]:
    """What the editor begins with."""
    rows = [{field: getattr(zone, field) for field in service.ZONE_FIELDS} for zone in camera.zones.all()]
    return {"zones": rows, "zone_labels": camera.profile.labels, "zone_colours": COLOURS}


def _sent(text: str) -> list[dict[str, Any]]:
    """The zones of the form.

    Raises:
        ConfigurationError: they are not what the editor sends, or two have one name.
    """
    try:
        found = _ZONES.validate_python(json.loads(text))
    except (json.JSONDecodeError, RecursionError, ValidationError, NinjaError):
        raise ConfigurationError(
            "These zones cannot be read.", hint="Reload the page and try again."
        ) from None
    names = [zone.name for zone in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ConfigurationError(f"Two zones are called {twice[0]!r}.", hint="Give one of them another name.")
    return [zone.model_dump(mode="json") for zone in found]
