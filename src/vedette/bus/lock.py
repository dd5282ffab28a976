"""A lock on a file that the kernel releases when its holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path
from typing import Self


class LockedError(Exception):
    """Somebody else holds the lock.

    Attributes:
        pid: the process that took it, 0 when it did not say.
    """

    def __init__(self, path: Path, pid: int) -> None:
        super().__init__(f"{path} is locked by process {pid}")
        self.pid = pid


class FileLock:
    """An exclusive flock(2) with the holder's process id as the file's content.

    The file stays when the lock is released: removing it would let two processes lock two files of one name.
    Child processes that inherit the descriptor hold the lock too, until the last of them ends.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = -1

    def acquire(self) -> Self:
        """Take the lock without waiting.

        Raises:
            LockedError: somebody else holds it.
            OSError: the file cannot be created.
        """
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _read_pid(fd)
            os.close(fd)
            raise LockedError(self.path, pid) from None
        os.ftruncate(fd, 0)
        os.write(fd, str(os.getpid()).encode())
        self.fd = fd
        return self

    def acquire_from_orphans(self, wait_s: float) -> Self:
        """Take the lock; when the process that took it is dead, wait for the children that still hold it.

        Raises:
            LockedError: its holder lives, or its children did not end in time.
        """
        deadline_s = time.monotonic() + wait_s
        while True:
            try:
                return self.acquire()
            except LockedError as locked:
                if _alive(locked.pid) or time.monotonic() > deadline_s:
                    raise
            time.sleep(0.05)

    def release(self) -> None:
        """Let go; nothing happens when the lock is not held."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def _read_pid(fd: int) -> int:
    text = os.pread(fd, 20, 0)
    return int(text) if text.isdigit() else 0


def _alive(pid: int) -> bool:
    return pid > 0 and Path(f"/proc/{pid}").exists()
