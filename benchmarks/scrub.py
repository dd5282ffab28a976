"""The picture under the pointer: recorded pictures asked for in a row, over HTTP, as scrubbing does."""

import os
import random
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from benchmarks.footage import busy
from benchmarks.product import VEDETTE, product, wait_until
from benchmarks.quiet import packets
from benchmarks.result import Result, SkippedError
from vedette.recording.disk import Disk
from vedette.recording.recorder import Recorder

CAMERA = "bench"
LOOPS = 20
"""Ten minutes of a busy 1080p camera."""
QUESTIONS = 200
WIDTH = 240
SETTLED_S = 60.0


def run() -> list[Result]:
    """Each moment is asked for once while nothing is in memory, and once again."""
    with product() as running:
        begin_s = time.time() - 3600
        end_s = record(running.home / "recordings", begin_s)
        wait_until(lambda: running.get("health"), 60, "the server")
        subprocess.run([VEDETTE, "check", "--home", str(running.home)], check=True, capture_output=True)
        moments = random.Random(7).sample(range(int(begin_s) + 1, int(end_s) - 1), QUESTIONS)
        with running.client() as client:
            ask = _asker(client)
            ask(int(begin_s) + 2)  # the first request ever loads the libraries
            forget(running.home / "recordings")
            cold = [ask(moment) for moment in moments]
            warm = [ask(moment) for moment in moments]
    return [_result("cold", cold), _result("warm", warm)]


def record(root: Path, begin_s: float) -> float:
    """Record the footage again and again; returns where it ends."""
    disk = Disk(root)
    recorder = Recorder(CAMERA, disk, lambda _message: None, Counter())
    at_s = begin_s
    for _ in range(LOOPS):
        first_s, last_s = None, 0.0
        for packet in packets(busy()):
            start = first_s is None
            first_s = packet.utc_s if first_s is None else first_s
            last_s = packet.utc_s - first_s
            recorder.write(replace(packet, utc_s=at_s + last_s, discontinuity=start))
        at_s += last_s + 0.04
    recorder.close()
    disk.close()
    for path in root.rglob("*.mp4"):
        os.utime(path, (begin_s - SETTLED_S,) * 2)
    return at_s


def forget(root: Path) -> None:
    """Have the system drop the recordings from its memory."""
    for path in root.rglob("*.mp4"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _asker(client: httpx.Client) -> Callable[[int], float]:
    def ask(moment: int) -> float:
        at = datetime.fromtimestamp(moment, UTC).isoformat()
        started_s = time.perf_counter()
        answer = client.get(f"/api/v1/cameras/{CAMERA}/still", params={"at": at, "width": WIDTH})
        taken_s = time.perf_counter() - started_s
        if answer.status_code != 200:
            raise SkippedError(f"no picture of {at}: {answer.status_code} {answer.text[:200]}")
        return taken_s

    return ask


def _result(how: str, taken_s: list[float]) -> Result:
    percentiles = statistics.quantiles(taken_s, n=20)
    return Result(
        work=f"scrub: picture under the pointer, {how}, 95th percentile",
        measured=1000 * percentiles[18],
        unit="ms",
        goal=150,
        detail=f"1080p, {WIDTH} pixels wide, {QUESTIONS} moments of {LOOPS * 0.5:g} minutes; "
        f"median {1000 * statistics.median(taken_s):.0f}, most {1000 * max(taken_s):.0f} ms",
    )
