"""Makes the exports that wait, one after the other, on a thread that is there only while there are any."""

import os
import threading
import time
from typing import TYPE_CHECKING

import structlog
from django.db import DatabaseError, connection

from vedette.domain.errors import VedetteError
from vedette.server.recordings import exports
from vedette.server.recordings.clips import open_clip
from vedette.server.recordings.models import Export

if TYPE_CHECKING:
    from vedette.recording.clips import ClipFile

TELL_S = 0.5
"""Progress is told, and a cancellation noticed, so often."""
SILENT_S = 15.0
"""An export whose maker has said nothing for so long is begun again: its process has died."""

_log = structlog.get_logger(__name__)


class Exporter:
    """Runs a thread when it is kicked and there is work; several kicks are as good as one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = False
        self._thread: threading.Thread | None = None

    def kick(self) -> None:
        """There may be work."""
        with self._lock:
            self._wanted = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="exports", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while self._goes_on():
            try:
                make_waiting()
            except DatabaseError as error:
                _log.error("Exports wait for the database", error=str(error))
            finally:
                connection.close()

    def _goes_on(self) -> bool:
        with self._lock:
            wanted, self._wanted = self._wanted, False
            if not wanted:
                self._thread = None
            return wanted


exporter = Exporter()


def make_waiting(silent_s: float = SILENT_S) -> int:
    """Make all exports that wait; returns how many.

    Raises:
        django.db.DatabaseError: the database does not answer; what was begun is begun again later.
    """
    made = 0
    while (export := exports.claim(silent_s)) is not None:
        make(export)
        made += 1
    return made


def make(export: Export) -> None:
    """Write the file of an export that was claimed."""
    try:
        _make(export)
    except (VedetteError, OSError) as error:
        words = (
            str(error.args[0]) if isinstance(error, VedetteError) else f"The disk refuses: {error.strerror}."
        )
        _log.warning("An export has failed", export=str(export.pk), camera=export.camera, error=words)
        exports.fail(export, words)
    finally:
        exports.part_of(export).unlink(missing_ok=True)


def _make(export: Export) -> None:
    clip = open_clip(export.camera, export.start, export.end)
    exports.check_place(clip.size_bytes, besides=export.pk)
    if not _write(export, clip):
        return
    exports.part_of(export).replace(exports.file_of(export))
    left_out = len(clip.omitted)
    message = f"{left_out} parts could not be read and are left out." if left_out else ""
    if not exports.finish(export, clip.size_bytes, clip.duration_s, message):
        exports.file_of(export).unlink(missing_ok=True)


def _write(export: Export, clip: "ClipFile") -> bool:
    """Write all of it durably; False when nobody wants it any more."""
    told_s, written = 0.0, 0
    with exports.part_of(export).open("wb") as file:
        for block in clip.read():
            if time.monotonic() - told_s > TELL_S:
                told_s = time.monotonic()
                if not exports.still_wanted(export, written / clip.size_bytes):
                    return False
            written += file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return True
