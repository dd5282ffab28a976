"""The hub with a real link and a real database, in one process."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, connections

from tests.integration.server.worker import Worker, event
from tests.support.processes import wait_until
from vedette.node.home import Home
from vedette.server.cameras.models import Camera
from vedette.server.cameras.service import add_camera, change_camera
from vedette.server.events.models import Event
from vedette.server.hub import Hub
from vedette.server.live import Live
from vedette.server.nodes.health import problems
from vedette.server.nodes.models import NodeStatus
from vedette.server.runtime import Runtime

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """Connections made from now on wait only 0.1 s for a lock; gives another program's connection."""
    connection.ensure_connection()
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.1)
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    yield other
    other.close()


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A hub for two workers."""
    runtime = Runtime()
    folder = Home(tmp_path).prepare().runtime
    hub = Hub(folder, ["worker-1", "worker-2"], Live(runtime.counters), runtime.counters)
    runtime.hub = hub
    hub.start()
    yield runtime
    hub.close()


@pytest.fixture
def workers(tmp_path: Path, runtime: Runtime) -> Iterator[list[Worker]]:
    """The two workers."""
    workers = [Worker(tmp_path, "worker-1"), Worker(tmp_path, "worker-2")]
    yield workers
    for worker in workers:
        worker.close()


def running(worker: Worker) -> set[str]:
    """The cameras that a worker was told to run."""
    return {spec.id for spec in worker.assignment.cameras}


def test_cameras_are_spread_and_stay(workers: list[Worker], runtime: Runtime) -> None:
    """Four cameras on two workers are two each; a change reaches its worker and moves nobody."""
    for number in range(4):
        add_camera(f"cam{number}", f"rtsp://cam/{number}")
    wait_until(lambda: [len(running(worker)) for worker in workers] == [2, 2])
    before = [running(worker) for worker in workers]
    camera = Camera.objects.get(pk="cam0")
    change_camera(camera, {"enabled": False})
    wait_until(lambda: any(not s.enabled for w in workers for s in w.assignment.cameras))
    assert [running(worker) for worker in workers] == before
    hub = runtime.hub
    assert hub is not None
    wait_until(lambda: hub.cameras()["cam0"].state == "disabled")
    wait_until(lambda: NodeStatus.objects.count() == 2)


def test_a_worker_that_starts_again_is_told_again(workers: list[Worker], tmp_path: Path) -> None:
    """P5: the desired state is sent until the worker's report confirms it."""
    add_camera("cam", "rtsp://cam/1")
    first = wait_until(lambda: next((w for w in workers if running(w)), None))
    index = workers.index(first)
    first.close()
    workers[index] = Worker(tmp_path, first.node)
    wait_until(lambda: running(workers[index]) == {"cam"})


def test_a_locked_database_delays_and_loses_nothing(
    impatient: sqlite3.Connection,
    workers: list[Worker],
    runtime: Runtime,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Section 10: while the database is locked messages stay in the outbox; one log line, one counter."""
    impatient.execute("BEGIN EXCLUSIVE")
    sent = event()
    workers[0].outbox.append(sent)
    wait_until(lambda: runtime.counters["database_errors"] >= 2)
    assert workers[0].outbox.waiting_for("server") == 1
    impatient.execute("ROLLBACK")
    wait_until(lambda: workers[0].outbox.waiting_for("server") == 0)
    assert str(Event.objects.get().id) == sent.id
    assert capfd.readouterr().out.count("The database does not answer") == 1


def test_health_names_what_is_wrong(workers: list[Worker], runtime: Runtime) -> None:
    """A fallback detector and an alert are reasons; silence is none while everything starts."""
    add_camera("cam", "rtsp://cam/1")
    wait_until(lambda: any(running(worker) for worker in workers))
    workers[0].detector_message = "Only people are found."
    runtime.alerts["disk"] = "The disk is full."
    wait_until(lambda: {problem.code for problem in problems(runtime)} == {"detector", "disk"})


def test_a_snapshot_of_a_camera_without_worker_says_so(tmp_path: Path) -> None:
    """No waiting for somebody who is not there."""
    hub = Hub(Home(tmp_path).prepare().runtime, ["worker-1"], Live(Counter()), Counter())
    hub.start()
    reply = hub.request_snapshot("door")
    hub.close()
    assert (reply.jpeg, "not there" in reply.error) == (b"", True)
