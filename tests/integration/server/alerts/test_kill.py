"""kill -9 of a real server process while it delivers: nothing is lost, and ids tell what came twice."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.server.conftest import ServerProcess
from tests.integration.server.worker import Worker, event
from tests.support.processes import PATIENCE_S, wait_until
from tests.support.receivers import Receiver


@pytest.fixture
def worker(server: ServerProcess) -> Iterator[Worker]:
    """A worker whose outbox outlives the server."""
    server.python(
        "from vedette.server.cameras.service import add_camera\n"
        "add_camera('Door', 'rtsp://cam/1', camera_id='door')"
    )
    found = Worker(server.home)
    yield found
    found.close()


def rule_for(server: ServerProcess, **hooks: Receiver) -> None:
    """A rule for everything, to webhooks, by REST."""
    with server.client() as api:
        numbers = []
        for name, hook in hooks.items():
            body: dict[str, Any] = {"kind": "webhook", "name": name, "config": {"url": hook.url()}}
            answer = api.post("/api/v1/alerts/channels", json=body)
            assert answer.status_code == 201, answer.text
            numbers.append(answer.json()["id"])
        rule = {"armed": "any", "cooldown_s": 0, "group_s": 0, "channels": numbers}
        assert api.post("/api/v1/alerts/rules", json=rule).status_code == 201


def events_of(hook: Receiver) -> Counter[str]:
    """How often each event arrived."""
    return Counter(each for got in hook.requests for each in got.json()["events"])


def test_a_killed_server_loses_nothing(server: ServerProcess, worker: Worker) -> None:
    """Killed three times in the middle of it: every event arrives, each delivery under one id.

    The one that hung when the server was killed comes again, with its own id: the receiver may have taken it.
    """
    with Receiver() as hook, Receiver() as stuck:
        rule_for(server, quick=hook, slow=stuck)
        told = []
        for _ in range(3):
            stuck.arrived.clear()
            stuck.hold.set()
            for _ in range(4):
                message = event("door", end_utc_s=time.time(), phase="end")
                worker.outbox.append(message)
                told.append(message.id)
            assert stuck.arrived.wait(PATIENCE_S)
            server.stop(signal.SIGKILL)
            stuck.hold.clear()
            server.start()
        wait_until(lambda: set(events_of(hook)) == set(told), what="every event")
        wait_until(lambda: set(events_of(stuck)) == set(told), what="every event, slowly")
        with server.client() as api:
            wait_until(lambda: _all_sent(api), what="every delivery written down")
    for receiver in (hook, stuck):
        ids = {tuple(got.json()["events"]): set[str]() for got in receiver.requests}
        for got in receiver.requests:
            ids[tuple(got.json()["events"])].add(got.json()["delivery"])
        assert all(len(deliveries) == 1 for deliveries in ids.values())
    assert sum(count > 1 for count in events_of(hook).values()) <= 3


def _all_sent(api: Any) -> bool:
    items = api.get("/api/v1/alerts/notifications?limit=200").json()["items"]
    return len(items) == 12 and all(
        [each["state"] for each in item["deliveries"]] == ["sent", "sent"] for item in items
    )
