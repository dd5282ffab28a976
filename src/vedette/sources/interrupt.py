"""Ends libav's blocking calls: from another thread, and when a stream has been silent for too long.

libav asks a callback, at every read from the network and ten times a second while it waits, whether to give
up. PyAV's callback answers without the interpreter only where no time-out is set: with one, it takes the GIL,
some 2000 times a second for a camera of 4 Mb/s, and 64 cameras then spend more on waiting for each other than
on their video (measured: 17 against 8 ms of processor time per camera and second). So a container is read
without a time-out, and one is set, in the past, only when the call shall end.

A container must never be freed while another thread reads it: this is the way to make that thread leave.
"""

import ctypes
import io
import itertools
import math
import struct
import threading
import time
from types import TracebackType
from typing import Any, Self

import av
import av.container.core
from av.container import InputContainer

from vedette.domain.errors import SourceError

_TICK_S = 0.1
_SENTINEL = 1.2345678912345e15
_ending: set[int] = set()
_far_ahead = itertools.count(2e15, 1e9)
"""Each answer is later than the last by more than any time-out: a call may begin with one of them."""


class _Clock:
    """Stands in for the module `time` in PyAV's container module, which uses `monotonic` alone.

    While a container is being opened there is a time-out, and no container yet to set another one in. For a
    thread that shall stop opening, time is up.
    """

    @staticmethod
    def monotonic() -> float:
        if _ending and threading.get_ident() in _ending:
            return next(_far_ahead)
        return time.monotonic()


class _Probe:
    """A clock whose reading can be found in memory."""

    @staticmethod
    def monotonic() -> float:
        return _SENTINEL


def _time_out_offset() -> int | None:
    """Where a container keeps its time-out, in bytes from the start of the object.

    PyAV has no way to set it from Python. It lies behind the time at which the call began; that is found by
    its value in a container made for it. None when it is not there: another PyAV.
    """
    core: Any = av.container.core
    if not hasattr(core, "time"):
        return None
    core.time = _Probe
    try:
        with av.open(io.BytesIO(bytes(64)), format="u8", timeout=(1.0, None)) as probe:
            content = ctypes.string_at(id(probe), type(probe).__basicsize__)
    except (av.FFmpegError, OSError, ValueError):
        return None
    finally:
        core.time = _Clock
    begun = content.find(struct.pack("d", _SENTINEL))
    found = begun >= 0 and content[begun + 8 : begun + 16] == struct.pack("d", -1.0)
    return begun + 8 if found else None


_OFFSET = _time_out_offset()
CAN_INTERRUPT = _OFFSET is not None
"""Whether reading goes on without a time-out of PyAV's; else PyAV's own must be used."""


def give_up(container: InputContainer) -> None:
    """Make a blocking call on the container return with an error, soon and once."""
    if _OFFSET is not None:
        ctypes.c_double.from_address(id(container) + _OFFSET).value = 0.0


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


class Watch:
    """Looks after one container while it is read: ends the read when nothing comes, or when it shall stop.

    Args:
        container: kept alive until the watch ends.
        interrupt: of the reading thread.
        silence_s: how long a read may take.
    """

    def __init__(self, container: InputContainer, interrupt: Interrupt, silence_s: float) -> None:
        self._container = container
        self._interrupt = interrupt
        self._silence_s = silence_s
        self.since_s = math.inf
        """When the present read began, infinite between reads; the reading thread keeps it."""

    def __enter__(self) -> Self:
        _watchman.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _watchman.remove(self)

    def check(self, now_s: float) -> None:
        """End the read if its time is up."""
        if self._interrupt.ended.is_set() or now_s - self.since_s > self._silence_s:
            give_up(self._container)


class _Watchman:
    """One thread that checks all watches; it is there while there is something to watch."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, watch: Watch) -> None:
        with self._lock:
            self._watches.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="stream watch", daemon=True)
                self._thread.start()

    def remove(self, watch: Watch) -> None:
        """After this returns the watch is not checked again."""
        with self._lock:
            self._watches.discard(watch)

    def _run(self) -> None:
        while True:
            time.sleep(_TICK_S)
            with self._lock:
                if not self._watches:
                    self._thread = None
                    return
                now_s = time.monotonic()
                for watch in self._watches:
                    watch.check(now_s)


_watchman = _Watchman()
