"""What one viewer is sent: a bounded queue, and no more on the way than the line carries."""

import asyncio
import threading
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass

from vedette.domain.messages import LiveBoxes, LiveEnd, LiveFragment, LiveInit
from vedette.server.streams import wire

QUEUE_BYTES_MAX = 8 * 2**20
TEXTS_MAX = 512
ON_THE_WAY_S = 2.5
"""A viewer who confirms frames is sent nothing new while one is on its way for longer."""

Media = LiveInit | LiveFragment | LiveBoxes | LiveEnd


@dataclass(slots=True)
class Watching:
    """One subscription: what its viewer has, and what must come next."""

    number: int
    camera: str
    stream: str
    sound: bool
    run: str = ""
    sequence: int = 0
    begun: bool = False


class Viewer:
    """The queue of one socket. Media come from the relay's thread, texts from the event loop.

    A viewer who is too slow misses whole groups of pictures: what waits of a subscription is thrown away,
    and the next thing sent is a keyframe.
    """

    def __init__(self, counters: Counter[str]) -> None:
        self._loop = asyncio.get_running_loop()
        self._counters = counters
        self._changed = asyncio.Event()
        self._lock = threading.Lock()
        self._queue: deque[tuple[int, str | bytes]] = deque()
        self._bytes = self._texts = 0
        self._on_the_way: deque[tuple[int, float]] = deque()
        self._sent = 0
        self._confirms = False
        self.overrun = False

    def say(self, text: str) -> None:
        """Queue a control message, from any thread."""
        self._put(-1, text)

    def show(self, watching: Watching, media: Media) -> None:
        """Queue a piece of a stream, or leave it out; from any thread."""
        if isinstance(media, LiveFragment):
            self._show_fragment(watching, media)
        elif isinstance(media, LiveInit):
            self._begin(watching, media)
        elif isinstance(media, LiveBoxes):
            self._put(watching.number, wire.boxes_text(watching.number, media))
        else:
            self._put(watching.number, wire.end_text(watching.number, media))

    def forget(self, number: int) -> None:
        """Throw away what waits of a subscription."""
        with self._lock:
            self._drop(number)

    def received(self, frames: int) -> None:
        """The viewer has confirmed so many binary frames."""
        with self._lock:
            self._confirms = True
            while self._on_the_way and self._on_the_way[0][0] <= frames:
                self._on_the_way.popleft()

    async def next(self) -> str | bytes:
        """The next thing to send."""
        while True:
            with self._lock:
                if self._queue:
                    return self._pop()
                self._changed.clear()
            await self._changed.wait()

    def _pop(self) -> str | bytes:
        _, data = self._queue.popleft()
        if isinstance(data, str):
            self._texts -= 1
        else:
            self._bytes -= len(data)
            self._sent += 1
            if self._confirms:
                self._on_the_way.append((self._sent, time.monotonic()))
        return data

    def _begin(self, watching: Watching, init: LiveInit) -> None:
        watching.run, watching.begun, watching.sequence = init.run, False, 0
        self.forget(watching.number)
        self._put(watching.number, wire.init_text(watching.number, init, sound=watching.sound))
        for frame in wire.init_frames(watching.number, init, sound=watching.sound):
            self._put(watching.number, frame)

    def _show_fragment(self, watching: Watching, fragment: LiveFragment) -> None:
        if fragment.run != watching.run:
            return
        if fragment.track == "audio":
            if watching.sound and watching.begun:
                self._put(watching.number, wire.fragment_frame(watching.number, fragment))
            return
        whole = watching.begun and fragment.sequence == watching.sequence + 1
        if not whole and not fragment.keyframe:
            watching.begun = False
            return
        if self._is_slow(len(fragment.data)):
            self._skip(watching)
            return
        watching.begun, watching.sequence = True, fragment.sequence
        self._put(watching.number, wire.fragment_frame(watching.number, fragment))

    def _is_slow(self, size_bytes: int) -> bool:
        with self._lock:
            late = bool(self._on_the_way) and time.monotonic() - self._on_the_way[0][1] > ON_THE_WAY_S
            return late or self._bytes + size_bytes > QUEUE_BYTES_MAX

    def _skip(self, watching: Watching) -> None:
        """Leave out everything up to the next keyframe; initialization segments stay."""
        watching.begun = False
        self._counters["live_viewer_skips"] += 1
        with self._lock:
            self._drop(watching.number, media_only=True)

    def _drop(self, number: int, *, media_only: bool = False) -> None:
        kept = [
            entry
            for entry in self._queue
            if entry[0] != number or (media_only and (isinstance(entry[1], str) or _is_init(entry[1])))
        ]
        self._queue = deque(kept)
        self._bytes = sum(len(data) for _, data in kept if isinstance(data, bytes))
        self._texts = sum(isinstance(data, str) for _, data in kept)

    def _put(self, number: int, data: str | bytes) -> None:
        with self._lock:
            if isinstance(data, bytes):
                self._bytes += len(data)
            elif self._texts >= TEXTS_MAX:
                self.overrun = True  # nobody reads any more
                return
            else:
                self._texts += 1
            was_empty = not self._queue
            self._queue.append((number, data))
        if was_empty:
            with suppress(RuntimeError):  # its event loop has been closed
                self._loop.call_soon_threadsafe(self._changed.set)


def _is_init(frame: bytes) -> bool:
    return bool(frame[2] & wire.INIT)
