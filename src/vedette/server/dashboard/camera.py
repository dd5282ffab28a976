"""The page of one camera: how it stands, its picture and events, and everything that can be set on it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from vedette.domain.camera import RecordingMode
from vedette.domain.errors import ConfigurationError
from vedette.domain.messages import CameraReport
from vedette.server.accounts.policy import Permission, visible
from vedette.server.api.access import principal
from vedette.server.api.cameras import camera_reports, find_camera
from vedette.server.cameras import changes
from vedette.server.cameras.models import Camera
from vedette.server.cameras.specs import trouble
from vedette.server.dashboard import camera_forms, formats
from vedette.server.dashboard.pages import page, show
from vedette.server.dashboard.standing import Standing, standing
from vedette.server.events.models import Event

TODAY_SHOWN = 8
MODES = {
    RecordingMode.ALWAYS: ("Always", "Every second, day and night."),
    RecordingMode.MOTION: ("When something moves", "With some seconds before and after."),
    RecordingMode.EVENTS: ("Events only", "Only around what makes an event."),
    RecordingMode.OFF: ("Never", "Events still come, without video."),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """A part of the camera's page."""

    name: str
    title: str
    route: str


TABS = (
    Tab("overview", "Overview", "camera"),
    Tab("zones", "Zones", "camera-zones"),
    Tab("detection", "Detection", "camera-detection"),
    Tab("recording", "Recording", "camera-recording"),
    Tab("connection", "Connection", "camera-connection"),
)


@page(Permission.VIEW)
def overview(request: HttpRequest, camera_id: str) -> HttpResponse:
    """How the camera stands, its picture, and what happened today; other days are recordings' matter."""
    camera = find_camera(request, camera_id)
    wanted = {name: request.GET[name] for name in ("at", "day") if name in request.GET}
    recordings = address_of("recordings-of", camera.id)
    if wanted and recordings:
        return redirect(f"{recordings}?{urlencode(wanted)}")
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Event.objects.filter(camera=camera.id, start__gte=midnight)
    today = visible(principal(request), rows)
    context = {
        "events": list(today.defer("path", "zones").order_by("-start", "-id")[:TODAY_SHOWN]),
        "count": today.count(),
        "modes": {mode.value: words[0] for mode, words in MODES.items()},
        "player": finders.find("dashboard/player.js") is not None,
        "recordings": recordings,
    }
    return show_camera(request, camera, "overview", context)


@page(Permission.ADMINISTER, "GET", "HEAD", "POST")
def recording(request: HttpRequest, camera_id: str) -> HttpResponse:
    """When packets are written to disk, and how long that is kept."""
    camera = find_camera(request, camera_id)
    context = {"modes": [(mode.value, *words) for mode, words in MODES.items()]}
    return answer(request, camera, "recording", context, camera_forms.recording_changes)


@page(Permission.OPERATE, "POST")
def change(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Switch a camera or its analysis on or off, or choose what is recorded; only what is sent changes."""
    camera = find_camera(request, camera_id)
    wanted = camera_forms.switch_changes(request.POST)
    token = changes.change_camera(request, camera, wanted)
    return done(request, camera, "overview", token)


@page(Permission.OPERATE, "POST")
def undo(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Take the last change back."""
    camera = find_camera(request, camera_id)
    section = request.POST.get("section", "")
    try:
        token = changes.undo(request, camera, request.POST.get("token", ""))
    except ConfigurationError as error:
        messages.error(request, str(error))
        token = ""
    return done(request, camera, section if section in {tab.name for tab in TABS} else "overview", token)


@page(Permission.ADMINISTER, "POST")
def remove(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Remove a camera; recordings and events stay until retention takes them."""
    camera = find_camera(request, camera_id)
    changes.remove_camera(request, camera)
    messages.success(request, f"{camera.name} was removed. Its recordings stay until they are too old.")
    return redirect("cameras")


def answer(
    request: HttpRequest, camera: Camera, section: str, context: dict[str, Any], read: Any
) -> HttpResponse:
    """A section's form, or what became of it: `read` makes changes of what was sent."""
    if request.method != "POST":
        return show_camera(request, camera, section, context)
    try:
        token = changes.change_camera(request, camera, read(request.POST))
    except ConfigurationError as error:
        return show_problem(request, camera.id, section, context, error)
    return done(request, camera, section, token)


def show_problem(
    request: HttpRequest, camera_id: str, section: str, context: dict[str, Any], error: ConfigurationError
) -> HttpResponse:
    """The section again, with what is wrong and what was typed; nothing was stored."""
    problem = {"problem": camera_forms.in_words(error), "hint": error.hint, "typed": request.POST}
    return show_camera(request, find_camera(request, camera_id), section, context | problem, status=422)


def done(request: HttpRequest, camera: Camera, section: str, token: str) -> HttpResponse:
    """What was stored: the state of its taking effect for a script, the section for everybody else."""
    if "part" in request.GET:
        context = {"saved": True, "undo_token": token}
        return show_camera(request, find_camera(request, camera.id), section, context, only="saved")
    if not messages.get_messages(request):
        messages.success(request, "Saved. The worker takes it over within a second.")
    return redirect(next(tab.route for tab in TABS if tab.name == section), camera.id)


def show_camera(
    request: HttpRequest,
    camera: Camera,
    section: str,
    context: dict[str, Any],
    *,
    status: int = 200,
    only: str = "",
) -> HttpResponse:
    """Render a section in the frame of the camera's page."""
    report = camera_reports().get(camera.id)
    stands = standing(camera, report)
    common = {
        "section": "cameras",
        "camera": camera,
        "tab": section,
        "tabs": TABS,
        "standing": stands,
        "running": report.revision if report else 0,
        "sentence": sentence(stands, report),
        "trouble": trouble(camera) if report is not None else "",
    }
    template = f"dashboard/camera_{only or section}.html"
    return show(request, template, common | context, status=status)


def sentence(stands: Standing, report: CameraReport | None) -> str:
    """How the camera is, as somebody would say it."""
    if stands.state == "streaming" and report is not None:
        size = f" {report.width} × {report.height}" if report.width else ""
        rate = f" at {report.fps:.0f} pictures a second" if report.fps else ""
        coded = f", {formats.codec(report.codec)}" if report.codec else ""
        return f"Streaming{size}{rate}{coded}.{_interruptions(report)}"
    return _SENTENCES.get(stands.state, "")


def _interruptions(report: CameraReport) -> str:
    count = round(report.counters.get("reconnects", 0))
    if not count:
        return " No interruption since its worker started."
    return f" {count} interruption{'' if count == 1 else 's'} since its worker started."


_SENTENCES = {
    "connecting": "Connecting to the camera.",
    "retrying": "The camera does not answer as it should. Vedette goes on trying, every 30 s at least.",
    "ended": "The footage has come to its end.",
    "disabled": "Switched off: nothing is watched or recorded.",
    "waiting": "No worker runs this camera yet.",
    "broken": "This camera is left out, because what is stored of it cannot be used.",
}


def address_of(route: str, *arguments: str) -> str:
    """The address of a page, empty where there is none."""
    try:
        return reverse(route, args=arguments)
    except NoReverseMatch:
        return ""
