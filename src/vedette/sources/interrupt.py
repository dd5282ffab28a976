"""Ends libav's blocking calls from another thread.

libav asks a callback, ten times a second, whether to give up. PyAV's callback compares `time.monotonic()`
of its own module with the time-out, so that is where we answer: for a thread that shall stop, time is up.
A container must never be freed while another thread reads it: this is the way to make that thread leave.
"""

import itertools
import threading
import time
from types import TracebackType
from typing import Self

import av.container.core

from vedette.domain.errors import SourceError

_ending: set[int] = set()
_far_ahead = itertools.count(1e15, 1e9)
"""Each answer is later than the last by more than any time-out: a call may begin with one of them."""


class _Clock:
    """Stands in for the module `time` in PyAV's container module, which uses `monotonic` alone."""

    @staticmethod
    def monotonic() -> float:
        if _ending and threading.get_ident() in _ending:
            return next(_far_ahead)
        return time.monotonic()


if hasattr(av.container.core, "time"):  # without it, a stop takes effect at the time-out
    setattr(av.container.core, "time", _Clock)  # noqa: B010 -- no attribute of its type


class Interrupt:
    """A section of blocking calls that `end` cuts short, once and for good."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._thread: int | None = None

    def end(self) -> bool:
        """Make the section end; tells whether it is free, so that the caller may clean up."""
        with self._lock:
            self.ended.set()
            if self._thread not in {None, threading.get_ident()}:
                _ending.add(self._thread)
            return self._thread is None

    def __enter__(self) -> Self:
        with self._lock:
            if self.ended.is_set():
                raise SourceError("the source has been closed")
            self._thread = threading.get_ident()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self._thread is not None:
                _ending.discard(self._thread)
            self._thread = None
