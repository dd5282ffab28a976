"""The motion step and the tracker, one call at a time."""

import itertools
import statistics
import time
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.footage import busy
from benchmarks.measure import best_s
from benchmarks.quiet import packets
from benchmarks.result import Result
from vedette.domain.camera import Profile
from vedette.domain.geometry import Box
from vedette.domain.messages import Detection
from vedette.pipeline.capture import Capture
from vedette.vision.motion import MotionDetector
from vedette.vision.tracker import Tracker

OBJECTS = 50


def motion_step_s() -> float:
    """Mean over the frames of a busy stretch of video of each frame's shortest time: boxes and all."""
    capture = Capture("bench", Profile(), Counter(), gate=False)
    frames = list(
        itertools.islice((frame for packet in packets(busy()) for frame in capture.feed(packet)), 60)
    )
    lumas = [(frame.luma, frame.utc_s) for frame in frames]
    passes = [_step_times_s(lumas) for _ in range(20)]
    return statistics.fmean(min(times) for times in zip(*passes, strict=True))


def _step_times_s(lumas: Sequence[tuple[NDArray[np.uint8], float]]) -> list[float]:
    detector = MotionDetector()
    times = []
    for luma, utc_s in lumas:
        started_s = time.perf_counter()
        detector.step(luma, utc_s)
        times.append(time.perf_counter() - started_s)
    return times


def tracker_step_s() -> float:
    """One update with fifty objects in steady motion, mean of a pass, best of several."""
    random = np.random.default_rng(7)
    start = random.uniform((0, 0), (1800, 1000), (OBJECTS, 2))
    speed = random.uniform(-40, 40, (OBJECTS, 2))
    steps = [
        [
            Detection("person", 0.8, Box(float(x), float(y), 40.0, 80.0))
            for x, y in start + speed * (step * 0.2) + random.normal(0, 1, (OBJECTS, 2))
        ]
        for step in range(30)
    ]
    whole = [Box(0, 0, 1920, 1080)]

    def one_pass() -> None:
        tracker = Tracker()
        for number, detections in enumerate(steps):
            tracker.update(detections, whole, number * 0.2, frame=(1920.0, 1080.0))

    return best_s(one_pass, 20) / len(steps)


def run() -> list[Result]:
    """Both steps."""
    return [
        Result(work="motion step, 320x180", measured=1000 * motion_step_s(), unit="ms", goal=0.3),
        Result(work=f"tracker, {OBJECTS} objects", measured=1000 * tracker_step_s(), unit="ms", goal=1.5),
    ]
