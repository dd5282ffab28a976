"""kill -9 of the server and of the worker while a camera is watched: how long until each is back."""

import os
import signal
import time
from collections.abc import Callable

from benchmarks.footage import busy
from benchmarks.product import Product, product, rtsp_cameras, wait_until
from benchmarks.result import Result

ROUNDS = 3
SETTLED_S = 5.0
BACK_S = 3.0
"""The promise, see the design."""


def run() -> list[Result]:
    """The slowest of some rounds each."""
    with rtsp_cameras(busy(), 1) as urls, product(*urls) as running:
        wait_until(lambda: _pid(running, "worker-1"), 60, "a worker that reports")
        return [
            _slowest(running, "server", lambda _: running.get("health") is not None, "until it answers"),
            _slowest(
                running,
                "worker-1",
                lambda before: _pid(running, "worker-1") not in {0, before},
                "until the new one has reported",
            ),
        ]


def _slowest(running: Product, name: str, back: Callable[[int], bool], detail: str) -> Result:
    taken_s = []
    for _ in range(ROUNDS):
        time.sleep(SETTLED_S)
        before = _pid(running, name)
        started_s = time.monotonic()
        os.kill(before, signal.SIGKILL)
        wait_until(lambda before=before: back(before), 30, f"{name} is back")  # type: ignore[misc]
        taken_s.append(time.monotonic() - started_s)
    return Result(
        work=f"{name.partition('-')[0]} back after kill -9",
        measured=max(taken_s),
        unit="s",
        goal=BACK_S,
        detail=f"the slowest of {ROUNDS}, {detail}",
    )


def _pid(running: Product, name: str) -> int:
    """Of a process that works; 0 while there is none."""
    system = running.get("system") or {"processes": []}
    found = (each["pid"] for each in system["processes"] if each["name"] == name and each["state"] == "works")
    return int(next(found, 0) or 0)
