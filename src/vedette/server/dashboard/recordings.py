"""The recordings page: one to four cameras on one time line, played in step, and exports of them."""

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse

from vedette.domain.camera import ANIMALS, VEHICLES
from vedette.server.accounts.policy import Permission, visible, visible_cameras
from vedette.server.api.access import principal
from vedette.server.api.recordings import find_recorded
from vedette.server.dashboard.formats import moment_of
from vedette.server.dashboard.pages import page, show
from vedette.server.recordings.models import Export, Segment

MOST_CAMERAS = 4
MOST_EXPORTS = 30
RATES = (0.5, 1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class Shown:
    """A camera whose recording is shown; one that was removed has its id for a name."""

    id: str
    name: str


@page(Permission.VIEW)
def recordings(request: HttpRequest, camera_id: str = "") -> HttpResponse:
    """The cameras of `cameras` (or the address, or the first one), at the moment `at` or now."""
    names = dict(visible_cameras(principal(request)).order_by("name", "id").values_list("id", "name"))
    wanted = [camera for camera in request.GET.get("cameras", "").split(",") if camera] or [camera_id]
    shown = [_shown(request, camera, names) for camera in dict.fromkeys(wanted) if camera][:MOST_CAMERAS]
    if not shown:
        shown = [Shown(camera, name) for camera, name in list(names.items())[:1]]
    context = {
        "section": "recordings",
        "shown": shown,
        "others": [Shown(*item) for item in names.items() if item[0] not in {camera.id for camera in shown}],
        "full": len(shown) >= MOST_CAMERAS,
        "at": moment_of(request.GET.get("at", "")),
        "newest": _newest(shown),
        "rates": RATES,
        "families": {"vehicle": sorted(VEHICLES), "animal": sorted(ANIMALS)},
        "exports": visible(principal(request), Export.objects.all())[:MOST_EXPORTS],
        "names": names,
    }
    return show(request, "dashboard/recordings.html", context)


def _shown(request: HttpRequest, camera: str, names: dict[str, str]) -> Shown:
    """A camera that was asked for.

    Raises:
        Http404: its recordings are not for the viewer, or there are none.
    """
    if camera in names:
        return Shown(camera, names[camera])
    if len(camera) > 64:
        raise Http404
    return Shown(find_recorded(request, camera), camera)


def _newest(shown: list[Shown]) -> datetime | None:
    """When the newest recording of these cameras began; None when there is none at all."""
    rows = Segment.objects.exclude(state=Segment.State.DELETING).order_by("-start")
    firsts = (rows.filter(camera=camera.id).values_list("start", flat=True).first() for camera in shown)
    return max((start for start in firsts if start), default=None)
