"""The thread that arms by schedule, to the second, and lets a waiting OFF take effect."""

import threading
from datetime import datetime

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from vedette.server.alerts.arming import follow_schedules, settle

LOOK_S = 2.0
"""How long a change of a schedule by another process, or of the clock, may go unnoticed."""

_log = structlog.get_logger(__name__)


class ArmingGuard:
    """Follows the schedules; what was missed while it was not there is caught up with at the start."""

    def __init__(self) -> None:
        self._wake = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="arming", daemon=True)

    def start(self) -> None:
        """Begin; the first look is at once."""
        self._thread.start()

    def wake(self) -> None:
        """A schedule was changed."""
        self._wake.set()

    def close(self) -> None:
        """Stop."""
        self._stop = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop:
            pause_s = self._look()
            connection.close()
            self._wake.wait(pause_s)
            self._wake.clear()

    def _look(self) -> float:
        try:
            settle()
            edge = follow_schedules()
        except DatabaseError as error:
            _log.error("Schedules cannot be followed; they will be", error=str(error))
            return LOOK_S
        return pause_s(edge, timezone.now())


def pause_s(edge: datetime | None, now: datetime) -> float:
    """Until the next edge, but never longer than `LOOK_S`."""
    return LOOK_S if edge is None else min(max((edge - now).total_seconds(), 0.01), LOOK_S)
