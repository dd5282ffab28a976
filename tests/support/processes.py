"""Real child processes, and waiting for conditions."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

import psutil

T = TypeVar("T")

PATIENCE_S = 120.0
"""How long tests wait for what must come: machines that run tests are busy, and benchmarks measure time."""


def wait_until(condition: Callable[[], T], timeout_s: float = PATIENCE_S, *, what: str = "") -> T:
    """Wait until a condition gives something true, and return that.

    Raises:
        TimeoutError: it did not within the time.
    """
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s:g} s: {what or condition}")
        time.sleep(0.01)
    return found


class Child:
    """A child process with its output; leaving the `with` block ends it and everything it started.

    with Child([sys.executable, "-m", "vedette.server"]) as server:
        server.wait_for_line("listening")
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            [str(part) for part in command],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            bufsize=1,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def output(self) -> str:
        """What it has written so far, both streams."""
        with self._changed:
            return "".join(self.lines)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def wait_for_line(self, text: str, timeout_s: float = PATIENCE_S) -> str:
        """Wait for a line of output that contains a text, and return it.

        Raises:
            TimeoutError: there was none within the time.
            ChildProcessError: the process ended without writing one.
        """
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                for line in self.lines:
                    if text in line:
                        return line
                if not self._reader.is_alive():
                    raise ChildProcessError(f"ended without {text!r}:\n{''.join(self.lines)}")
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no {text!r} within {timeout_s:g} s:\n{''.join(self.lines)}")
                self._changed.wait(0.1)

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """Wait for its end; returns the exit status (negative: the signal that ended it)."""
        status = self.process.wait(timeout_s)
        self._reader.join(timeout_s)
        return status

    def end(self, timeout_s: float = 30.0) -> int:
        """SIGTERM, and SIGKILL for it and all it started when that is not enough."""
        family = self._family()
        if self.running:
            self.process.terminate()
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._kill([child for child in family if child.is_running()])
        status = self.wait()
        if self.process.stdout:
            self.process.stdout.close()
        return status

    def _family(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def _kill(self, family: list[psutil.Process]) -> None:
        for child in family:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(family, timeout=5)

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()
