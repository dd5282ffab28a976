"""Monitoring (P5) of a whole product: what happens to real processes and cameras is told once, and back."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.product import Product, done
from tests.support.processes import wait_until
from tests.support.rtsp import Camera, CameraFarm, Fault
from tests.support.video import Video

pytestmark = pytest.mark.servers

cameras: dict[str, Camera] = {}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, quiet: Video, farm: CameraFarm) -> Iterator[Product]:
    """A product with two RTSP cameras on one worker, all well."""
    home = tmp_path_factory.mktemp("watched") / "home"
    for name in ("gate", "shed"):
        cameras[name] = farm.add(name, quiet.path)
        done("camera", "add", name.capitalize(), farm.url(name), home=home)
    with Product(home, env={"VEDETTE_WORKERS": "1"}) as product:
        product.wait_ready()
        for name in ("gate", "shed"):
            product.wait_streaming(name)
        yield product


def incident(product: Product, kind: str, state: str) -> Callable[[], dict[str, Any] | None]:
    """The newest incident of a kind in this state, once there is one."""
    return lambda: next(iter(product.get("incidents", kind=kind, state=state)), None)


def test_a_camera_that_falls_silent(watched: Product) -> None:
    """It stays connected and sends nothing: an incident within 30 s, over once it streams again."""
    cameras["gate"].fault = Fault.STALL
    found = wait_until(incident(watched, "camera", "open"), what="an incident")
    assert (found["camera"], found["times"]) == ("gate", 1)
    assert found["advice"]
    assert [reason["camera"] for reason in watched.reasons() if reason["code"] == "camera"] == ["gate"]
    cameras["gate"].fault = Fault.NONE
    over = wait_until(incident(watched, "camera", "closed"), what="its end")
    assert over["id"] == found["id"]
    assert over["seconds"] > 0
    lines = watched.get("logs", camera="gate")
    assert any(line["event"] == "stream has failed" for line in lines)


def test_a_wedged_worker(watched: Product) -> None:
    """A worker that is stopped, not dead, is told within 30 s; its cameras are no incidents of their own."""
    pid = watched.pids()["worker-1"]
    os.kill(pid, signal.SIGSTOP)
    try:
        found = wait_until(incident(watched, "node_silent", "open"), what="an incident")
        assert "Nothing is known of 2 cameras." in found["message"]
        assert _process(watched, "worker-1")["state"] == "silent"
        assert not watched.get("incidents", kind="camera_silent")
    finally:
        os.kill(pid, signal.SIGCONT)
    over = wait_until(incident(watched, "node_silent", "closed"), what="its end")
    assert over["id"] == found["id"]


def test_killed_processes(tmp_path: Path) -> None:
    """Worker and server are started again; each crash is told once, with how it ended, and ends when stable.

    The server that comes after a killed one knows the incidents of before, and goes on with the plan of jobs.
    """
    with Product(tmp_path / "home", env={"VEDETTE_WORKERS": "1"}) as product:
        product.wait_ready()
        wait_until(lambda: _process(product, "worker-1")["state"] == "works")
        killed = product.kill("worker-1")
        found = wait_until(incident(product, "crash", "open"), what="an incident")
        assert (found["node"], "SIGKILL" in found["message"]) == ("worker-1", True)
        assert product.metric("restarts") == product.metric("supervised_restarts", process="worker-1") == 1
        plan = _next_run(product, "old-incidents")
        product.kill("server")
        wait_until(lambda: _answers(product), what="the server")
        server = wait_until(lambda: [r for r in product.get("incidents") if r["subject"] == "server"])
        assert "SIGKILL" in server[0]["message"]
        assert _next_run(product, "old-incidents") == plan
        wait_until(lambda: not product.get("incidents", kind="crash", state="open"), what="their end")
        crashes = product.get("incidents", kind="crash")
        assert sorted((row["subject"], row["times"]) for row in crashes) == [("server", 1), ("worker-1", 1)]
        worker = _process(product, "worker-1")
        assert (worker["restarts"], worker["pid"] != killed) == (1, True)


def _process(product: Product, name: str) -> dict[str, Any]:
    return next(row for row in product.get("system")["processes"] if row["name"] == name)


def _next_run(product: Product, name: str) -> str:
    return str(next(row["next_run"] for row in product.get("jobs") if row["name"] == name))


def _answers(product: Product) -> bool:
    try:
        return product.client.get("/api/v1/health").status_code == 200
    except httpx.TransportError:
        return False


def test_figures_are_there_after_a_minute(watched: Product) -> None:
    """Processor and memory of every process, and what the cameras sent, over time."""

    def found() -> set[tuple[str, str]]:
        answer = watched.get("history", span="hour")
        return {(s["name"], s["node"]) for s in answer["series"] if s["points"]}

    wanted = {("cpu", "server"), ("memory", "worker-1"), ("packets", "worker-1"), ("cpu", "supervisor")}
    wait_until(lambda: wanted <= found(), what="figures")
