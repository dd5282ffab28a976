"""Cameras, their zones, and profiles."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Status
from ninja.params.functions import Query

from vedette.domain.errors import ConfigurationError
from vedette.domain.messages import CameraReport
from vedette.server.accounts.policy import visible_cameras
from vedette.server.api import schemas
from vedette.server.api.access import ADMINISTER, VIEW, principal
from vedette.server.api.errors import error_response
from vedette.server.cameras import changes
from vedette.server.cameras.models import Camera, Profile, Zone
from vedette.server.runtime import runtime

router = Router(tags=["cameras"])
profiles = Router(tags=["profiles"])


def find_camera(request: HttpRequest, camera_id: str) -> Camera:
    """The camera, when the one who asks may see it.

    Raises:
        Http404: there is none, or not for them.
    """
    rows = visible_cameras(principal(request)).select_related("profile").prefetch_related("zones")
    camera = rows.filter(pk=camera_id).first()
    if camera is None:
        raise Http404("There is no such camera.")
    return camera


def camera_out(camera: Camera, reports: dict[str, CameraReport]) -> dict[str, Any]:
    """A camera with what it does."""
    report = reports.get(camera.id)
    shown = {name: getattr(camera, name) for name in schemas.CameraOut.model_fields if hasattr(camera, name)}
    return shown | {
        "profile": camera.profile.name,
        "zones": list(camera.zones.all()),
        "status": schemas.CameraStatus.of(report, camera.worker) if report else None,
        "applied": report is not None and report.revision >= camera.revision,
    }


def camera_reports() -> dict[str, CameraReport]:
    """What the cameras do, by id."""
    return runtime.hub.cameras() if runtime.hub else {}


@router.get("", auth=VIEW, response=list[schemas.CameraOut])
def list_cameras(request: HttpRequest) -> Any:
    """All cameras that you may see."""
    rows = visible_cameras(principal(request)).select_related("profile").prefetch_related("zones")
    reports = camera_reports()
    return [camera_out(camera, reports) for camera in rows]


@router.post("", auth=ADMINISTER, response={201: schemas.CameraOut, 422: schemas.Error})
def add_camera(request: HttpRequest, payload: schemas.CameraIn) -> Any:
    """Add a camera; credentials in the addresses are taken out and kept encrypted."""
    fields = payload.model_dump(exclude_unset=True, mode="json")
    name, url, camera_id = fields.pop("name"), fields.pop("main_url"), fields.pop("id", None)
    site = principal(request).site_id
    camera = changes.add_camera(request, name, url, site, camera_id=camera_id, **fields)
    return Status(201, camera_out(find_camera(request, camera.id), {}))


@router.get("/{camera_id}", auth=VIEW, response={200: schemas.CameraOut, 404: schemas.Error})
def get_camera(request: HttpRequest, camera_id: str) -> Any:
    """One camera."""
    return camera_out(find_camera(request, camera_id), camera_reports())


@router.patch("/{camera_id}", auth=ADMINISTER, response={200: schemas.CameraOut, 404: schemas.Error})
def change_camera(request: HttpRequest, camera_id: str, payload: schemas.CameraChange) -> Any:
    """Change fields; the worker takes them over within a second (`applied`)."""
    camera = find_camera(request, camera_id)
    changes.change_camera(request, camera, payload.model_dump(exclude_unset=True, mode="json"))
    return camera_out(find_camera(request, camera_id), camera_reports())


@router.delete("/{camera_id}", auth=ADMINISTER, response={204: None, 404: schemas.Error})
def remove_camera(request: HttpRequest, camera_id: str) -> Any:
    """Remove a camera; its recordings and events stay until retention takes them."""
    changes.remove_camera(request, find_camera(request, camera_id))
    return Status(204, None)


@router.get("/{camera_id}/snapshot.jpg", auth=VIEW)
def camera_snapshot(request: HttpRequest, camera_id: str, max_width: int = Query(0, ge=0, le=8192)) -> Any:
    """The newest picture as JPEG, at most `max_width` wide (0: as it is)."""
    camera = find_camera(request, camera_id)
    if runtime.hub is None:
        return error_response(503, "No workers are served here.")
    reply = runtime.hub.request_snapshot(camera.id, max_width)
    if not reply.jpeg:
        return error_response(503, reply.error or "There is no picture yet.", "See the camera's status.")
    headers = {"Cache-Control": "no-store", "X-Captured": f"{reply.utc_s:.3f}"}
    return HttpResponse(reply.jpeg, content_type="image/jpeg", headers=headers)


@router.get("/{camera_id}/zones", auth=VIEW, response=list[schemas.ZoneOut])
def list_zones(request: HttpRequest, camera_id: str) -> Any:
    """The camera's zones."""
    return find_camera(request, camera_id).zones.all()


@router.put("/{camera_id}/zones", auth=ADMINISTER, response=list[schemas.ZoneOut])
def replace_zones(request: HttpRequest, camera_id: str, payload: list[schemas.ZoneIn]) -> Any:
    """Replace all zones of the camera."""
    camera = find_camera(request, camera_id)
    changes.replace_zones(request, camera, [zone.model_dump(mode="json") for zone in payload])
    return Zone.objects.filter(camera=camera)


@router.put("/{camera_id}/zones/{name}", auth=ADMINISTER, response=schemas.ZoneOut)
def put_zone(request: HttpRequest, camera_id: str, name: str, payload: schemas.ZoneIn) -> Any:
    """Add a zone, or replace the one of this name."""
    camera = find_camera(request, camera_id)
    zone = Zone.objects.filter(camera=camera, name=name).first() or Zone(camera=camera)
    return changes.change_zone(request, zone, payload.model_dump(mode="json"))


@router.delete("/{camera_id}/zones/{name}", auth=ADMINISTER, response={204: None, 404: schemas.Error})
def remove_zone(request: HttpRequest, camera_id: str, name: str) -> Any:
    """Remove a zone."""
    zone = Zone.objects.filter(camera=find_camera(request, camera_id), name=name).first()
    if zone is None:
        raise Http404("There is no such zone.")
    changes.remove_zone(request, zone)
    return Status(204, None)


@profiles.get("", auth=VIEW, response=list[schemas.ProfileOut])
def list_profiles(request: HttpRequest) -> Any:  # noqa: ARG001
    """All profiles."""
    Profile.default()
    return Profile.objects.all()


@profiles.post("", auth=ADMINISTER, response={201: schemas.ProfileOut, 422: schemas.Error})
def add_profile(request: HttpRequest, payload: schemas.ProfileIn) -> Any:
    """Add a profile."""
    fields = payload.model_dump(exclude_unset=True, mode="json")
    if not fields.get("name"):
        raise ConfigurationError("name: a profile needs one.")
    return Status(201, changes.change_profile(request, Profile(), fields))


@profiles.get("/{name}", auth=VIEW, response={200: schemas.ProfileOut, 404: schemas.Error})
def get_profile(request: HttpRequest, name: str) -> Any:  # noqa: ARG001
    """One profile."""
    return _profile(name)


@profiles.patch("/{name}", auth=ADMINISTER, response={200: schemas.ProfileOut, 404: schemas.Error})
def change_profile(request: HttpRequest, name: str, payload: schemas.ProfileIn) -> Any:
    """Change fields; every camera with this profile follows within a second."""
    return changes.change_profile(
        request, _profile(name), payload.model_dump(exclude_unset=True, mode="json")
    )


@profiles.delete("/{name}", auth=ADMINISTER, response={204: None, 404: schemas.Error, 422: schemas.Error})
def remove_profile(request: HttpRequest, name: str) -> Any:
    """Remove a profile that no camera uses."""
    changes.remove_profile(request, _profile(name))
    return Status(204, None)


def _profile(name: str) -> Profile:
    profile = Profile.objects.filter(name=name).first()
    if profile is None:
        raise Http404("There is no such profile.")
    return profile
