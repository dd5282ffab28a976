"""The monitor with a real hub and a real database: rows, signals, restarts, trouble."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone
from pydantic import SecretStr

from tests.integration.server.worker import Worker
from tests.support.http import HttpFault, HttpServer, Resource
from tests.support.processes import wait_until
from vedette.domain.errors import VedetteError
from vedette.node.home import Home
from vedette.server.cameras.service import add_camera
from vedette.server.hub import Hub
from vedette.server.live import Live
from vedette.server.nodes import incidents, jobs, monitor, probes
from vedette.server.nodes.incidents import (
    AGAIN,
    announce_lasting,
    close_incident,
    closed,
    open_incident,
    opened,
    send_missed,
)
from vedette.server.nodes.models import Figures, Incident
from vedette.server.nodes.monitor import Monitor
from vedette.server.nodes.situation import Finding
from vedette.server.runtime import Runtime
from vedette.server.runtime import runtime as the_runtime

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told() -> Iterator[list[str]]:
    """What the signals said: `+subject` and `-subject`."""
    said: list[str] = []

    def begin(incident: Incident, **_: Any) -> None:
        said.append(f"+{incident.subject}")

    def end(incident: Incident, **_: Any) -> None:
        said.append(f"-{incident.subject}")

    opened.connect(begin)
    closed.connect(end)
    yield said
    opened.disconnect(begin)
    closed.disconnect(end)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A hub for one worker, long after its start."""
    runtime = Runtime()
    folder = Home(tmp_path).prepare().runtime
    runtime.hub = Hub(folder, ["worker-1"], Live(runtime.counters), runtime.counters)
    runtime.hub.start()
    yield runtime
    runtime.hub.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections made from now on wait a moment only for a locked database."""
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.1)
    monkeypatch.setattr(monitor, "ROWS_S", 0.0)


@pytest.fixture
def watching(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """A monitor without patience, so that nobody waits; its thread runs. The server has just started."""
    monkeypatch.setattr("vedette.server.nodes.look.STARTED_S", time.monotonic())
    quick = {name: _quick(kind) for name, kind in monitor.KINDS.items()}
    monkeypatch.setattr("vedette.server.nodes.kinds.KINDS", quick)
    monkeypatch.setattr(monitor, "TICK_S", 0.05)
    runtime.monitor = Monitor(runtime)
    runtime.monitor.start()
    yield runtime.monitor
    runtime.monitor.close()


def _quick(kind: Any) -> Any:
    return type(kind)(kind.title, kind.advice, kind.severity, after_s=0.0, well_s=0.1)


def is_open(kind: str, *, now: bool = True) -> Callable[[], Incident | None]:
    """The newest incident of a kind, once it is open (or over)."""
    return lambda: Incident.objects.filter(kind=kind, closed__isnull=now).first()


def test_an_incident_is_opened_once_and_closed_once(told: list[str]) -> None:
    """Opening again renews the words; both signals come once; closing what is not open is nothing."""
    first = open_incident("camera", "door", "It is away.", camera="door")
    again = open_incident("camera", "door", "It refuses the password.", camera="door")
    assert (first.pk, again.message) == (again.pk, "It refuses the password.")
    assert close_incident("camera", "door") is not None
    assert close_incident("camera", "door") is None
    assert told == ["+door", "-door"]
    row = Incident.objects.get()
    assert (row.announced, row.back) == (True, True)


def test_signals_come_after_the_commit(told: list[str]) -> None:
    """Nobody hears of what is rolled back."""
    with transaction.atomic():
        open_incident("camera", "door", "It is away.")
        assert told == []
        transaction.set_rollback(True)
    assert told == []
    assert not Incident.objects.exists()


def test_what_flaps_is_told_once(told: list[str]) -> None:
    """What comes back within minutes is counted in the same row and told to nobody, unless it stays."""
    now = timezone.now()
    for minute in range(3):
        open_incident("camera", "door", "Away.", now=now + timedelta(minutes=2 * minute))
        close_incident("camera", "door", now=now + timedelta(minutes=2 * minute + 1))
    row = Incident.objects.get()
    assert (row.times, told) == (3, ["+door", "-door"])
    again = now + timedelta(minutes=7)
    open_incident("camera", "door", "Away.", now=again)
    assert announce_lasting(again + AGAIN - timedelta(seconds=1)) == 0
    assert announce_lasting(again + AGAIN) == 1
    close_incident("camera", "door", now=again + timedelta(minutes=9))
    assert told == ["+door", "-door"] * 2
    open_incident("camera", "door", "Away.", now=again + timedelta(minutes=9) + AGAIN + timedelta(seconds=1))
    assert Incident.objects.count() == 2


def test_signals_that_a_crash_prevented_are_sent(told: list[str]) -> None:
    """The next start tells what was noted and not told: both ends of what is over, one of what lasts."""
    now = timezone.now()
    Incident.objects.create(kind="disk", subject="a", message="m", opened=now)
    Incident.objects.create(kind="disk", subject="b", message="m", opened=now, closed=now)
    Incident.objects.create(kind="disk", subject="c", message="m", opened=now, closed=now, announced=True)
    assert send_missed() == 3
    assert told == ["+a", "+b", "-b", "-c"]
    assert send_missed() == 0


def test_a_receiver_that_fails_stops_nothing(told: list[str]) -> None:
    """It costs a counter; the incident is noted and the other receivers hear of it."""

    def fail(**_: Any) -> None:
        raise OSError("no way out")

    before = incidents.runtime.counters["incident_receiver_errors"]
    opened.connect(fail)
    try:
        open_incident("camera", "door", "Away.")
    finally:
        opened.disconnect(fail)
    assert told == ["+door"]
    assert incidents.runtime.counters["incident_receiver_errors"] == before + 1


def test_a_worker_that_falls_silent_is_told_and_told_back(
    runtime: Runtime, watching: Monitor, tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through real sockets: it reports, stops, is an incident, reports again, and the incident is over."""
    add_camera("Door", "rtsp://cam/1", camera_id="door", recording_mode="off")
    worker = Worker(tmp_path)
    hub = runtime.hub
    assert hub is not None
    wait_until(lambda: "door" in hub.cameras())
    monkeypatch.setattr("vedette.server.nodes.look.STARTED_S", -1000.0)
    worker.close()
    incident = wait_until(is_open("node_silent"))
    assert "1 camera." in incident.message
    worker = Worker(tmp_path)
    wait_until(is_open("node_silent", now=False))
    wait_until(lambda: told == ["+worker-1", "-worker-1"])
    assert watching.fresh
    worker.close()


def test_incidents_go_on_after_a_restart(runtime: Runtime, told: list[str]) -> None:
    """What was open and still holds is not told again; what is well by now is told back."""
    now = timezone.now()
    for subject in ("", "gone"):
        Incident.objects.create(kind="disk", subject=subject, message="Full.", opened=now, announced=True)
    runtime.alerts["disk"] = "Full."
    runtime.monitor = watcher = Monitor(runtime)
    watcher.tick()
    assert told == []
    assert watcher.incidents == 2
    for stretch in watcher._watch.open.values():
        stretch.seen_s -= 1000
    watcher.tick()
    assert told == ["-gone"]


def test_the_database_itself_is_watched(impatient: None, runtime: Runtime, watching: Monitor) -> None:
    """While it is locked that is known, and noted with its right time as soon as there is a way."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        runtime.alerts["disk"] = "Full."  # something to write down: reading goes on beside the lock
        wait_until(lambda: runtime.alerts.get("database"))
        before: datetime = timezone.now()
    incident = wait_until(lambda: Incident.objects.filter(kind="database", announced=True, back=True).first())
    assert incident.opened <= before


def test_other_parts_tell_what_they_find(runtime: Runtime, watching: Monitor) -> None:
    """A probe's finding is an incident as long as it is found; one that fails blinds nobody."""
    broken = threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probes, "EVERY_S", 0.0)
        patch.setattr(probes, "_probes", {})
        patch.setattr(probes, "_last", {})

        @probes.probe("mail")
        def mail(_: Runtime) -> list[Finding]:
            return [] if broken.is_set() else [Finding("delivery", "mail", "Mail: refused.")]

        @probes.probe("bad")
        def bad(_: Runtime) -> list[Finding]:
            raise OSError("broken")

        assert wait_until(is_open("delivery")).message == "Mail: refused."
        broken.set()
        wait_until(is_open("delivery", now=False))
        assert runtime.counters["probe_errors"] > 0


def test_a_heartbeat_is_sent_while_monitoring_goes_round(
    watching: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To a real server: sent while fresh; refused, silent or with a monitor that stands still it fails."""
    monkeypatch.setattr(the_runtime, "monitor", watching)
    with HttpServer() as server:
        beat = server.add("beat", Resource(b"OK"))
        chosen = settings.VEDETTE.model_copy(update={"heartbeat_url": SecretStr(server.url("beat"))})
        monkeypatch.setattr(settings, "VEDETTE", chosen)
        assert "taken" in jobs.heartbeat()
        assert beat.requests == 1
        beat.fault = HttpFault.ERROR
        with pytest.raises(VedetteError, match="answers 500"):
            jobs.heartbeat()
        beat.fault = HttpFault.SILENT
        monkeypatch.setattr(jobs, "PATIENCE_S", 0.2)
        with pytest.raises(VedetteError, match="ReadTimeout"):
            jobs.heartbeat()
        monkeypatch.setattr(monitor, "FRESH_S", -1.0)
        with pytest.raises(VedetteError, match="stands still"):
            jobs.heartbeat()
        assert beat.requests == 3


def test_health_tells_when_nobody_watches(
    watching: Monitor, admin_api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 and `unwatched` when monitoring stands still, so that an outside watcher notices."""
    monkeypatch.setattr(the_runtime, "monitor", watching)
    answer = admin_api.get("/api/v1/health")
    assert answer.status_code == 200
    assert answer.json()["monitor_age_s"] < 30
    monkeypatch.setattr(monitor, "FRESH_S", -1.0)
    answer = admin_api.get("/api/v1/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unwatched")


def test_what_is_measured_is_written_down(watching: Monitor) -> None:
    """The monitor samples by itself; a flush writes it."""
    wait_until(lambda: "memory|server|" in watching.history.latest)
    assert watching.history.flush(timezone.now()) >= 1
    assert Figures.objects.exists()
