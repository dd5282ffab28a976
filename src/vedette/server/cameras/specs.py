"""From rows to the values that workers run; a row that cannot be run costs its own camera and no other."""

import msgspec
import structlog
from django.core.exceptions import ObjectDoesNotExist

from vedette.domain import camera as domain
from vedette.domain.camera import CameraSpec, RecordingMode, RecordingSpec, Secret, StreamSpec, Transport
from vedette.domain.errors import ConfigurationError
from vedette.server.cameras.models import Camera, Profile, Zone
from vedette.server.secrets import SecretError, Vault, home_vault

_log = structlog.get_logger(__name__)


def vault() -> Vault:
    """The vault of this home."""
    return home_vault()


_BROKEN = (AttributeError, KeyError, ObjectDoesNotExist, TypeError, ValueError, msgspec.ValidationError)
"""What rows raise that nobody checked: edited by hand, restored from elsewhere, or of another version."""


def camera_specs() -> list[CameraSpec]:
    """Every camera as a worker runs it, with its password; disabled ones included, broken ones left out."""
    rows = Camera.objects.select_related("profile").prefetch_related("zones")
    box = vault()
    return [spec for row in rows if (spec := _spec_or_none(row, box)) is not None]


def trouble(row: Camera) -> str:
    """Why this camera's settings cannot be run, in words; empty when they can."""
    box = vault()
    try:
        _checked(row, box)
        box.decrypt(row.password_encrypted)
    except SecretError as error:
        return str(error)
    except _BROKEN as error:
        return f"Its stored settings cannot be used: {error or type(error).__name__}. Other cameras run."
    return ""


def _spec_or_none(row: Camera, box: Vault) -> CameraSpec | None:
    try:
        return _checked(row, box)
    except _BROKEN as error:
        _log.error("A camera's settings cannot be used; it is left out", camera=row.id, error=str(error))
        return None


def _checked(row: Camera, box: Vault) -> CameraSpec:
    """The spec, with every value of the type that the worker will read."""
    spec = camera_spec(row, box)
    msgspec.convert(msgspec.to_builtins(spec), CameraSpec)
    return spec


def camera_spec(row: Camera, box: Vault) -> CameraSpec:
    """One camera; an unreadable password costs a log line and leaves the camera without."""
    password = _password(row, box)
    return CameraSpec(
        id=row.id,
        name=row.name,
        main=_stream(row, row.main_url, password),
        sub=_stream(row, row.sub_url, password) if row.sub_url else None,
        enabled=row.enabled,
        analyse=row.analyse,
        profile=profile_spec(row.profile),
        zones=tuple(zone_spec(zone) for zone in row.zones.all()),
        recording=_recording(row),
        revision=row.revision,
    )


def _password(row: Camera, box: Vault) -> Secret:
    try:
        return Secret(box.reveal(row.password_encrypted))
    except (SecretError, ConfigurationError) as error:
        _log.error("A camera's password cannot be read", camera=row.id, error=str(error))
        return Secret()


def _stream(row: Camera, url: str, password: Secret) -> StreamSpec:
    return StreamSpec(
        url=url, username=row.username, password=password, transport=Transport(row.transport), loop=row.loop
    )


def _recording(row: Camera) -> RecordingSpec:
    return RecordingSpec(
        mode=RecordingMode(row.recording_mode),
        pre_roll_s=row.pre_roll_s,
        post_roll_s=row.post_roll_s,
        max_age_days=row.max_age_days,
        max_size_bytes=row.max_size_bytes,
    )


def zone_spec(row: Zone) -> domain.Zone:
    """A zone as the tracker knows it."""
    return domain.Zone(
        name=row.name,
        polygon=tuple((float(x), float(y)) for x, y in row.polygon),
        labels=tuple(row.labels),
        min_dwell_s=row.min_dwell_s,
        kind="exclude" if row.kind == "exclude" else "include",
    )


def profile_spec(row: Profile) -> domain.Profile:
    """A profile as the pipeline knows it."""
    return domain.Profile(
        name=row.name,
        model=row.model,
        labels=tuple(row.labels),
        min_score=row.min_score,
        label_scores={label: float(score) for label, score in row.label_scores.items()},
        min_hits=row.min_hits,
        rate_fps=row.rate_fps,
        skip_min=row.skip_min,
        skip_max=row.skip_max,
        quiet_after_s=row.quiet_after_s,
        lost_after_s=row.lost_after_s,
        recheck_s=row.recheck_s,
        motion_events=row.motion_events,
        motion_min_area=row.motion_min_area,
    )
