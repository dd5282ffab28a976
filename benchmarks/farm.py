"""64 quiet 1080p cameras over RTSP on one machine: all recorded, no packet lost; memory of one more."""

import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from benchmarks.footage import QUIET, footage
from benchmarks.measure import process_cpu_s, resident_bytes
from benchmarks.product import Product, product, rtsp_cameras, wait_until
from benchmarks.result import Result
from vedette.recording.naming import parse_name

CAMERAS = 64
FEW = 4
SETTLE_S = 12.0
SPAN_S = 30.0
FPS = QUIET.fps


@dataclass
class Recorded:
    """What lies on the disk of one camera: how long it is, and how many pictures are missing in it."""

    span_s: float
    lost: int


def run() -> list[Result]:
    """The farm first with few cameras, then with all."""
    stream = footage(QUIET, ".h264")
    few_bytes, _, _ = _measure(stream, FEW, SPAN_S / 2)
    all_bytes, cpu, recorded = _measure(stream, CAMERAS, SPAN_S)
    complete = [camera for camera in recorded.values() if camera.lost == 0 and camera.span_s >= SPAN_S]
    lost = sum(camera.lost for camera in recorded.values())
    return [
        Result(
            work=f"{CAMERAS} quiet 1080p cameras over RTSP: recorded without a lost packet",
            measured=len(complete),
            unit="cameras",
            goal=CAMERAS,
            comparison="at least",
            detail=f"{lost} pictures lost in {SPAN_S:g} s; worker {100 * cpu:.0f} % of a core",
        ),
        Result(
            work="memory per further quiet camera",
            measured=(all_bytes - few_bytes) / (CAMERAS - FEW) / 1e6,
            unit="MB",
            goal=10,
            detail=f"worker {few_bytes / 1e6:.0f} MB with {FEW}, {all_bytes / 1e6:.0f} MB with {CAMERAS}",
        ),
    ]


def _measure(stream: Path, count: int, span_s: float) -> tuple[int, float, dict[str, Recorded]]:
    """Memory of the worker, its share of a core, and what was recorded."""
    with rtsp_cameras(stream, count) as urls, product(*urls) as running:
        wait_until(lambda: _streaming(running) == count, 120, f"{count} cameras streaming")
        time.sleep(SETTLE_S)
        worker = running.worker
        cpu_before_s, started_s = process_cpu_s(worker.pid), time.monotonic()
        time.sleep(span_s)
        cpu = (process_cpu_s(worker.pid) - cpu_before_s) / (time.monotonic() - started_s)
        memory = resident_bytes(worker.pid)
        running.stop()
        folders = (running.home / "recordings").iterdir()
        return memory, cpu, {folder.name: _recorded(folder) for folder in folders}


def _streaming(running: Product) -> int:
    cameras = running.get("cameras") or []
    return sum((camera["status"] or {}).get("state") == "streaming" for camera in cameras)


def _recorded(folder: Path) -> Recorded:
    """Compare the pictures of a camera's segments with the time from the first to the last of them."""
    pictures, first_utc_s, end_utc_s = 0, 0.0, 0.0
    for path in sorted(folder.rglob("*.mp4")):
        name = parse_name(path.relative_to(folder.parent).as_posix())
        assert name is not None
        stamps_s = _stamps_s(path)
        pictures += len(stamps_s)
        first_utc_s = first_utc_s or name.start_utc_s
        end_utc_s = name.start_utc_s + max(stamps_s) + 1 / FPS
    span_s = end_utc_s - first_utc_s
    return Recorded(span_s, max(0, round(span_s * FPS) - pictures))


def _stamps_s(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        base = stream.time_base or Fraction(1, 90000)
        return [float(p.pts * base) for p in container.demux(stream) if p.size and p.pts is not None]
