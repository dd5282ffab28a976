"""The server as a process: start, stop, crash, and the way of messages through it."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from queue import Queue
from typing import Any

import httpx
import pytest

from tests.integration.server.conftest import ServerProcess
from tests.integration.server.worker import Worker, event, segment
from tests.support.processes import PATIENCE_S, wait_until


@pytest.fixture
def worker(server: ServerProcess) -> Iterator[Worker]:
    """A worker connected to the server."""
    worker = Worker(server.home)
    yield worker
    worker.close()


def add_camera(api: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Add the camera `door`."""
    body = {"id": "door", "name": "Door", "main_url": "rtsp://ada:s3cret@cam/1"} | fields
    answer = api.post("/api/v1/cameras", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


class Stream:
    """Reads server-sent events on a thread."""

    def __init__(self, api: httpx.Client, headers: dict[str, str] | None = None) -> None:
        self.messages: Queue[dict[str, str]] = Queue()
        self.opened = threading.Event()
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(api, headers or {}), daemon=True)
        self._thread.start()
        assert self.opened.wait(PATIENCE_S)

    def _run(self, api: httpx.Client, headers: dict[str, str]) -> None:
        with (
            suppress(httpx.TransportError),
            api.stream("GET", "/api/v1/live", headers=headers, timeout=30) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            message: dict[str, str] = {}
            for line in answer.iter_lines():
                self.opened.set()
                name, _, value = line.partition(": ")
                if line:
                    message[name] = value
                elif "event" in message:
                    self.messages.put(message)
                if not line:
                    message = {}
        self.ended.set()

    def next(self, kind: str) -> dict[str, str]:
        """The next message of this kind."""
        while True:
            message = self.messages.get(timeout=PATIENCE_S)
            if message["event"] == kind:
                return message


def test_configuration_reaches_the_worker_and_events_come_back(server: ServerProcess, worker: Worker) -> None:
    """P5 and P2 through real sockets: a camera is assigned with its password, its event stored and live."""
    with server.client() as api:
        stream = Stream(api)
        camera = add_camera(api)
        assert camera["main_url"] == "rtsp://cam/1"
        assert camera["has_password"] is True
        assert "s3cret" not in json.dumps(camera)
        spec = wait_until(lambda: worker.assignment.cameras)[0]
        assert (spec.main.username, spec.main.password.value) == ("ada", "s3cret")
        wait_until(lambda: api.get("/api/v1/cameras/door").json()["applied"])
        assert json.loads(stream.next("camera")["data"])["state"] == "streaming"

        sent = event()
        worker.outbox.append(sent)
        worker.outbox.append(segment())
        live = stream.next("event")
        assert json.loads(live["data"])["id"] == sent.id
        assert api.get(f"/api/v1/events/{sent.id}").json()["label"] == "person"
        wait_until(lambda: api.get("/api/v1/recordings", params={"camera": "door"}).json()["items"])
        wait_until(lambda: worker.outbox.waiting_for("server") == 0)

        worker.outbox.append(event(label="car"))
        resumed = Stream(api, {"Last-Event-ID": live["id"]})
        assert json.loads(resumed.next("event")["data"])["label"] == "car"

        picture = api.get("/api/v1/cameras/door/snapshot.jpg")
        assert (picture.status_code, picture.content) == (200, b"\xff\xd8jpeg")
        metrics = api.get("/metrics").text
        assert 'vedette_packets_total{camera="door",node="worker-1"} 7.0' in metrics
        assert "vedette_live_readers 2.0" in metrics
        assert api.get("/api/v1/health").json()["status"] == "ok"
        worker.detector_message = "No detector model: only motion is reported."
        reasons = wait_until(lambda: api.get("/api/v1/health").json()["reasons"])
        assert reasons[0]["code"] == "detector"


def test_a_change_takes_effect_within_a_second(server: ServerProcess, worker: Worker) -> None:
    """P5: a new zone is in the worker's assignment; only then the camera says `applied`."""
    with server.client() as api:
        add_camera(api)
        wait_until(lambda: worker.assignment.cameras)
        zone = {"name": "drive", "polygon": [[0, 0], [1, 0], [1, 1]], "labels": ["person"]}
        answer = api.put("/api/v1/cameras/door/zones/drive", json=zone)
        assert answer.status_code == 200, answer.text
        wait_until(lambda: worker.assignment.cameras[0].zones)
        assert worker.assignment.cameras[0].zones[0].polygon[1] == (1.0, 0.0)


def test_streams_end_and_the_server_stops_in_order(server: ServerProcess) -> None:
    """SIGTERM ends open live streams and the process, with status 0, well before anybody kills it."""
    with server.client() as api:
        stream = Stream(api)
        started = time.monotonic()
        assert server.stop() in {0, -signal.SIGTERM}
        assert stream.ended.wait(5)
        assert time.monotonic() - started < 5


def test_a_killed_server_loses_nothing(server: ServerProcess, worker: Worker) -> None:
    """P2: events sent while the server is dead are there when it is back, once each."""
    server.stop(signal.SIGKILL)
    sent = [event(label=f"label-{number}") for number in range(20)]
    for message in sent:
        worker.outbox.append(message)
    server.start()
    with server.client() as api:
        add_camera(api)
        found = wait_until(
            lambda: (items := api.get("/api/v1/events").json()["items"]) and len(items) == 20 and items
        )
        assert {item["id"] for item in found} == {message.id for message in sent}


def test_a_taken_port_is_explained(server: ServerProcess) -> None:
    """The second server on a port ends with status 2 and says what to do."""
    command = [sys.executable, "-m", "vedette.server", "--home", str(server.home), "--port", str(server.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_live_streams_are_refused_to_strangers(server: ServerProcess) -> None:
    """The live stream needs a token like everything else."""
    with server.client(token="") as api:
        assert api.get("/api/v1/live").status_code == 401
