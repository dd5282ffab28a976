"""News for everybody who listens: from the hub's thread to many asynchronous readers, all bounded."""

import asyncio
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

DEPTH = 256
"""News that wait for one reader before it is dropped as too slow."""


@dataclass(frozen=True, slots=True)
class News:
    """One piece of news.

    Attributes:
        kind: `event`, `segment`, `camera` or `incident`.
        camera: whom it is about, readers see only cameras they may see; empty for news that all may see.
        data: as the REST interface shows it.
        sequence: of events, to resume from; 0 for news that cannot be resumed.
    """

    kind: str
    camera: str
    data: Any
    sequence: int = 0


class Reader:
    """One listener; belongs to the event loop it was made in."""

    def __init__(self, depth: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[News | None] = asyncio.Queue(depth)
        self.ended = False
        self.too_slow = False

    async def next(self, timeout_s: float) -> News | None:
        """The next piece of news; None when there was none in time or no more will come (`ended`)."""
        if self.ended and not self.waiting:
            return None
        try:
            return await asyncio.wait_for(self._queue.get(), timeout_s)
        except TimeoutError:
            return None

    @property
    def waiting(self) -> int:
        """News in the queue."""
        return self._queue.qsize()

    def hand(self, news: News | None) -> None:
        """Give news from any thread; None ends it."""
        with suppress(RuntimeError):  # its event loop has been closed
            self._loop.call_soon_threadsafe(self._put, news)

    def _put(self, news: News | None) -> None:
        if self.ended:
            return
        self.ended = news is None
        try:
            self._queue.put_nowait(news)
        except asyncio.QueueFull:
            self.ended = True
            self.too_slow = news is not None


class Live:
    """Hands every piece of news to every reader; one that is `depth` behind is ended and counted."""

    def __init__(self, counters: Counter[str], depth: int = DEPTH) -> None:
        self._counters = counters
        self._depth = depth
        self._readers: set[Reader] = set()
        self._lock = threading.Lock()
        self._closed = False

    def join(self) -> Reader:
        """Start to listen; call `leave` in the end."""
        reader = Reader(self._depth)
        with self._lock:
            self._readers.add(reader)
            if self._closed:
                reader.hand(None)
        return reader

    def leave(self, reader: Reader) -> None:
        """Stop listening."""
        with self._lock:
            self._readers.discard(reader)
            self._counters["live_readers_dropped"] += reader.too_slow

    def publish(self, news: News) -> None:
        """Hand the news to everybody, from any thread."""
        with self._lock:
            for reader in self._readers:
                reader.hand(news)

    def close(self) -> None:
        """End all readers, now and in future."""
        with self._lock:
            self._closed = True
            for reader in self._readers:
                reader.hand(None)

    @property
    def readers(self) -> int:
        """How many listen."""
        return len(self._readers)
