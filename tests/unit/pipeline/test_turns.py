"""Turns: tasks share a few threads, none runs twice at a time."""

import threading
from collections.abc import Iterator

import pytest

from tests.support.processes import PATIENCE_S
from vedette.pipeline.turns import TurnPool


@pytest.fixture
def pool() -> Iterator[TurnPool]:
    pool = TurnPool(3)
    yield pool
    pool.close()


def test_a_kicked_task_runs_once(pool: TurnPool) -> None:
    """One kick, one run."""
    runs = threading.Semaphore(0)
    task = pool.task(lambda: bool(runs.release()))
    task.kick()
    assert runs.acquire(timeout=PATIENCE_S)
    assert not runs.acquire(timeout=0.05)


def test_a_task_never_runs_twice_at_a_time(pool: TurnPool) -> None:
    """Kicks during a run lead to another run after it, not beside it."""
    busy = threading.Lock()
    overlaps: list[int] = []
    done = threading.Event()
    runs = 0

    def work() -> bool:
        nonlocal runs
        if not busy.acquire(blocking=False):
            overlaps.append(1)
            return False
        runs += 1
        if runs < 50:
            task.kick()
        else:
            done.set()
        busy.release()
        return False

    task = pool.task(work)
    task.kick()
    assert done.wait(PATIENCE_S)
    assert runs == 50
    assert not overlaps


def test_a_task_with_more_to_do_comes_again_after_the_others() -> None:
    """A task that returns True goes to the end of the line."""
    order: list[str] = []
    done = threading.Event()
    gate = threading.Event()

    def greedy() -> bool:
        gate.wait(PATIENCE_S)
        order.append("greedy")
        if order.count("greedy") == 2:
            done.set()
        return order.count("greedy") < 2

    pool = TurnPool(1)
    first = pool.task(greedy)
    second = pool.task(lambda: bool(order.append("other")))
    first.kick()
    second.kick()
    gate.set()
    assert done.wait(PATIENCE_S)
    assert order == ["greedy", "other", "greedy"]
    pool.close()


def test_a_failing_task_stops_nobody(pool: TurnPool) -> None:
    """The thread that met an exception serves the next task, and the failed one can run again."""
    ran = threading.Semaphore(0)

    def fail() -> bool:
        ran.release()
        raise ValueError("broken camera")

    bad = pool.task(fail)
    for _ in range(6):
        bad.kick()
        assert ran.acquire(timeout=PATIENCE_S)
    good = threading.Event()
    pool.task(lambda: bool(good.set())).kick()
    assert good.wait(PATIENCE_S)
