"""One supervised process: how it is started, how long it rests after it died, how it is stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from vedette.node.lifeline import WORKER_DONE, environment

HEALTHY_S = 60.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0

_ENVIRONMENT = {
    # Few arenas and few threads: many cameras in one process, one detector session per core.
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "PYTHONUNBUFFERED": "1",
}


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: `python -m module arguments`."""

    name: str
    role: Literal["server", "worker"]
    module: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


class Backoff:
    """Pauses before restarts: none at first, then doubling; good health for `HEALTHY_S` forgets the past."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def pause_after(self, ran_s: float) -> float:
        """How long to wait, in seconds, after a run of `ran_s` seconds ended."""
        pause_s = 0.0 if ran_s >= HEALTHY_S else self._next_s
        self._next_s = min(max(pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        return pause_s


class Child:
    """A running process in a session of its own, so that Ctrl-C in the terminal does not reach it.

    Args:
        command: what to run.
        watched: read end of the pipe that breaks when it shall end.
        held: descriptors to inherit and hold open.

    Raises:
        OSError: it could not be started.
    """

    def __init__(self, command: Command, watched: int, held: Iterable[int]) -> None:
        held = tuple(held)
        self.command = command
        self._process = subprocess.Popen(
            [sys.executable, "-m", "vedette.node.lifeline", command.module, *command.arguments],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(watched, *held),
            env={**os.environ, **_ENVIRONMENT, **command.environment, **environment(watched, held)},
        )
        self.pid = self._process.pid
        self.pidfd = os.pidfd_open(self.pid)

    def terminate(self) -> None:
        """Ask it to end."""
        signal.pidfd_send_signal(self.pidfd, signal.SIGTERM)

    def kill(self) -> None:
        """End it and everything it started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def reap(self) -> int:
        """The exit status after the pidfd became readable; kills what the child left running."""
        self.kill()  # before the wait: until then the kernel gives its group id to nobody else
        os.close(self.pidfd)
        return self._process.wait()


def ended_cleanly(status: int) -> bool:
    """Whether this exit status is that of an orderly end; servers may die by the SIGTERM they obeyed."""
    return status in {0, WORKER_DONE, -signal.SIGTERM}
