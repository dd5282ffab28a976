"""Wakes a thread that polls sockets, from any other thread."""

import os
from contextlib import suppress


class Wake:
    """A pipe: level-triggered, pollable beside ZeroMQ sockets and pidfds."""

    def __init__(self) -> None:
        self._read_fd, self._write_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """The descriptor to poll for reading."""
        return self._read_fd

    @property
    def signal_fd(self) -> int:
        """For `signal.set_wakeup_fd`: a signal then wakes also a thread that is just about to poll."""
        return self._write_fd

    def set(self) -> None:
        """Wake the thread; safe in a signal handler, and after `close`."""
        if self._write_fd >= 0:
            with suppress(BlockingIOError):  # full of wakes
                os.write(self._write_fd, b"\0")

    def clear(self) -> None:
        """Forget all wakes until now."""
        with suppress(BlockingIOError):
            while os.read(self._read_fd, 4096):
                pass

    def close(self) -> None:
        """Release the descriptors."""
        fds = self._read_fd, self._write_fd
        self._read_fd = self._write_fd = -1
        for fd in fds:
            if fd >= 0:
                os.close(fd)
