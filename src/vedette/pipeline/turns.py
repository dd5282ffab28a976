"""A small thread pool for tasks that take turns."""

import queue
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


class Turn:
    """One task of a `TurnPool`: its function never runs twice at a time.

    The function does a bounded piece of work and returns whether there is more to do at once.
    """

    def __init__(self, pool: "TurnPool", function: Callable[[], bool]) -> None:
        self._pool = pool
        self._function = function
        self._lock = threading.Lock()
        self._queued = False
        self._running = False

    def kick(self) -> None:
        """Ask for a turn; asking again before it has begun changes nothing. Any thread."""
        with self._lock:
            if self._queued:
                return
            self._queued = True
            if self._running:
                return  # the running turn queues itself again when it ends
        self._pool.put(self)

    def run(self) -> None:
        """Take the turn; called by the pool."""
        with self._lock:
            self._queued, self._running = False, True
        more = False
        try:
            more = self._function()
        finally:
            with self._lock:
                self._running = False
                again = self._queued or more
                self._queued = again
            if again:
                self._pool.put(self)


class TurnPool:
    """A few threads that give every task that has work its turn, first come, first served."""

    def __init__(self, threads: int, *, name: str = "turns") -> None:
        self._queue: queue.SimpleQueue[Turn | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def task(self, function: Callable[[], bool]) -> Turn:
        """A task of this pool; it runs when kicked."""
        return Turn(self, function)

    def put(self, turn: Turn) -> None:
        """Queue a turn; tasks call this through `Turn.kick`."""
        self._queue.put(turn)

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop after the turns that run now."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout_s)

    def _work(self) -> None:
        while (turn := self._queue.get()) is not None:
            try:
                turn.run()
            except Exception:
                log.exception("analysis turn failed")
