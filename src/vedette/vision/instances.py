"""Loaded models: an instance for each thread, loaded in the background, let go when nobody uses it."""

import threading
import time
from collections.abc import Callable, Iterable

import structlog

from vedette.vision.detectors.base import Detector

log = structlog.get_logger(__name__)

RETRY_S = 60.0


class Instances:
    """The detectors of a pool by model name. All methods are called under the pool's lock.

    Args:
        load: makes a detector, or None for none at all; called in a thread of its own.
        threads: how many instances a model needs.
        lock: the pool's.
        on_change: called under the lock when a model has been loaded or has failed.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        load: Callable[[str], Detector | None],
        threads: int,
        lock: threading.RLock,
        on_change: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load, self._threads, self._clock = load, threads, clock
        self._lock, self._on_change = lock, on_change
        self._loaded: dict[str, list[Detector | None]] = {}
        self._failed: dict[str, tuple[float, Exception]] = {}
        self._loading: dict[str, threading.Thread] = {}

    def want(self, model: str) -> None:
        """Start loading the model unless it is there, on its way, or failed just now."""
        if model in self._loaded or model in self._loading:
            return
        if model in self._failed and self._clock() - self._failed[model][0] < RETRY_S:
            return
        thread = threading.Thread(target=self._run, args=(model,), name=f"load-{model}", daemon=True)
        self._loading[model] = thread
        thread.start()

    def has(self, model: str) -> bool:
        """Whether the model can be used now."""
        return model in self._loaded

    def failure(self, model: str) -> Exception | None:
        """Why the model could not be loaded, None when it was or may still be."""
        return None if model in self._loaded or model not in self._failed else self._failed[model][1]

    def of_thread(self, model: str, thread: int) -> Detector | None:
        """The instance that this thread may use."""
        return self._loaded[model][thread]

    def keep(self, models: Iterable[str]) -> list[Detector | None]:
        """Let all other models go; returns their instances, to be closed outside the lock."""
        if not self._loaded:
            return []
        kept = set(models)
        gone = [model for model in self._loaded if model not in kept]
        return [
            instance for model in gone for instance in {id(d): d for d in self._loaded.pop(model)}.values()
        ]

    def wait(self) -> None:
        """Wait for models that are being loaded; not under the lock."""
        for thread in list(self._loading.values()):
            thread.join()

    def _run(self, model: str) -> None:
        instances: list[Detector | None] = []
        failure: Exception | None = None
        try:
            instances = self._make(model)
        except Exception as error:  # noqa: BLE001 -- whatever a model file makes of the libraries
            failure = error
            log.warning("model could not be loaded", model=model, error=str(error))
        with self._lock:
            self._loading.pop(model, None)
            if failure is None:
                self._loaded[model] = instances
                self._failed.pop(model, None)
            else:
                self._failed[model] = self._clock(), failure
            self._on_change()

    def _make(self, model: str) -> list[Detector | None]:
        first = self._load(model)
        if first is None or first.thread_safe:
            return [first] * self._threads
        return [first, *(self._load(model) for _ in range(self._threads - 1))]


def close_all(instances: Iterable[Detector | None]) -> None:
    """Close those detectors that hold a thread."""
    for instance in instances:
        if (close := getattr(instance, "close", None)) is not None:
            close()
