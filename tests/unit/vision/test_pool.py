"""The pool is fair, keeps a camera's frames in order, and outlives its jobs and models."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from vedette.domain.errors import ModelError
from vedette.vision.instances import RETRY_S
from vedette.vision.pool import DetectorPool

WAIT_S = 10.0


class Named:
    """All of a detector that the pool itself looks at."""

    def __init__(self, name: str, *, thread_safe: bool = False) -> None:
        self.name, self.thread_safe = name, thread_safe
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


class Loader:
    """Loads by name; a name starting with `bad` fails, one in `held` waits until it is let go."""

    def __init__(self) -> None:
        self.loaded: list[Named] = []
        self.threads: set[str] = set()
        self.held: dict[str, threading.Event] = {}
        self.attempts = 0

    def __call__(self, name: str) -> Any:
        self.attempts += 1
        self.threads.add(threading.current_thread().name)
        if name in self.held:
            assert self.held[name].wait(WAIT_S)
        if name.startswith("bad"):
            raise ModelError("not a model")
        if name == "none":
            return None
        self.loaded.append(Named(name, thread_safe=name.startswith("shared")))
        return self.loaded[-1]


class Gate:
    """A job that says when it runs and ends when it is let go."""

    def __init__(self) -> None:
        self.running, self.go = threading.Event(), threading.Event()
        self.detector: Any = None

    def __call__(self, detector: Any) -> None:
        self.detector = detector
        self.running.set()
        assert self.go.wait(WAIT_S)


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def pool(loader: Loader, clock: list[float]) -> Iterator[DetectorPool]:
    """A pool of one thread."""
    made = DetectorPool(loader, 1, clock=lambda: clock[0])
    yield made
    made.close()


def run(pool: DetectorPool, camera: str, model: str = "m") -> Any:
    """Run a job and return the detector it got."""
    done, seen = threading.Event(), []

    def job(detector: Any) -> None:
        seen.append(detector)
        done.set()

    assert pool.wait_free(camera, WAIT_S)
    assert pool.submit(camera, model, job)
    assert done.wait(WAIT_S)
    return seen[0]


def test_one_running_and_one_waiting_per_camera(pool: DetectorPool) -> None:
    """The third frame is refused and counted, and taken when the second has started."""
    first, second, third = Gate(), Gate(), Gate()
    assert pool.submit("a", "m", first)
    assert first.running.wait(WAIT_S)
    assert pool.submit("a", "m", second)
    assert not pool.submit("a", "m", third)
    assert pool.counters["detector_jobs_refused"] == 1
    assert not pool.wait_free("a", 0.0)
    first.go.set()
    assert pool.wait_free("a", WAIT_S)
    assert pool.submit("a", "m", third)
    for gate in (second, third):
        gate.go.set()
        assert gate.running.wait(WAIT_S)


def test_a_camera_never_runs_twice_at_once(loader: Loader) -> None:
    """With threads to spare, the second frame of a camera still waits for its first."""
    pool = DetectorPool(loader, 3)
    first, second, other = Gate(), Gate(), Gate()
    pool.submit("a", "m", first)
    assert first.running.wait(WAIT_S)
    pool.submit("a", "m", second)
    pool.submit("b", "m", other)
    assert other.running.wait(WAIT_S)
    assert not second.running.is_set()
    for gate in (first, other, second):
        gate.go.set()
    assert second.running.wait(WAIT_S)
    pool.close()


def test_cameras_take_turns(loader: Loader) -> None:
    """Every camera always has work; whichever asks most often, each gets every fifth turn."""
    order: list[str] = []
    enough = threading.Event()
    cameras = "abcde"

    def again(camera: str) -> None:
        pool.submit(camera, "m", jobs[camera])

    def note(camera: str) -> None:
        order.append(camera)
        if len(order) == 100:
            enough.set()

    jobs = {camera: (lambda _detector, camera=camera: note(camera)) for camera in cameras}
    pool = DetectorPool(loader, 1, on_free=again)
    for camera in cameras:
        pool.submit(camera, "m", jobs[camera])
    assert enough.wait(WAIT_S)
    pool.close()
    rounds = [order[start : start + 5] for start in range(5, 100, 5)]
    assert all(sorted(one) == list(cameras) for one in rounds)


def test_a_failing_job_harms_nobody(pool: DetectorPool) -> None:
    """It is logged and counted; the thread goes on with the next."""

    def fail(_detector: Any) -> None:
        raise ValueError("broken frame")

    with structlog.testing.capture_logs() as logs:
        pool.submit("a", "m", fail)
        assert run(pool, "a").name == "m"
    assert pool.counters["detector_job_errors"] == 1
    assert [entry["camera"] for entry in logs] == ["a"]


def test_each_thread_has_its_own_detector(loader: Loader) -> None:
    """Detectors are not thread-safe: two running jobs hold two instances."""
    pool = DetectorPool(loader, 2)
    gates = [Gate(), Gate()]
    for camera, gate in zip("ab", gates, strict=True):
        pool.submit(camera, "m", gate)
    for gate in gates:
        assert gate.running.wait(WAIT_S)
    assert gates[0].detector is not gates[1].detector
    assert not any(name.startswith("detector-") for name in loader.threads)
    for gate in gates:
        gate.go.set()
    pool.close()
    assert all(detector.closed.is_set() for detector in loader.loaded)


def test_a_batching_detector_serves_all_threads(loader: Loader) -> None:
    """One that is made for many threads is loaded once."""
    pool = DetectorPool(loader, 4)
    assert run(pool, "a", "shared").name == "shared"
    assert loader.attempts == 1
    pool.close()


def test_models_switch_without_a_pause(pool: DetectorPool, loader: Loader) -> None:
    """While the new model loads the camera keeps the old one; then the old one is let go."""
    old = run(pool, "a", "old")
    loader.held["new"] = threading.Event()
    assert run(pool, "a", "new") is old
    loader.held["new"].set()
    pool._instances.wait()
    assert run(pool, "a", "new").name == "new"
    assert run(pool, "a", "new").name == "new"
    assert old.closed.wait(WAIT_S)


def test_the_first_job_waits_for_its_model(pool: DetectorPool, loader: Loader) -> None:
    """A camera without any model yet waits, and others are not held up."""
    loader.held["slow"] = threading.Event()
    gate = Gate()
    gate.go.set()
    assert pool.submit("a", "slow", gate)
    assert run(pool, "b", "fast").name == "fast"
    assert not gate.running.is_set()
    loader.held["slow"].set()
    assert gate.running.wait(WAIT_S)
    assert gate.detector.name == "slow"


def test_a_model_that_cannot_be_loaded_leaves_the_old_one(pool: DetectorPool) -> None:
    """The failure can be asked for; the camera goes on with what it has."""
    old = run(pool, "a", "good")
    with structlog.testing.capture_logs():
        assert run(pool, "a", "bad") is old
        pool._instances.wait()
    assert isinstance(pool.failure("bad"), ModelError)
    assert pool.failure("good") is None
    assert run(pool, "a", "bad") is old


def test_without_any_model_jobs_run_without_a_detector(pool: DetectorPool, loader: Loader) -> None:
    """Motion only is better than nothing, whether loading failed or gave none."""
    with structlog.testing.capture_logs() as logs:
        assert run(pool, "a", "bad") is None
    assert [entry["model"] for entry in logs] == ["bad"]
    assert run(pool, "b", "none") is None


def test_a_failed_model_is_tried_again_after_a_while(
    pool: DetectorPool, loader: Loader, clock: list[float]
) -> None:
    """Not with every frame, but the network may come back."""
    with structlog.testing.capture_logs():
        for _ in range(3):
            run(pool, "a", "bad")
        assert loader.attempts == 1
        clock[0] += RETRY_S + 1
        run(pool, "a", "bad")
        pool._instances.wait()
    assert loader.attempts == 2


def test_forgetting_a_camera(pool: DetectorPool) -> None:
    """Its waiting job is dropped; it may come back, still never twice at once."""
    first, dropped, again = Gate(), Gate(), Gate()
    pool.submit("a", "m", first)
    assert first.running.wait(WAIT_S)
    pool.submit("a", "m", dropped)
    pool.forget("a")
    assert pool.submit("a", "m", again)
    first.go.set()
    again.go.set()
    assert again.running.wait(WAIT_S)
    pool.forget("a")
    pool.forget("nobody")
    assert run(pool, "b").name == "m"
    assert not dropped.running.is_set()


def test_waiting_time_and_queue_are_visible(pool: DetectorPool, clock: list[float]) -> None:
    """The gauges that load control and the user see."""
    first, second = Gate(), Gate()
    pool.submit("a", "m", first)
    assert first.running.wait(WAIT_S)
    pool.submit("b", "m", second)
    assert pool.gauges()["detector_queue_length"] == 1
    clock[0] += 2.0
    second.go.set()
    first.go.set()
    assert second.running.wait(WAIT_S)
    assert pool.gauges() == {"detector_queue_length": 0, "detector_queue_wait_s": pytest.approx(0.2)}


def test_close_ends_running_jobs_and_drops_waiting_ones(loader: Loader) -> None:
    """Nothing runs after close, closing twice is harmless, and later jobs are refused."""
    pool = DetectorPool(loader, 1)
    first, dropped = Gate(), Gate()
    pool.submit("a", "m", first)
    assert first.running.wait(WAIT_S)
    pool.submit("b", "m", dropped)
    closing = threading.Thread(target=pool.close)
    closing.start()
    assert pool.wait_free("b", WAIT_S)
    first.go.set()
    closing.join(WAIT_S)
    assert not dropped.running.is_set()
    pool.close()
    assert not pool.submit("a", "m", dropped)
    assert pool.wait_free("a", 0.0)
    assert not any(thread.is_alive() for thread in pool._threads)
