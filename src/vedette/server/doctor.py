"""What could keep Vedette from working on this machine, in words, with what to do."""

import os
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography import x509
from django.db import DatabaseError

from vedette.bus.lock import FileLock, LockedError
from vedette.domain.errors import ModelError, VedetteError
from vedette.settings import Settings

LEAST_FREE_BYTES = 2 * 1000**3
LEAST_FREE_SHARE = 0.03
RENEW_DAYS = 14
STALE_DAYS = 3
_MADE = datetime(2026, 1, 1, tzinfo=UTC)

State = Literal["well", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: what.
        state: `note` is worth knowing, `problem` keeps something from working.
        words: how it is.
        hint: what to do.
    """

    subject: str
    state: State
    words: str
    hint: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything; what fails to be looked at is a finding too."""
    for subject, look in _LOOKS.items():
        try:
            yield from (Finding(subject, *found) for found in look(settings))
        except VedetteError as error:
            yield Finding(subject, "problem", str(error.args[0]), error.hint)
        except OSError as error:
            yield Finding(subject, "problem", f"{error.filename or subject}: {error.strerror or error}.")
        except DatabaseError as error:
            yield Finding(subject, "problem", f"{error}.", "Restore a backup: `vedette restore`.")


Found = Iterator[tuple[State, str] | tuple[State, str, str]]


def _home(settings: Settings) -> Found:
    home = settings.layout().prepare()
    yield "well", f"{home.path} can be written."
    if home.path.stat().st_uid != os.geteuid():
        yield "note", "It belongs to another user.", "Run this as the user that Vedette runs as."
    private = [home.secrets, *home.secrets.iterdir(), home.database, home.settings_file]
    for path in (path for path in private if path.exists() and _others_may_read(path)):
        yield "problem", f"Others may read {path}.", f"chmod go= {path}"


def _others_may_read(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _disk(settings: Settings) -> Found:
    home = settings.layout()
    seen = set()
    for path in (home.path, home.recordings.resolve()):
        if not path.exists() or path.stat().st_dev in seen:
            continue
        seen.add(path.stat().st_dev)
        usage = shutil.disk_usage(path)
        words = f"{usage.free / 1e9:.1f} of {usage.total / 1e9:.1f} GB are free at {path}."
        if usage.free < min(LEAST_FREE_BYTES, usage.total * LEAST_FREE_SHARE):
            yield "problem", words, "Make room, or lower retention.max_disk_share."
        else:
            yield "well", words


def _database(settings: Settings) -> Found:
    from vedette.server import forms  # noqa: PLC0415  needs Django
    from vedette.server.backup.sqlite import check_database  # noqa: PLC0415

    newest = forms.is_newest()
    if settings.reveal("database_url"):
        yield "well", "Postgres answers."
    else:
        check_database(settings.layout().database)
        yield "well", "The SQLite file is sound."
    if not newest and not forms.is_empty():
        yield "note", "It will be brought to a newer form at the next start; a copy is made before."


def _keys(_: Settings) -> Found:
    from vedette.server.forms import is_newest  # noqa: PLC0415  needs Django
    from vedette.server.keys import check_keys  # noqa: PLC0415

    if not is_newest():
        yield "note", "They are looked at when the database has its newest form."
    elif words := check_keys():
        yield "problem", words
    else:
        yield "well", "All stored secrets can be opened."


def _address(settings: Settings) -> Found:
    from vedette.server.hosts import is_loopback  # noqa: PLC0415

    try:
        FileLock(settings.layout().lock_file).acquire().release()
    except LockedError as locked:
        yield "well", f"Vedette runs as process {locked.pid}."
    else:
        with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
        yield "well", f"{settings.host}:{settings.port} is free."
    if not (settings.https or settings.trusted_proxies or is_loopback(settings.host)):
        yield "problem", "The network can read passwords and pictures: there is no HTTPS.", "See --tls-cert."


def _certificate(settings: Settings) -> Found:
    from vedette.server.edge.certificate import context_of  # noqa: PLC0415

    if settings.tls_cert is None or context_of(settings) is None:
        return
    found = x509.load_pem_x509_certificate(settings.tls_cert.read_bytes())
    left = found.not_valid_after_utc - datetime.now(UTC)
    words = f"It is valid until {found.not_valid_after_utc:%Y-%m-%d}."
    yield ("well", words) if left.days >= RENEW_DAYS else ("problem", words, "Renew it.")


def _model(settings: Settings) -> Found:
    from vedette.models.store import ModelStore  # noqa: PLC0415

    name = settings.detector.model
    try:
        found = ModelStore(settings.layout().models, settings.models).locate(name)
    except ModelError as error:
        yield (
            "note",
            str(error.args[0]),
            f"`vedette run` downloads it, and so does `vedette models pull {name}`.",
        )
    else:
        yield "well", f"{name} is there: {found.path}."


def _libraries(_: Settings) -> Found:
    import av  # noqa: PLC0415  costs time
    import cv2  # noqa: PLC0415
    import onnxruntime  # noqa: PLC0415

    missing = [name for name in ("h264", "hevc", "mjpeg", "aac") if name not in av.codecs_available]
    if missing:
        yield "problem", f"FFmpeg has no decoder for {', '.join(missing)}.", "Install PyAV from its wheel."
    version = ".".join(map(str, av.library_versions["libavcodec"]))
    yield "well", f"libavcodec {version}, OpenCV {cv2.__version__}, ONNX Runtime {onnxruntime.__version__}."


def _clock(_: Settings) -> Found:
    if time.time() < _MADE.timestamp():
        yield "problem", f"It says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.", "Set the clock; use NTP."
        return
    said = _timedatectl()
    if said == "no":
        yield "note", "It is not synchronised.", "Switch NTP on: recordings of several cameras must agree."
    else:
        yield "well", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC{', synchronised' if said == 'yes' else ''}."


def _timedatectl() -> str:
    try:
        command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _backups(settings: Settings) -> Found:
    from vedette.server.backup.create import ENDING  # noqa: PLC0415  needs Django
    from vedette.server.backup.keep import backup_folder  # noqa: PLC0415

    folder = backup_folder(settings)
    made = [path.stat().st_mtime for path in folder.glob(f"*{ENDING}")] if folder.is_dir() else []
    if not made:
        yield "note", "There is none yet.", "`vedette backup` makes one; a running Vedette makes one a day."
        return
    days = (time.time() - max(made)) / 86400
    words = f"{len(made)} in {folder}, the newest {days:.0f} days old."
    yield ("well", words) if days < STALE_DAYS else ("note", words, "Does Vedette run?")
    if folder.stat().st_dev == settings.layout().path.stat().st_dev:
        yield "note", "They lie on the disk that they should save from.", "Set backup.folder to another."


_LOOKS: dict[str, Callable[[Settings], Found]] = {
    "home": _home,
    "disk": _disk,
    "database": _database,
    "keys": _keys,
    "address": _address,
    "certificate": _certificate,
    "model": _model,
    "libraries": _libraries,
    "clock": _clock,
    "backups": _backups,
}
