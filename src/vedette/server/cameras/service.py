"""Adding, changing and removing cameras; every way in (REST, admin, command line, YAML) ends here."""

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from vedette.domain.errors import ConfigurationError
from vedette.domain.ids import camera_id_from
from vedette.server.accounts.models import Site
from vedette.server.cameras import limits
from vedette.server.cameras.addresses import Address, split_address
from vedette.server.cameras.models import Camera, Profile, Zone
from vedette.server.cameras.specs import vault

CAMERA_FIELDS = (
    "name", "enabled", "analyse", "main_url", "sub_url", "username", "transport", "loop", "recording_mode",
    "pre_roll_s", "post_roll_s", "max_age_days", "max_size_bytes",
)  # fmt: skip
PROFILE_FIELDS = (
    "name", "model", "labels", "min_score", "label_scores", "min_hits", "rate_fps", "skip_min", "skip_max",
    "quiet_after_s", "lost_after_s", "recheck_s", "motion_events", "motion_min_area",
)  # fmt: skip
ZONE_FIELDS = ("name", "polygon", "labels", "min_dwell_s", "kind", "colour")
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{2,40}")
_STREAM_WORDS = frozenset({"live", "stream", "video", "main", "media", "cam", "camera", "unicast", "onvif"})
"""Paths of a camera that are no names."""


@transaction.atomic
def add_camera(
    name: str,
    url: str,
    *,
    camera_id: str | None = None,
    password: str | None = None,
    site: int | None = None,
    **fields: Any,
) -> Camera:
    """Store a new camera.

    Args:
        name: for people; without `camera_id` the id is made from it (and numbered when taken).
        url: main stream; credentials in it are taken out.
        camera_id: see `domain.ids.CAMERA_ID`.
        password: wins over one in the URL.
        site: the key of the site it belongs to; the default site without.
        fields: any of `CAMERA_FIELDS`, and `profile` (a name).

    Raises:
        ConfigurationError: the id is taken, or a value cannot be used.
    """
    if camera_id is not None and Camera.objects.filter(pk=camera_id).exists():
        raise ConfigurationError(f"There is a camera {camera_id!r} already.", hint="Choose another id.")
    camera_id = _free_id(name) if camera_id is None else camera_id
    belongs = Site.default().pk if site is None else site
    camera = Camera(id=camera_id, site_id=belongs, profile=Profile.default())
    change_camera(camera, {**fields, "name": name, "main_url": url, "password": password})
    return camera


def change_camera(camera: Camera, changes: Mapping[str, Any]) -> None:
    """Set fields and save.

    A password or user name of None keeps what is stored (or what the URL holds); an empty one removes it.

    Raises:
        ConfigurationError: a value cannot be used; nothing is stored then.
    """
    fields = without_credentials(changes)
    password, profile = fields.pop("password", None), fields.pop("profile", None)
    if unknown := fields.keys() - set(CAMERA_FIELDS):
        raise ConfigurationError(f"A camera has no field {min(unknown)!r}.")
    for field, value in fields.items():
        setattr(camera, field, value)
    if profile is not None:
        camera.profile = find_profile(profile)
    if password is not None:
        set_password(camera, password)
    save(camera)


def without_credentials(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes with the credentials of the URLs moved to where they belong; given ones win."""
    fields = dict(changes)
    username, password = fields.pop("username", None), fields.pop("password", None)
    for field in ("main_url", "sub_url"):
        if fields.get(field) in (None, ""):
            continue
        address = _address(field, fields[field])
        fields[field] = address.url
        username = username if username is not None else address.username or None
        password = password if password is not None else address.password or None
    found = {"username": username, "password": password}
    return fields | {name: value for name, value in found.items() if value is not None}


def set_password(camera: Camera, password: str) -> None:
    """Encrypt and set it; the caller saves."""
    if len(password) > 1024:
        raise ConfigurationError("A password has at most 1024 characters.")
    camera.password_encrypted = vault().encrypt(password)


@transaction.atomic
def save(row: Camera | Profile | Zone) -> None:
    """Check every bound and store.

    Raises:
        ConfigurationError: naming each field that is wrong.
    """
    try:
        _check_numbers(row)
        row.full_clean()
    except ValidationError as error:
        raise invalid(row, error) from None
    row.save()


def _check_numbers(row: models.Model) -> None:
    """Not a number is in no bounds and breaks none; the database takes it for NULL."""
    for name, value in vars(row).items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ValidationError({name: "It must be a finite number."})


def invalid(row: models.Model, error: ValidationError) -> ConfigurationError:
    """A validation error as one sentence for people."""
    problems = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    text = "; ".join(f"{field}: {' '.join(messages)}" for field, messages in problems.items())
    return ConfigurationError(
        f"This {type(row).__name__.lower()} cannot be used: {text.replace('__all__: ', '')}"
    )


def find_profile(name: str) -> Profile:
    """The profile of this name.

    Raises:
        ConfigurationError: there is none.
    """
    profile = Profile.objects.filter(name=name).first()
    if profile is None:
        names = ", ".join(Profile.objects.values_list("name", flat=True)) or "none yet"
        raise ConfigurationError(f"There is no profile {name!r}.", hint=f"Profiles: {names}.")
    return profile


def remove_camera(camera_id: str) -> None:
    """Remove a camera; its recordings and events stay until retention takes them.

    Raises:
        ConfigurationError: there is no such camera.
    """
    if not Camera.objects.filter(pk=camera_id).delete()[0]:
        raise ConfigurationError(f"There is no camera {camera_id!r}.", hint="See `vedette camera list`.")


def list_cameras() -> list[Camera]:
    """All cameras by id, with profile and zones."""
    return list(Camera.objects.select_related("profile").prefetch_related("zones"))


@transaction.atomic
def ensure_sources(sources: Iterable[str], *, loop: bool = False) -> list[str]:
    """Make a camera for each address or path, or reuse the one that has it; returns their ids.

    `loop` lets the footage of new cameras begin again when it ends.
    """
    return [_ensure_source(source, loop=loop) for source in sources]


def _ensure_source(source: str, *, loop: bool) -> str:
    address = _address("source", source)
    known = Camera.objects.filter(main_url=address.url).first()
    if known is None:
        return add_camera(_free_name(_name_of(address)), source, loop=loop).id
    if not known.enabled or (
        address.password and vault().decrypt(known.password_encrypted) != address.password
    ):
        change_camera(known, {"enabled": True, "main_url": source})
    return known.id


def _address(field: str, text: object) -> Address:
    if not isinstance(text, str):
        raise ConfigurationError(f"{field}: an address is a text.")
    try:
        return split_address(text)
    except ValidationError as error:
        raise ConfigurationError(f"{field}: {' '.join(error.messages)}") from None


def _name_of(address: Address) -> str:
    """A readable name: the word a restreamer calls it by or else the host of a stream, the stem of a file."""
    scheme, found, rest = address.url.partition("://")
    if address.url.startswith("scene:"):
        return address.url.removeprefix("scene:").partition("?")[0] or "scene"
    if not found:
        return Path(address.url).stem or "camera"
    if scheme in {"file", "v4l2"}:
        return Path(rest).stem or scheme
    host, _, path = rest.partition("/")
    if _WORD.fullmatch(path) and path.lower() not in _STREAM_WORDS:
        return path.replace("_", " ").replace("-", " ").capitalize()
    return host.replace(":", " ")[:100]


def _free_name(name: str) -> str:
    taken = set(Camera.objects.filter(name__startswith=name).values_list("name", flat=True))
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(free for free in numbered if free not in taken)


def _free_id(name: str) -> str:
    wanted = camera_id_from(name)
    taken = set(Camera.objects.filter(id__startswith=wanted[:58]).values_list("id", flat=True))
    numbered = (f"{wanted[:58]}-{number}" for number in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(name for name in numbered if name not in taken)


def change_zone(zone: Zone, fields: Mapping[str, Any]) -> Zone:
    """Set a zone's fields and save it.

    Raises:
        ConfigurationError: a value cannot be used.
    """
    _set(zone, fields, ZONE_FIELDS)
    return zone


def change_profile(profile: Profile, fields: Mapping[str, Any]) -> Profile:
    """Set a profile's fields and save it.

    Raises:
        ConfigurationError: a value cannot be used.
    """
    _set(profile, fields, PROFILE_FIELDS)
    return profile


def _set(row: Zone | Profile, fields: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if unknown := fields.keys() - set(known):
        raise ConfigurationError(f"A {type(row).__name__.lower()} has no field {min(unknown)!r}.")
    for field, value in fields.items():
        setattr(row, field, value)
    save(row)


@transaction.atomic
def replace_zones(camera: Camera, zones: Iterable[Mapping[str, Any]]) -> None:
    """Make these the zones of the camera.

    Raises:
        ConfigurationError: a zone cannot be used; nothing has changed then.
    """
    wanted = {str(zone["name"]): zone for zone in zones}
    if len(wanted) > limits.MAX_ZONES:
        raise ConfigurationError(f"A camera has at most {limits.MAX_ZONES} zones.")
    for zone in Zone.objects.filter(camera=camera).exclude(name__in=list(wanted)):
        zone.delete()
    had = {zone.name: zone for zone in Zone.objects.filter(camera=camera)}
    for name, fields in wanted.items():
        change_zone(had.get(name) or Zone(camera=camera), fields)


def remove_profile(profile: Profile) -> None:
    """Remove a profile.

    Raises:
        ConfigurationError: cameras use it.
    """
    if count := profile.cameras.count():
        cameras = "a camera" if count == 1 else f"{count} cameras"
        raise ConfigurationError(
            f"The profile {profile.name!r} is used by {cameras}.", hint="Give them another first."
        )
    profile.delete()
