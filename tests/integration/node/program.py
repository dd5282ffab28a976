"""A supervised program: says in a journal when it starts and stops, and behaves as it is told."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from vedette.node.lifeline import WORKER_DONE


def note(journal: Path, word: str, name: str) -> None:
    """One line, appended in one write, so that lines of several processes do not mix."""
    line = f"{word} {name} {os.getpid()} {os.getsid(0)} {os.environ['MALLOC_ARENA_MAX']}\n"
    with journal.open("ab", buffering=0) as file:
        file.write(line.encode())


def main(name: str, folder: Path, behaviour: str) -> int:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if behaviour == "parent":
        subprocess.Popen(["sleep", "600"], close_fds=False)
    note(folder / "journal", "start", name)
    if behaviour == "crash":
        return 3
    while not stop.wait(0.02):
        if behaviour == "done" and (folder / "finish").exists():
            note(folder / "journal", "done", name)
            return WORKER_DONE
    note(folder / "journal", "stop", name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
