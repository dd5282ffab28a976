"""The cameras page, and what changes a camera."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from vedette.domain.camera import RecordingMode
from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.policy import Permission
from vedette.server.api.access import principal
from vedette.server.api.cameras import find_camera
from vedette.server.cameras import service
from vedette.server.cameras.models import Camera
from vedette.server.dashboard.pages import page, show
from vedette.server.dashboard.standing import standings

_FIELD_WORDS = {"main_url: ": "Address: ", "sub_url: ": "Second stream: ", "name: ": "Name: "}
_SWITCHES = ("enabled", "analyse")


@page(Permission.VIEW)
def cameras(request: HttpRequest) -> HttpResponse:
    """Every camera with its newest picture and how it stands."""
    return show(
        request, "dashboard/cameras.html", {"section": "cameras", "standings": standings(principal(request))}
    )


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def add_camera(request: HttpRequest) -> HttpResponse:
    """The form for a new camera, and its answer."""
    context: dict[str, Any] = {"section": "cameras", "form": {}}
    if request.method != "POST":
        return show(request, "dashboard/add_camera.html", context)
    given = {
        name: text.strip() for name, text in request.POST.dict().items() if name != "csrfmiddlewaretoken"
    }
    try:
        camera = _add(given)
    except ConfigurationError as error:
        context |= {"form": given, "problem": _in_words(error), "hint": error.hint}
        return show(request, "dashboard/add_camera.html", context, status=422)
    messages.success(request, f"{camera.name} was added. Its first picture comes as soon as it answers.")
    return redirect("camera", camera.id)


def _add(given: dict[str, str]) -> Camera:
    address = given.get("address", "")
    if not address:
        raise ConfigurationError("Address: paste the address of the camera's stream.")
    extra: dict[str, Any] = {"sub_url": given["sub_address"]} if given.get("sub_address") else {}
    extra |= {"username": given["username"]} if given.get("username") else {}
    extra |= {"transport": given["transport"]} if given.get("transport") else {}
    password = given.get("password") or None
    return service.add_camera(given.get("name", ""), address, password=password, **extra)


@page(Permission.OPERATE, "POST")
def change_camera(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Switch a camera or its analysis on or off, or choose what is recorded; only what is sent changes."""
    camera = find_camera(request, camera_id)
    changes: dict[str, Any] = {name: request.POST[name] == "on" for name in _SWITCHES if name in request.POST}
    if (mode := request.POST.get("recording_mode")) in set(RecordingMode):
        changes["recording_mode"] = mode
    try:
        service.change_camera(camera, changes)
    except ConfigurationError as error:
        messages.error(request, _in_words(error))
    return redirect("camera", camera.id)


@page(Permission.ADMINISTER, "POST")
def remove_camera(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Remove a camera; recordings and events stay until retention takes them."""
    camera = find_camera(request, camera_id)
    service.remove_camera(camera.id)
    messages.success(request, f"{camera.name} was removed. Its recordings stay until they are too old.")
    return redirect("cameras")


def _in_words(error: ConfigurationError) -> str:
    text = str(error.args[0]).removeprefix("This camera cannot be used: ")
    for field, word in _FIELD_WORDS.items():
        text = text.replace(field, word)
    return text
