"""Batches across cameras, for accelerators."""

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np

from vedette.domain.geometry import Box
from vedette.domain.messages import Detection
from vedette.vision.detectors.base import Detector, Geometry, Outputs, Tensor

if TYPE_CHECKING:
    from vedette.media.planes import Picture

Waiting = tuple[Tensor, "Future[Outputs]"]


class BatchingDetector:
    """Implements `Detector` for many threads around a detector for one.

    Every thread prepares and decodes its own regions; one thread computes those of all, up to `max_batch`
    at once, waiting at most `wait_s` for a batch to fill.
    """

    thread_safe = True

    def __init__(self, detector: Detector, max_batch: int, wait_s: float = 0.003) -> None:
        self.name, self.version = detector.name, detector.version
        self.input_size, self.labels = detector.input_size, detector.labels
        self._detector, self._max_batch, self._wait_s = detector, max_batch, wait_s
        self._waiting: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._compute_batches, name="detector-batch", daemon=True)
        self._thread.start()

    def detect(self, picture: "Picture", regions: Sequence[Box]) -> list[list[Detection]]:
        """See `Detector`."""
        prepared = [self.prepare(picture, region) for region in regions]
        futures = [self._ask(tensor) for tensor, _ in prepared]
        return [
            self.decode([future.result()], 0, geometry)
            for future, (_, geometry) in zip(futures, prepared, strict=True)
        ]

    def prepare(self, picture: "Picture", region: Box) -> tuple[Tensor, Geometry]:
        """See `Detector`."""
        return self._detector.prepare(picture, region)

    def infer(self, batch: Tensor) -> Sequence[Outputs]:
        """See `Detector`."""
        return [future.result() for future in [self._ask(one[None]) for one in batch]]

    def decode(self, outputs: Sequence[Outputs], index: int, geometry: Geometry) -> list[Detection]:
        """See `Detector`."""
        return self._detector.decode(outputs, index, geometry)

    def close(self) -> None:
        """Compute what waits, then stop the thread."""
        with self._closing:
            self._closed = True
            self._waiting.put(None)
        self._thread.join()

    def _ask(self, tensor: Tensor) -> "Future[Outputs]":
        future: Future[Outputs] = Future()
        with self._closing:
            if self._closed:
                raise RuntimeError("the detector is closed")
            self._waiting.put((tensor, future))
        return future

    def _compute_batches(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            last = not self._fill(batch)
            self._compute(batch)
            if last:
                return

    def _fill(self, batch: list[Waiting]) -> bool:
        """Add what comes in time; False when the end came."""
        deadline = time.monotonic() + self._wait_s
        while len(batch) < self._max_batch:
            try:
                waiting = self._waiting.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                return True
            if waiting is None:
                return False
            batch.append(waiting)
        return True

    def _compute(self, batch: list[Waiting]) -> None:
        try:
            outputs = self._detector.infer(np.concatenate([tensor for tensor, _ in batch]))
        except Exception as error:  # noqa: BLE001 -- each of those who wait gets it
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), one in zip(batch, outputs, strict=True):
            future.set_result(one)
