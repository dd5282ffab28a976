"""A setting changed by REST while a camera is watched: how long until the worker's own report confirms it."""

import time

from benchmarks.footage import busy
from benchmarks.product import product, rtsp_cameras, wait_until
from benchmarks.result import Result

ROUNDS = 10
APPLIED_S = 1.0
"""The promise, see the design."""


def run() -> list[Result]:
    """The slowest of some rounds."""
    with rtsp_cameras(busy(), 1) as urls, product(*urls) as running, running.client() as api:
        camera = wait_until(lambda: running.get("cameras"), 60, "a camera")[0]["id"]

        def confirmed() -> bool:
            return bool(api.get(f"/api/v1/cameras/{camera}").json()["applied"])

        wait_until(confirmed, 60, "a worker that reports")
        taken_s = []
        for number in range(ROUNDS):
            started_s = time.monotonic()
            api.patch(f"/api/v1/cameras/{camera}", json={"pre_roll_s": 1.0 + number}).raise_for_status()
            wait_until(confirmed, 30, "the change is confirmed")
            taken_s.append(time.monotonic() - started_s)
    return [
        Result(
            work="change of a setting confirmed",
            measured=max(taken_s),
            unit="s",
            goal=APPLIED_S,
            detail=f"the slowest of {ROUNDS}, from the request until the interface says that it runs",
        )
    ]
