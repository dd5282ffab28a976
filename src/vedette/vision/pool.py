"""The detector pool: few threads, many cameras, each in its turn."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from vedette.vision.detectors.base import Detector
from vedette.vision.instances import Instances, close_all

log = structlog.get_logger(__name__)

Job = Callable[[Detector | None], None]
"""What to do with a detector; it gets None when there is none to be had (motion only)."""

SMOOTHING = 0.1


@dataclass(slots=True)
class _Slot:
    """One camera: the model it wants, the one it has, and its place for one job."""

    wanted: str
    current: str = ""
    waiting: Job | None = None
    since_s: float = 0.0
    running: bool = False
    queued: bool = False
    forgotten: bool = False


class _Turn(NamedTuple):
    """A job that runs now."""

    camera: str
    slot: _Slot
    job: Job
    detector: Detector | None


class DetectorPool:
    """Runs the jobs of cameras on threads that own their detectors.

    A camera has at most one job running and one waiting, so its frames stay in order; a camera whose job has
    run goes to the end of the queue. A new model is loaded in the background while the camera goes on with
    the one it has; one that cannot be loaded is tried again after a minute.

    Args:
        load: makes a detector by model name, None for none at all; called once for each thread, but on
            another.
        threads: best one per core.
        on_free: called with the camera, on a pool thread, when its waiting job has started.
        clock: monotonic seconds.

    Attributes:
        counters: `detector_jobs`, `detector_job_errors`, `detector_jobs_refused`.
    """

    def __init__(
        self,
        load: Callable[[str], Detector | None],
        threads: int,
        *,
        on_free: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._on_free, self._clock = on_free, clock
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._work = threading.Condition(self._lock)
        self._instances = Instances(load, threads, self._lock, self._requeue, clock)
        self._slots: dict[str, _Slot] = {}
        self._queue: deque[str] = deque()
        self._wait_s = 0.0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, args=(number,), name=f"detector-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, camera: str, model: str, job: Job) -> bool:
        """Queue a job; False when the camera already has one waiting, or the pool is closed."""
        with self._lock:
            if self._closed:
                return False
            slot = self._slots.setdefault(camera, _Slot(model))
            slot.wanted, slot.forgotten = model, False
            self._instances.want(model)
            if slot.waiting is not None:
                self.counters["detector_jobs_refused"] += 1
                return False
            slot.waiting, slot.since_s = job, self._clock()
            self._enqueue(camera, slot)
            return True

    def wait_free(self, camera: str, timeout_s: float | None = None) -> bool:
        """Wait until the camera may submit; False when it may not within the time."""
        with self._lock:
            return self._changed.wait_for(lambda: self._is_free(camera), timeout_s)

    def forget(self, camera: str) -> None:
        """Drop a camera and its waiting job; a running one ends by itself."""
        with self._lock:
            slot = self._slots.get(camera)
            if slot is not None and slot.running:
                slot.waiting, slot.forgotten = None, True
            else:
                self._slots.pop(camera, None)
            self._changed.notify_all()

    def failure(self, model: str) -> Exception | None:
        """Why a model could not be loaded, None when it was or may still be."""
        with self._lock:
            return self._instances.failure(model)

    def gauges(self) -> dict[str, float]:
        """Jobs waiting, and how long jobs waited lately (a moving mean)."""
        with self._lock:
            return {"detector_queue_length": len(self._queue), "detector_queue_wait_s": self._wait_s}

    def close(self) -> None:
        """Let running jobs end and drop waiting ones; safe to call twice."""
        with self._lock:
            self._closed = True
            self._slots.clear()
            self._queue.clear()
            self._changed.notify_all()
            self._work.notify_all()
        for thread in self._threads:
            thread.join()
        self._instances.wait()
        with self._lock:
            gone = self._instances.keep(())
        close_all(gone)

    # -- under the lock ------------------------------------------------------------------------------

    def _is_free(self, camera: str) -> bool:
        slot = self._slots.get(camera)
        return self._closed or slot is None or slot.waiting is None

    def _model_for(self, slot: _Slot) -> str | None:
        """The model to use now; empty for none at all, None while there may still come one."""
        if self._instances.has(slot.wanted):
            return slot.wanted
        if slot.current and self._instances.has(slot.current):
            return slot.current
        return "" if self._instances.failure(slot.wanted) else None

    def _enqueue(self, camera: str, slot: _Slot) -> None:
        if slot.waiting is None or slot.running or slot.queued or self._model_for(slot) is None:
            return
        slot.queued = True
        self._queue.append(camera)
        self._work.notify()

    def _requeue(self) -> None:
        """A model came or failed: jobs that waited for it may run."""
        for camera, slot in self._slots.items():
            self._enqueue(camera, slot)

    def _turn_of(self, camera: str, thread: int) -> _Turn | None:
        slot = self._slots.get(camera)
        if slot is None or slot.waiting is None:
            return None
        job, slot.waiting = slot.waiting, None
        slot.queued, slot.running = False, True
        slot.current = self._model_for(slot) or ""
        self._wait_s += SMOOTHING * (self._clock() - slot.since_s - self._wait_s)
        self._changed.notify_all()
        detector = self._instances.of_thread(slot.current, thread) if slot.current else None
        return _Turn(camera, slot, job, detector)

    # -- on the pool's threads ------------------------------------------------------------------------

    def _take(self, thread: int) -> _Turn | None:
        """Wait for the next job; None when the pool closes."""
        with self._lock:
            while not self._closed:
                if not self._queue:
                    self._work.wait()
                elif (turn := self._turn_of(self._queue.popleft(), thread)) is not None:
                    return turn
            return None

    def _serve(self, thread: int) -> None:
        while (turn := self._take(thread)) is not None:
            self._run(turn)
            self._finish(turn)

    def _run(self, turn: _Turn) -> None:
        try:
            if self._on_free is not None:
                self._on_free(turn.camera)
            turn.job(turn.detector)
        except Exception:
            with self._lock:
                self.counters["detector_job_errors"] += 1
            log.exception("detector job failed", camera=turn.camera)

    def _finish(self, turn: _Turn) -> None:
        with self._lock:
            self.counters["detector_jobs"] += 1
            turn.slot.running = False
            if turn.slot.forgotten:
                self._slots.pop(turn.camera, None)
            else:
                self._enqueue(turn.camera, turn.slot)
            gone = self._instances.keep(
                model for slot in self._slots.values() for model in (slot.wanted, slot.current)
            )
        close_all(gone)
