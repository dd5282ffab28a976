"""Monitoring (promise P5): a thread that compares what should be with what is, and keeps the incidents."""

import threading
import time
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from vedette.server.nodes.history import STEP_S, History
from vedette.server.nodes.incidents import announce_lasting, close_incident, open_incident, send_missed
from vedette.server.nodes.kinds import KINDS, kind_of
from vedette.server.nodes.look import look, own_processes, wanted_cameras
from vedette.server.nodes.models import Incident
from vedette.server.nodes.probes import probed
from vedette.server.nodes.rules import findings, out_of_sight
from vedette.server.nodes.series import Sampler
from vedette.server.nodes.situation import Finding, Situation, Wanted
from vedette.server.nodes.trends import Trends
from vedette.server.nodes.watch import Key, Stretch, Watch
from vedette.server.runtime import Runtime

TICK_S = 1.0
ROWS_S = 5.0
"""What others may have changed in the database is looked at so often."""

FRESH_S = 30.0
"""A monitor whose last complete round is older than this watches nothing any more."""

RENEW_S = 60.0
"""The words of an open incident are brought up to date so often at most."""

OWN = frozenset(KINDS) - {"job"}
"""Kinds that are opened and closed here alone."""

_log = structlog.get_logger(__name__)


class Monitor:
    """Looks once a second; what the database refuses is tried again the next time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._watch = Watch()
        self._trends = Trends()
        self._cameras: tuple[Wanted, ...] = ()
        self._revision = -1
        self._rows_s = -ROWS_S
        self._sampler = Sampler()
        self._sampled_s = -float(STEP_S)
        self.history = History()
        self._stored: dict[Key, tuple[str, float]] | None = None
        self._well_s = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Finish the round that runs and stop."""
        self._stop.set()
        self._thread.join()

    @property
    def age_s(self) -> float:
        """How long ago the last complete round ended, database included."""
        return time.monotonic() - self._well_s

    @property
    def fresh(self) -> bool:
        """Whether it still watches."""
        return self.age_s < FRESH_S

    @property
    def incidents(self) -> int:
        """How many are open."""
        return len(self._watch.open)

    def tick(self) -> None:
        """One round."""
        try:
            self._read_rows()
            self._look()
            self._keep()
        except DatabaseError as error:
            self._database_failed(error)
            connection.close()
        else:
            self._runtime.alerts.pop("database", None)
            self._well_s = time.monotonic()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.tick()
            except Exception as error:  # noqa: BLE001  whatever one round does, the next one is needed
                self._runtime.counters["monitor_errors"] += 1
                _log.error("A round of monitoring failed", error=str(error), exc_info=True)
            self._stop.wait(TICK_S)
        connection.close()

    def _read_rows(self) -> None:
        if self._stored is None:
            self._resume()
        revision = self._runtime.hub.revision if self._runtime.hub else 0
        if revision != self._revision or time.monotonic() - self._rows_s >= ROWS_S:
            self._cameras = wanted_cameras()
            announce_lasting()
            self._revision, self._rows_s = revision, time.monotonic()

    def _resume(self) -> None:
        """Take up the incidents of the process before; tell what it could not tell any more."""
        rows = list(Incident.objects.filter(closed=None, kind__in=OWN))
        known = [Finding(row.kind, row.subject, row.message, row.camera, row.node) for row in rows]
        self._watch.resume(known, time.monotonic())
        self._stored = {finding.key: (finding.message, time.monotonic()) for finding in known}
        send_missed()

    def _look(self) -> None:
        now = look(self._runtime, self._cameras)
        self._measure(now)
        found = [*findings(now), *self._trends.findings(now, time.time()), *probed(self._runtime)]
        self._watch.update(found, now.now_s, *out_of_sight(now))

    def _measure(self, now: Situation) -> None:
        if now.now_s - self._sampled_s >= STEP_S:
            self._sampled_s = now.now_s
            own = own_processes(now.supervisor)
            self.history.add(timezone.now(), self._sampler.take(now, own, self._runtime.live.readers))

    def _keep(self) -> None:
        """Bring the rows in line with what is an incident now."""
        stored, lasting = self._stored or {}, self._watch.open
        for key, stretch in lasting.items():
            if key not in stored or self._to_be_renewed(stretch, *stored[key]):
                _open(stretch)
                stored[key] = (stretch.finding.message, time.monotonic())
        for key in [key for key in stored if key not in lasting]:
            close_incident(*key)
            del stored[key]
        self._stored = stored

    def _to_be_renewed(self, stretch: Stretch, message: str, written_s: float) -> bool:
        return stretch.finding.message != message and time.monotonic() - written_s >= RENEW_S

    def _database_failed(self, error: DatabaseError) -> None:
        """Remember it until there is a database to note it in."""
        self._runtime.counters["database_errors"] += 1
        if self._runtime.alerts.get("database") is None:
            _log.error("Monitoring waits for the database", error=str(error))
        self._runtime.alerts["database"] = "The database does not answer."
        now = look(self._runtime, self._cameras)
        self._measure(now)
        self._watch.update(findings(now), now.now_s, *out_of_sight(now))


def _open(stretch: Stretch) -> None:
    finding = stretch.finding
    open_incident(
        finding.kind,
        finding.subject,
        finding.message,
        camera=finding.camera,
        node=finding.node,
        severity=kind_of(finding.kind).severity,
        now=_utc(stretch.since_s),
    )


def _utc(moment_s: float) -> datetime:
    """A moment of the monotonic clock as a time of day."""
    return timezone.now() - timedelta(seconds=time.monotonic() - moment_s)
