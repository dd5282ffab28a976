"""Cameras, zones and profiles as one YAML text: export and idempotent apply with a diff.

Passwords are never exported. A camera in the text may have `password`, `password_env` (name of an
environment variable) or `password_file` (path); without any the stored password stays. Fields that are left
out keep their value; `zones`, where given, are all the zones of the camera. Nothing is removed that is only
absent, unless `prune` is asked for.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from vedette.domain.errors import ConfigurationError
from vedette.server.cameras import service
from vedette.server.cameras.models import Camera, Profile, Zone
from vedette.server.cameras.specs import vault

Document = dict[str, dict[str, dict[str, Any]]]
"""`profiles` and `cameras`, by name and id, as plain values."""

_PASSWORD_KEYS = ("password", "password_env", "password_file")
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Diff:
    """What applying changes: lines that begin with `+` (added), `-` (removed) or `~` (changed)."""

    lines: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.lines)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def export_config() -> str:
    """Everything but passwords, in an order that does not change by itself."""
    return yaml.safe_dump(_document(), sort_keys=False, allow_unicode=True, width=100)


def apply_config(text: str, *, dry_run: bool = False, prune: bool = False) -> Diff:
    """Bring the database to what the text says, in one transaction.

    Args:
        text: as `export_config` writes it.
        dry_run: check everything and tell the changes, but make none.
        prune: remove cameras and profiles that are not in the text.

    Raises:
        ConfigurationError: the text cannot be used; nothing has changed then.
    """
    wanted = _parse(text)
    with transaction.atomic():
        before = _document()
        passwords = _apply(wanted)
        if prune:
            _prune(wanted)
        lines = tuple(_compare(before, _document(), passwords))
        transaction.set_rollback(dry_run)
    return Diff(lines)


def _document() -> Document:
    Profile.default()
    cameras = {camera.id: _camera_document(camera) for camera in service.list_cameras()}
    profiles = {row.name: _fields(row, service.PROFILE_FIELDS, "name") for row in Profile.objects.all()}
    return {"profiles": profiles, "cameras": cameras}


def _camera_document(camera: Camera) -> dict[str, Any]:
    fields = _fields(camera, service.CAMERA_FIELDS) | {"profile": camera.profile.name}
    zones = {zone.name: _fields(zone, service.ZONE_FIELDS, "name") for zone in camera.zones.all()}
    return fields | {"zones": zones}


def _fields(row: Camera | Profile | Zone, names: tuple[str, ...], *without: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names if name not in without}


def _parse(text: str) -> Document:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"This is not valid YAML: {error}") from None
    document = _mapping("The configuration", found)
    if unknown := document.keys() - {"profiles", "cameras"}:
        raise ConfigurationError(f"{min(unknown)!r} is not known here.", hint="Known: profiles, cameras.")
    return {part: _mappings(part, rows) for part, rows in document.items()}


def _mappings(what: str, value: object) -> dict[str, dict[str, Any]]:
    return {name: _mapping(f"{what}: {name}", fields) for name, fields in _mapping(what, value).items()}


def _mapping(what: str, value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError(f"{what} must hold names and values.")
    return {str(name): inner for name, inner in value.items()}


def _apply(wanted: Document) -> set[str]:
    """Make the rows; returns the ids of cameras whose password changes."""
    for name, fields in wanted.get("profiles", {}).items():
        with _place(f"profiles: {name}"):
            profile = Profile.objects.filter(name=name).first() or Profile(name=name)
            _apply_changed(profile, fields)
    cameras = wanted.get("cameras", {}).items()
    return {camera for camera, fields in cameras if _apply_camera(camera, dict(fields))}


def _apply_changed(row: Profile, fields: Mapping[str, Any]) -> None:
    if row.pk is None or any(getattr(row, name, _ABSENT) != value for name, value in fields.items()):
        service.change_profile(row, fields)


def _apply_camera(camera_id: str, fields: dict[str, Any]) -> bool:
    with _place(f"cameras: {camera_id}"):
        zones = fields.pop("zones", None)
        password = _password(fields)
        camera = Camera.objects.select_related("profile").filter(pk=camera_id).first()
        if camera is None:
            camera = _add(camera_id, fields, password)
            had = ""
        else:
            had = camera.password_encrypted
            _change(camera, fields, password)
        if zones is not None:
            _apply_zones(camera, _mappings("zones", zones))
        return camera.password_encrypted != had


def _add(camera_id: str, fields: dict[str, Any], password: str | None) -> Camera:
    name, url = fields.pop("name", camera_id), fields.pop("main_url", "")
    if unknown := fields.keys() - {*service.CAMERA_FIELDS, "profile"}:
        raise ConfigurationError(f"A camera has no field {min(unknown)!r}.")
    return service.add_camera(name, url, camera_id=camera_id, password=password, **fields)


def _change(camera: Camera, fields: dict[str, Any], password: str | None) -> None:
    """Save only what differs: an apply without changes must not move the configuration's number."""
    split = service.without_credentials({**fields, "password": password})
    given = split.pop("password", None)
    if given is not None and given != vault().decrypt(camera.password_encrypted):
        split["password"] = given
    profile = split.get("profile", camera.profile.name)
    others = {name: value for name, value in split.items() if name != "profile"}
    if profile != camera.profile.name or any(
        getattr(camera, name, _ABSENT) != value for name, value in others.items()
    ):
        service.change_camera(camera, split)


def _apply_zones(camera: Camera, zones: Mapping[str, dict[str, Any]]) -> None:
    had = {
        zone.name: _fields(zone, service.ZONE_FIELDS, "name") for zone in Zone.objects.filter(camera=camera)
    }
    wanted = {name: had.get(name, {}) | fields for name, fields in zones.items()}
    if wanted != had:
        service.replace_zones(camera, [{**fields, "name": name} for name, fields in wanted.items()])


def _prune(wanted: Document) -> None:
    for camera in Camera.objects.exclude(pk__in=list(wanted.get("cameras", {}))):
        camera.delete()
    for profile in Profile.objects.exclude(name__in=[*wanted.get("profiles", {}), "default"]):
        service.remove_profile(profile)


def _password(fields: dict[str, Any]) -> str | None:
    """The password that the text gives, directly or by reference."""
    given = {key: fields.pop(key) for key in _PASSWORD_KEYS if fields.get(key) is not None}
    if len(given) > 1:
        raise ConfigurationError(f"Give only one of {', '.join(given)}.")
    if "password_env" in given:
        value = os.environ.get(str(given["password_env"]))
        if value is None:
            raise ConfigurationError(f"The environment variable {given['password_env']} is not set.")
        return value
    if "password_file" in given:
        try:
            return Path(str(given["password_file"])).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"The password file cannot be read: {error}.") from None
    return str(given["password"]) if given else None


@contextmanager
def _place(where: str) -> Iterator[None]:
    """Say in an error which part of the text is meant."""
    try:
        yield
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error.args[0]}", hint=error.hint) from None


def _compare(before: Document, after: Document, passwords: set[str]) -> Iterator[str]:
    for part, word in (("profiles", "profile"), ("cameras", "camera")):
        old, new = before[part], after[part]
        yield from (f"- {word} {name}" for name in old if name not in new)
        for name, fields in new.items():
            if name not in old:
                yield f"+ {word} {name}"
                continue
            yield from (f"~ {word} {name}: {change}" for change in _changes(old[name], fields))
            if word == "camera" and name in passwords:
                yield f"~ camera {name}: password ***"


def _changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for field, value in new.items():
        if field == "zones":
            yield from _zone_changes(old[field], value)
        elif old[field] != value:
            yield f"{field} {old[field]!r} -> {value!r}"


def _zone_changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    yield from (f"zone {name} removed" for name in old if name not in new)
    for name, fields in new.items():
        if name not in old:
            yield f"zone {name} added"
        else:
            yield from (f"zone {name} {change}" for change in _changes(old[name], fields))
