"""What is installed here: the program, the libraries it rests on, the models in use."""

import functools
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from django.conf import settings
from django.db import connection
from django.db.models import Count

from vedette import __version__
from vedette.domain.errors import VedetteError
from vedette.models.store import ModelStore
from vedette.server.cameras.models import Profile

_PACKAGES = {
    "Django": "django",
    "PyAV": "av",
    "OpenCV": "opencv-python-headless",
    "ONNX Runtime": "onnxruntime",
    "OpenVINO": "openvino",
    "NumPy": "numpy",
    "ZeroMQ (pyzmq)": "pyzmq",
    "uvicorn": "uvicorn",
}


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model that profiles ask for.

    Attributes:
        version: first digits of the file's SHA-256; empty when there is no file.
        source: where the file comes from; empty when it is the user's own.
        problem: why it cannot be used, else empty.
    """

    name: str
    version: str
    source: str
    licence: str
    profiles: tuple[str, ...]
    cameras: int
    problem: str


def versions() -> dict[str, str]:
    """Names and versions, ours first."""
    system = {"Vedette": __version__, "Python": platform.python_version(), "Database": _database()}
    return (
        system | _libraries() | {"System": f"{platform.system()} {platform.release()} {platform.machine()}"}
    )


def models_in_use() -> list[ModelView]:
    """Every model that a profile with cameras asks for, and the default."""
    wanted: dict[str, list[tuple[str, int]]] = {settings.VEDETTE.detector.model: []}
    for profile in Profile.objects.annotate(used=Count("cameras")).filter(used__gt=0):
        wanted.setdefault(profile.model, []).append((profile.name, profile.used))
    return [_model(name, users) for name, users in wanted.items()]


def _model(name: str, users: list[tuple[str, int]]) -> ModelView:
    try:
        entry = _store().entries().get(name)
        found, problem = _store().locate(name).version, ""
    except VedetteError as error:
        found, problem = "", str(error)
        entry = None
    return ModelView(
        name=name,
        version=found,
        source=entry.url if entry else "",
        licence=entry.licence if entry else "",
        profiles=tuple(profile for profile, _ in users),
        cameras=sum(used for _, used in users),
        problem=problem,
    )


@functools.cache
def _store() -> ModelStore:
    """It remembers the hashes of files that have not changed."""
    return ModelStore(settings.VEDETTE.layout().models, settings.VEDETTE.models)


@functools.cache
def _libraries() -> dict[str, str]:
    found = {}
    for name, package in _PACKAGES.items():
        try:
            found[name] = version(package)
        except PackageNotFoundError:  # an extra
            continue
    return found | _ffmpeg()


def _ffmpeg() -> dict[str, str]:
    import av  # noqa: PLC0415  costs a moment that only this page needs

    libraries = ", ".join(f"{name} {'.'.join(map(str, of))}" for name, of in av.library_versions.items())
    return {"FFmpeg": av.ffmpeg_version_info, "FFmpeg libraries": libraries}


@functools.cache
def _database() -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return f"SQLite {cursor.execute('SELECT sqlite_version()').fetchone()[0]}"
        cursor.execute("SHOW server_version")
        return f"{connection.vendor.capitalize()} {cursor.fetchone()[0]}"
