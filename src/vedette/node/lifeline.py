"""Children end in order when the supervisor dies, even by kill -9.

The supervisor starts every child as `python -m vedette.node.lifeline MODULE ARGUMENTS...`. The child holds
the read end of a pipe whose write end lives in the processes that it must not outlive (for a worker the
supervisor, for the server the supervisor and all workers), so the kernel tells it with an end-of-file when
the last of them is gone. Unlike PR_SET_PDEATHSIG this gives an order, and does not depend on the thread that
started the child.
"""

import os
import runpy
import signal
import sys
import threading
import time

WORKER_DONE = 10
"""Exit status of a worker whose sources have all ended: it is not started again."""

DEADLINE_S = 8.0
"""A child that has not ended so long after its SIGTERM is killed."""

_WATCHED = "VEDETTE_LIFELINE"
_HELD = "VEDETTE_HELD_OPEN"


def environment(watched: int, held: tuple[int, ...]) -> dict[str, str]:
    """What tells a child its lifeline, and the descriptors that it only holds open."""
    return {_WATCHED: str(watched), _HELD: ",".join(map(str, held))}


def watch() -> None:
    """End this process by SIGTERM when the lifeline breaks; nothing happens in unsupervised processes."""
    watched = os.environ.pop(_WATCHED, "")
    held = [int(fd) for fd in os.environ.pop(_HELD, "").split(",") if fd]
    if not watched:
        return
    for fd in (int(watched), *held):
        os.set_inheritable(fd, False)  # programs that this one starts must not keep others alive
    threading.Thread(target=_end_with, args=(int(watched),), name="lifeline", daemon=True).start()


def _end_with(watched: int) -> None:
    while os.read(watched, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(DEADLINE_S)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Watch, then become the named module as `python -m` would."""
    watch()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
