"""The detector pool with sixteen busy cameras, against the same engine in a bare loop on the same cores."""

import os
import threading
import time
from collections import Counter

import numpy as np

from benchmarks.result import Result, SkippedError
from vedette.domain.errors import VedetteError
from vedette.domain.geometry import Box
from vedette.media.planes import Planes
from vedette.models.loader import DetectorLoader
from vedette.settings import load_settings
from vedette.vision.detectors.base import Detector
from vedette.vision.pool import DetectorPool

CAMERAS = 16
SPAN_S = 6.0
ROUNDS = 3
MODEL = "yolox_nano"


def _loader() -> DetectorLoader:
    loader = DetectorLoader(load_settings())
    try:
        loader.load_strictly(MODEL)
    except VedetteError as error:
        raise SkippedError(f"no model {MODEL}: {error}") from None
    return loader


def _picture() -> Planes:
    random = np.random.default_rng(3)
    y = random.integers(0, 255, (720, 1280), np.uint8)
    chroma = np.full((360, 640), 128, np.uint8)
    return Planes(y, chroma, chroma)


PICTURE = _picture()
REGION = [Box(400, 200, 416, 416)]


def bare_rate(loader: DetectorLoader, threads: int) -> float:
    """Detections per second of threads that do nothing else."""
    detectors = [loader.load_strictly(MODEL) for _ in range(threads)]
    counts: Counter[int] = Counter()
    end_s = time.monotonic() + SPAN_S

    def loop(number: int, detector: Detector) -> None:
        while time.monotonic() < end_s:
            detector.detect(PICTURE, REGION)
            counts[number] += 1

    workers = [threading.Thread(target=loop, args=pair) for pair in enumerate(detectors)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts.values()) / SPAN_S


def pool_rates(loader: DetectorLoader, threads: int) -> list[float]:
    """Detections per second of each of sixteen cameras that always have another frame."""
    counts: Counter[str] = Counter()
    pool: DetectorPool

    def feed(camera: str) -> None:
        pool.submit(camera, MODEL, lambda detector: look(camera, detector))

    def look(camera: str, detector: Detector | None) -> None:
        assert detector is not None
        detector.detect(PICTURE, REGION)
        counts[camera] += 1
        feed(camera)

    pool = DetectorPool(loader.load, threads)
    names = [f"camera-{number}" for number in range(CAMERAS)]
    for name in names:
        feed(name)
    while len(counts) < CAMERAS:
        time.sleep(0.01)
    before = dict(counts)
    time.sleep(SPAN_S)
    rates = [(counts[name] - before[name]) / SPAN_S for name in names]
    pool.close()
    return rates


def run() -> list[Result]:
    """Both in turn; the median ratio of three rounds."""
    loader = _loader()
    threads = os.cpu_count() or 1
    rounds = [(bare_rate(loader, threads), pool_rates(loader, threads)) for _ in range(ROUNDS)]
    rounds.sort(key=lambda pair: sum(pair[1]) / pair[0])
    bare, rates = rounds[ROUNDS // 2]
    fair = sum(rates) / CAMERAS
    unfair = max(abs(rate - fair) / fair for rate in rates)
    detail = f"{sum(rates):.1f} against {bare:.1f} detections a second on {threads} threads"
    return [
        Result(
            work="detector pool, 16 busy cameras / bare loop",
            measured=sum(rates) / bare,
            unit="times",
            goal=0.95,
            comparison="at least",
            detail=detail,
        ),
        Result(
            work="largest distance of a camera from its share", measured=unfair, unit="of its share", goal=0.2
        ),
    ]
