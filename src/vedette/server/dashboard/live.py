"""The Live page: all cameras at a glance, and one over the whole window."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse

from vedette.server.accounts.policy import Permission, visible_cameras
from vedette.server.alerts.models import AlertSite, CameraArming
from vedette.server.api.access import principal
from vedette.server.api.cameras import find_camera
from vedette.server.dashboard.pages import page, show
from vedette.server.dashboard.standing import standings


@page(Permission.VIEW)
def live(request: HttpRequest) -> HttpResponse:
    """Every camera with its newest picture and how it stands."""
    found = standings(principal(request))
    armed = _armed(standing.camera.id for standing in found)
    tiles = [(standing, standing.camera.id in armed) for standing in found]
    return show(request, "dashboard/live.html", {"section": "live", "tiles": tiles})


@page(Permission.VIEW)
def watch(request: HttpRequest, camera_id: str) -> HttpResponse:
    """One camera over the whole window; the others are a key away."""
    camera = find_camera(request, camera_id)
    cameras = list(visible_cameras(principal(request)).only("id", "name").order_by("name", "id"))
    context = {"section": "live", "camera": camera, "cameras": cameras, "others": len(cameras) > 1}
    return show(request, "dashboard/watch.html", context)


def _armed(cameras: Iterable[str]) -> set[str]:
    """Which of the cameras are armed, as `alerts.arming.is_armed` has it."""
    known = dict(CameraArming.objects.values_list("pk", "armed"))
    of_site = set(AlertSite.objects.filter(armed=True).values_list("site__cameras", flat=True))
    return {camera for camera in cameras if known.get(camera, camera in of_site)}
