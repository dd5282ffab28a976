"""Starts the server and the workers, starts again what dies, stops them in order."""

import os
import select
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import structlog

from vedette.bus.wake import Wake
from vedette.node.child import Backoff, Child, Command, ended_cleanly
from vedette.node.lifeline import WORKER_DONE
from vedette.node.standing import ProcessStanding, Standing, write_standing

WORKERS_STOP_S = 6.0
STOP_S = 9.0
"""Both from the start of the stop: everything has ended within 10 s."""
_KILL_S = 0.5

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_log = structlog.get_logger(__name__)


class Supervisor:
    """Runs commands until told to stop.

    Args:
        commands: started in this order.
        held: descriptors that every child inherits and holds open, such as the lock of the home: it stays
            locked until the last child of a killed supervisor has ended.
        counters: takes `restarts` and `unclean_exits`.
        standing: the file that tells the server what runs; none is written when None.
    """

    def __init__(
        self,
        commands: Sequence[Command],
        *,
        held: Sequence[int] = (),
        counters: Counter[str] | None = None,
        standing: Path | None = None,
    ) -> None:
        self._counters = Counter() if counters is None else counters
        self._standing_file = standing
        self._processes = {c.name: ProcessStanding() for c in commands}
        self._began_utc_s = time.time()
        self._held = tuple(held)
        self._children: dict[str, Child] = {}
        self._due_s = dict.fromkeys((c.name for c in commands), 0.0)
        self._commands = {c.name: c for c in commands}
        self._backoffs = {c.name: Backoff() for c in commands}
        self._started_s: dict[str, float] = {}
        self._workers = {c.name for c in commands if c.role == "worker"}
        self._stops = 0
        self._clean = True
        self._wake = Wake()
        self._supervisor_lives = os.pipe()
        self._anyone_lives = os.pipe()

    def run(self) -> int:
        """Block until everything has ended; 0 when all ended cleanly, 1 when not. Main thread only."""
        with self._signals_taken():
            self._watch_over()
            self._stop_all()
        self._release()
        return 0 if self._clean else 1

    def stop(self) -> None:
        """Begin to stop, from any thread; a second call kills."""
        self._stops += 1
        self._wake.set()

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run now, by name."""
        return {name: child.pid for name, child in list(self._children.items())}

    @contextmanager
    def _signals_taken(self) -> Iterator[None]:
        # nohup(1) ignores SIGHUP, and means it.
        taken = [n for n in _SIGNALS if n != signal.SIGHUP or signal.getsignal(n) != signal.SIG_IGN]
        previous = {number: signal.signal(number, lambda *_: self.stop()) for number in taken}
        # Python calls handlers between its own steps: without this, a signal right before a poll waits.
        waked = signal.set_wakeup_fd(self._wake.signal_fd, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(waked)
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _watch_over(self) -> None:
        """Until a stop, or until all workers are done."""
        while not self._stops and not self._done():
            self._start_due()
            for child, status in self._ended(self._until_due_s()):
                self._restart_later(child, status)

    def _done(self) -> bool:
        return bool(self._workers) and not self._workers & (self._due_s.keys() | self._children.keys())

    def _start_due(self) -> None:
        now_s = time.monotonic()
        for name in [name for name, due_s in self._due_s.items() if due_s <= now_s]:
            del self._due_s[name]
            self._started_s[name] = now_s
            try:
                self._children[name] = self._start(self._commands[name])
            except OSError as error:
                self._due_s[name] = now_s + max(self._backoffs[name].pause_after(0.0), 1.0)
                _log.error("process not started", process=name, error=str(error))

    def _start(self, command: Command) -> Child:
        if command.role == "worker":
            # A worker also holds the pipe by which the server learns that the last worker has ended.
            child = Child(command, self._supervisor_lives[0], (self._anyone_lives[1], *self._held))
        else:
            child = Child(command, self._anyone_lives[0], self._held)
        _log.info("process started", process=command.name, pid=child.pid)
        self._note(command.name, pid=child.pid, started_utc_s=time.time())
        return child

    def _note(self, name: str, **changes: float | None) -> None:
        """Remember how a process stands, and tell the server; supervision goes on where that cannot be."""
        self._processes[name] = msgspec.structs.replace(self._processes[name], **changes)
        if self._standing_file is not None:
            counters = dict(self._counters)
            standing = Standing(
                pid=os.getpid(),
                started_utc_s=self._began_utc_s,
                counters=counters,
                processes=self._processes,
            )
            with suppress(OSError):
                write_standing(self._standing_file, standing)

    def _until_due_s(self) -> float | None:
        return max(min(self._due_s.values()) - time.monotonic(), 0.0) if self._due_s else None

    def _ended(self, timeout_s: float | None) -> list[tuple[Child, int]]:
        """Wait for children to end, a wake, or the time; children that ended are reaped."""
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        by_fd = {child.pidfd: child for child in self._children.values()}
        for fd in by_fd:
            poll.register(fd, select.POLLIN)
        ready = poll.poll(None if timeout_s is None else max(timeout_s, 0.0) * 1000)
        self._wake.clear()
        ended = [by_fd[fd] for fd, _ in ready if fd in by_fd]
        for child in ended:
            del self._children[child.command.name]
        return [(child, child.reap()) for child in ended]

    def _restart_later(self, child: Child, status: int) -> None:
        name = child.command.name
        if status == WORKER_DONE and name in self._workers:
            _log.info("worker is done", process=name, pid=child.pid)
            return
        now_s = time.monotonic()
        pause_s = self._backoffs[name].pause_after(now_s - self._started_s[name])
        self._due_s[name] = now_s + pause_s
        self._counters["restarts"] += 1
        self._note(name, pid=0, restarts=self._processes[name].restarts + 1, last_status=status)
        _log.warning(
            "process died, will start again", process=name, pid=child.pid, status=status, pause_s=pause_s
        )

    def _stop_all(self) -> None:
        _log.info("stopping", processes=len(self._children))
        begun_s = time.monotonic()
        self._stop(lambda child: child.command.role == "worker", begun_s + WORKERS_STOP_S)
        self._stop(lambda child: child.command.role == "server", begun_s + STOP_S)

    def _stop(self, chosen: Callable[[Child], bool], deadline_s: float) -> None:
        stopping = {name for name, child in self._children.items() if chosen(child)}
        for name in stopping:
            self._children[name].terminate()
        while (left := stopping & self._children.keys()) and self._stops < 2:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                break
            self._reap_within(left_s)
        if left:
            self._kill(left)

    def _reap_within(self, timeout_s: float) -> None:
        for child, status in self._ended(timeout_s):
            self._note_end(child, status)

    def _kill(self, names: set[str]) -> None:
        """SIGKILL, and a moment for the kernel to clear up; what it cannot end is left behind, loudly."""
        for name in names:
            _log.error("process killed", process=name, pid=self._children[name].pid)
            self._children[name].kill()
        deadline_s = time.monotonic() + _KILL_S
        while names & self._children.keys() and (left_s := deadline_s - time.monotonic()) > 0:
            self._reap_within(left_s)
        self._clean &= not names & self._children.keys()

    def _note_end(self, child: Child, status: int) -> None:
        clean = ended_cleanly(status)
        self._clean &= clean
        self._counters["unclean_exits"] += not clean
        _log.info("process ended", process=child.command.name, pid=child.pid, status=status)

    def _release(self) -> None:
        for fd in (*self._supervisor_lives, *self._anyone_lives):
            os.close(fd)
        self._wake.close()
