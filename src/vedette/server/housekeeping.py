"""Periodic work of the server: retention of recordings and events."""

import threading
from typing import Any

import structlog
from django.db import DatabaseError, connection

from vedette.domain.errors import VedetteError
from vedette.server.events.retention import remove_old_events
from vedette.server.recordings.retention import keep_limits
from vedette.server.runtime import Runtime
from vedette.settings import Settings

_log = structlog.get_logger(__name__)


class Housekeeper:
    """A thread that tidies up every so often; what fails is logged, counted, and tried again next time."""

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self._settings = settings
        self._runtime = runtime
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        """Begin; the first round runs at once."""
        self._thread.start()

    def close(self) -> None:
        """Finish the round that runs and stop."""
        self._stop.set()
        self._thread.join()

    def round(self) -> None:
        """Do everything once."""
        retention, home = self._settings.retention, self._settings.layout()
        self._attempt("recordings", keep_limits, retention, home.recordings, self._runtime)
        self._attempt("events", remove_old_events, retention.event_max_age_days, home.snapshots)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.round()
            connection.close()
            self._stop.wait(self._settings.retention.every_s)

    def _attempt(self, what: str, work: Any, *arguments: Any) -> None:
        try:
            work(*arguments)
        except (DatabaseError, OSError, VedetteError) as error:
            self._runtime.counters["housekeeping_errors"] += 1
            _log.error("Housekeeping failed", of=what, error=str(error))
            connection.close()
