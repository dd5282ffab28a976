"""Changes of cameras on somebody's behalf: stored, noted in the audit log, and ready to be taken back.

Every page and every route that changes a camera, its zones or a profile goes through here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core import signing
from django.db import transaction
from django.http import HttpRequest

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.audit import audit
from vedette.server.accounts.policy import Principal, visible_cameras
from vedette.server.cameras import service
from vedette.server.cameras.limits import MAX_ZONES
from vedette.server.cameras.models import Camera, Profile, Zone

UNDO_S = 3600
_SALT = "vedette.undo"
_SECRET = "password"  # noqa: S105 -- the name of the field


@transaction.atomic
def add_camera(request: HttpRequest, name: str, url: str, site: int, **fields: Any) -> Camera:
    """Add a camera of this site."""
    camera = service.add_camera(name, url, site=site, **fields)
    audit(request, "camera.added", camera=camera.id)
    return camera


@transaction.atomic
def change_camera(request: HttpRequest, camera: Camera, changes: Mapping[str, Any]) -> str:
    """Change fields; returns a token for `undo`, empty when nothing can be taken back."""
    before = _values(camera)
    service.change_camera(camera, changes)
    after = _values(camera)
    changed = sorted(name for name in after if after[name] != before[name])
    secret = _SECRET in changes and changes[_SECRET] is not None
    if changed or secret:
        fields = [*changed, *([_SECRET] if secret else [])]
        audit(request, "camera.changed", camera=camera.id, detail={"fields": fields})
    return _token("camera", camera, {name: before[name] for name in changed}) if changed else ""


@transaction.atomic
def remove_camera(request: HttpRequest, camera: Camera) -> None:
    """Remove it; its recordings and events stay until retention takes them."""
    audit(request, "camera.removed", camera=camera.id, subject=camera.name)
    service.remove_camera(camera.id)


@transaction.atomic
def replace_zones(request: HttpRequest, camera: Camera, zones: Iterable[Mapping[str, Any]]) -> str:
    """Make these the zones of the camera; returns a token for `undo`."""
    before = [_zone(zone) for zone in Zone.objects.filter(camera=camera)]
    wanted = list(zones)
    service.replace_zones(camera, wanted)
    names = [str(zone["name"]) for zone in wanted]
    audit(request, "zones.changed", camera=camera.id, detail={"zones": names[:MAX_ZONES]})
    camera.refresh_from_db(fields=["revision"])
    return _token("zones", camera, before)


@transaction.atomic
def change_zone(request: HttpRequest, zone: Zone, fields: Mapping[str, Any]) -> Zone:
    """Add or change one zone."""
    service.change_zone(zone, fields)
    audit(request, "zones.changed", camera=zone.camera_id, detail={"zones": [zone.name]})
    return zone


@transaction.atomic
def remove_zone(request: HttpRequest, zone: Zone) -> None:
    """Remove one zone."""
    audit(request, "zones.removed", camera=zone.camera_id, detail={"zones": [zone.name]})
    zone.delete()


@transaction.atomic
def change_profile(request: HttpRequest, profile: Profile, fields: Mapping[str, Any]) -> Profile:
    """Change or (when it is new) add a profile.

    Raises:
        ConfigurationError: a value cannot be used, or cameras have it that the one who asks may not see.
    """
    _check_all_seen(request, profile)
    action = "profile.changed" if profile.pk else "profile.added"
    before = {name: getattr(profile, name) for name in service.PROFILE_FIELDS}
    service.change_profile(profile, fields)
    changed = sorted(name for name in fields if getattr(profile, name) != before[name])
    audit(request, action, subject=profile.name, detail={"fields": changed})
    return profile


@transaction.atomic
def remove_profile(request: HttpRequest, profile: Profile) -> None:
    """Remove a profile that no camera uses."""
    _check_all_seen(request, profile)
    name = profile.name
    service.remove_profile(profile)
    audit(request, "profile.removed", subject=name)


@transaction.atomic
def undo(request: HttpRequest, camera: Camera, token: str) -> str:
    """Take a change back, unless something was changed after it; returns a token that does it again.

    Raises:
        ConfigurationError: it is too late for that.
    """
    try:
        kind, camera_id, revision, before = signing.loads(token, salt=_SALT, max_age=UNDO_S)
    except (signing.BadSignature, ValueError):
        raise ConfigurationError("This change cannot be taken back any more.") from None
    if (camera_id, revision) != (camera.id, camera.revision):
        raise ConfigurationError(
            "Something was changed after it.", hint="Look at what is set now, and change it by hand."
        )
    if kind == "zones":
        return replace_zones(request, camera, before)
    return change_camera(request, camera, before)


def _check_all_seen(request: HttpRequest, profile: Profile) -> None:
    """Profiles may be shared by sites: nobody changes how cameras work that are hidden from them."""
    asks: Principal | None = getattr(request, "principal", None)
    if asks is None or profile.pk is None:
        return
    if profile.cameras.exclude(pk__in=visible_cameras(asks).values("pk")).exists():
        raise ConfigurationError(
            f"The profile {profile.name!r} is also used by cameras that are not yours to change.",
            hint="Make a copy of it for your cameras.",
        )


def _token(kind: str, camera: Camera, before: object) -> str:
    return signing.dumps((kind, camera.id, camera.revision, before), salt=_SALT, compress=True)


def _values(camera: Camera) -> dict[str, Any]:
    return {name: getattr(camera, name) for name in service.CAMERA_FIELDS} | {"profile": camera.profile.name}


def _zone(zone: Zone) -> dict[str, Any]:
    return {name: getattr(zone, name) for name in service.ZONE_FIELDS}
