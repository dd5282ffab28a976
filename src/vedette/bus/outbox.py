"""The outbox: messages are durable before they are announced, and leave when every reader has them.

One writer thread commits everything that waits in one transaction (group commit), so that many cameras
share each fsync.
"""

import sqlite3
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import accumulate, takewhile
from pathlib import Path

import structlog

from vedette.bus.lock import FileLock, LockedError
from vedette.bus.outbox_file import Changes, Contents, DamagedError, OutboxFile, Row
from vedette.domain.errors import StorageError
from vedette.domain.messages import EventMessage, SegmentMessage, encode

SERVER = "server"
"""The reader that every outbox has: the link to the server."""

MAX_ROWS = 200_000
MAX_BYTES = 256 * 1024**2
MAX_MESSAGE_BYTES = 4 * 1024**2
BATCH_BYTES = 1024**2

_RETRY_S = 1.0
_ACK_DELAY_S = 0.5
_CLOSE_S = 5.0

_log = structlog.get_logger(__name__)


class OutboxFullError(StorageError):
    """The outbox did not take the message: nobody has read it for too long, or the message is too large."""


class Outbox:
    """A durable queue with named readers, each with its own cursor; safe to use from several threads.

    Args:
        path: the SQLite file; a lock file lies beside it.
        readers: who must have acknowledged a message before it is deleted.
        max_rows: messages held at most, those still in memory included.
        max_bytes: their encoded size at most.
        counters: takes `outbox_appended`, `outbox_refused`, `outbox_write_errors`, `outbox_damaged`,
            `outbox_set_aside`, `outbox_lost`.

    Raises:
        StorageError: the file cannot be opened, or another process uses it.
    """

    def __init__(
        self,
        path: Path,
        *,
        readers: Sequence[str] = (SERVER,),
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
        counters: Counter[str] | None = None,
    ) -> None:
        self._path = path
        self._max_rows, self._max_bytes = max_rows, max_bytes
        self._counters = Counter() if counters is None else counters
        self._file = OutboxFile(path, readers)
        self._claim, held = self._opened()
        self._last = self._durable = held.last_seq
        self._rows, self._bytes = held.rows, held.size_bytes
        self._acked = held.acked
        self._failed, self._failure = 0, ""
        self._damage = ""
        self._waiting: deque[Row] = deque()
        self._changes = Changes()
        self._closing = self._stopped = False
        self._listeners: list[Callable[[], None]] = []
        lock = threading.Lock()
        self._work, self._done = threading.Condition(lock), threading.Condition(lock)
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def append(self, message: EventMessage | SegmentMessage) -> int:
        """Add a message and return its sequence number once it is durable.

        Raises:
            OutboxFullError: it was not taken.
            StorageError: the disk did not take it. It stays in memory and is written as soon as the disk
                is well again: do not append it a second time.
        """
        seq = self.append_nowait(message)
        self._wait(seq, None)
        return seq

    def append_nowait(self, message: EventMessage | SegmentMessage) -> int:
        """Add a message without waiting; `flush` tells when it is durable.

        Raises:
            OutboxFullError: it was not taken.
        """
        payload = encode(message)
        with self._work:
            self._check_room(len(payload))
            self._last += 1
            self._rows += 1
            self._bytes += len(payload)
            self._waiting.append((self._last, payload))
            self._counters["outbox_appended"] += 1
            self._work.notify()
            return self._last

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until everything added so far is durable.

        Raises:
            StorageError: the disk did not take it (yet), or the time is over.
        """
        with self._work:
            seq = self._last
        self._wait(seq, timeout_s)

    def pending(self, limit: int, *, reader: str = SERVER, max_bytes: int = BATCH_BYTES) -> list[Row]:
        """Durable messages that the reader has not acknowledged, oldest first, within both bounds.

        The first is returned whatever its size.

        Raises:
            StorageError: the file cannot be read now.
        """
        try:
            rows = self._file.read(self._acked[reader], limit)
        except DamagedError as error:
            self._report_damage(str(error))
            raise StorageError(f"The outbox {self._path} is damaged and will be replaced.") from error
        except sqlite3.Error as error:
            raise StorageError(f"The outbox {self._path} cannot be read: {error}.") from error
        sizes = accumulate(len(payload) for _, payload in rows)
        fitting = sum(1 for _ in takewhile(lambda size: size <= max_bytes, sizes))
        return rows[: max(fitting, 1)]

    def ack(self, seq: int, *, reader: str = SERVER) -> None:
        """The reader has everything up to `seq`; made durable soon (a crash before means it comes again)."""
        with self._work:
            if seq > self._acked[reader]:
                self._acked[reader] = self._changes.acked[reader] = seq
                self._work.notify()

    def set_aside(self, seq: int, reason: str, *, reader: str = SERVER) -> None:
        """Keep a message that the reader cannot take, for people to look at; acknowledge it afterwards."""
        with self._work:
            self._changes.refused.append((seq, reader, reason))
            self._counters["outbox_set_aside"] += 1
            self._work.notify()
        _log.warning("message set aside", seq=seq, reader=reader, reason=reason, file=str(self._path))

    def refused(self) -> list[tuple[int, str, str, bytes]]:
        """What was set aside: sequence number, reader, reason, payload."""
        return self._file.set_aside()

    def waiting_for(self, reader: str = SERVER) -> bool:
        """Whether the reader has durable messages to read."""
        with self._work:
            return self._acked[reader] < self._durable

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` on the writer thread after messages became durable; it must be quick."""
        with self._work:
            self._listeners.append(listener)

    @property
    def size(self) -> int:
        """Messages held, on disk and in memory."""
        with self._work:
            return self._rows

    @property
    def size_bytes(self) -> int:
        """Their encoded size."""
        with self._work:
            return self._bytes

    def close(self) -> None:
        """Write what waits, as far as the disk lets us, and release the file."""
        with self._work:
            self._closing = True
            self._work.notify()
        self._thread.join(_CLOSE_S)
        if self._waiting:
            self._counters["outbox_lost"] += len(self._waiting)
            _log.error("outbox closed with messages the disk did not take", messages=len(self._waiting))
        self._file.close()
        self._claim.release()

    def _opened(self) -> tuple[FileLock, Contents]:
        claim = FileLock(self._path.with_name(f"{self._path.name}.lock"))
        try:
            claim.acquire()
            self._file.open()
            return claim, self._file.contents()
        except LockedError as locked:
            raise StorageError(f"The outbox {self._path} is in use by process {locked.pid}.") from None
        except (sqlite3.Error, OSError) as error:
            claim.release()
            raise StorageError(
                f"The outbox {self._path} cannot be opened: {error}.",
                hint="Check that the disk has room and the folder is writable.",
            ) from error

    def _check_room(self, size_bytes: int) -> None:
        if self._closing or self._stopped:
            raise StorageError(f"The outbox {self._path} is closed.")
        full = self._rows >= self._max_rows or self._bytes + size_bytes > self._max_bytes
        if full or size_bytes > MAX_MESSAGE_BYTES:
            self._counters["outbox_refused"] += 1
            what = "is full" if full else f"takes no message of {size_bytes} bytes"
            raise OutboxFullError(f"The outbox {self._path} {what}.", hint="Is the server running?")

    def _wait(self, seq: int, timeout_s: float | None) -> None:
        with self._done:
            self._done.wait_for(lambda: max(self._durable, self._failed) >= seq or self._stopped, timeout_s)
            if self._durable < seq:
                reason = self._failure or "no answer from the disk in time"
                raise StorageError(f"The outbox {self._path} could not be written: {reason}.")

    def _report_damage(self, reason: str) -> None:
        with self._work:
            self._damage = reason
            self._work.notify()

    def _run(self) -> None:
        try:
            while self._wait_for_work() and (self._write_group() or not self._closing):
                pass
        finally:
            with self._done:
                self._stopped = True
                self._done.notify_all()

    def _wait_for_work(self) -> bool:
        """True when there is something to write; acknowledgements alone wait for company."""
        with self._work:
            while not (self._waiting or self._damage or self._closing):
                if not self._work.wait(_ACK_DELAY_S if self._changes else None) and self._changes:
                    return True
            return bool(self._waiting or self._damage or self._changes)

    def _write_group(self) -> bool:
        with self._work:
            changes, self._changes = self._changes, Changes()
            changes.appended = list(self._waiting)
            damage, self._damage = self._damage, ""
        try:
            if damage:
                self._replace(damage)
            removed = self._file.write(changes)
        except DamagedError as error:
            self._keep(changes, str(error), damaged=True)
            return True
        except (sqlite3.Error, OSError) as error:
            self._keep(changes, str(error))
            return False
        self._written(changes, removed.rows, removed.size_bytes)
        return True

    def _written(self, changes: Changes, removed_rows: int, removed_bytes: int) -> None:
        with self._done:
            for _ in changes.appended:
                self._waiting.popleft()
            self._durable = changes.appended[-1][0] if changes.appended else self._durable
            self._rows -= removed_rows
            self._bytes -= removed_bytes
            self._failure = ""
            self._done.notify_all()
            listeners = self._listeners if changes.appended else ()
        for listener in listeners:
            listener()

    def _keep(self, changes: Changes, reason: str, *, damaged: bool = False) -> None:
        """After a failed write: tell those who wait, keep everything for the next try, pause."""
        _log.error("outbox not written, will try again", file=str(self._path), error=reason)
        with self._done:
            self._counters["outbox_write_errors"] += 1
            self._failure = reason
            self._damage = reason if damaged else self._damage
            if changes.appended and not damaged:
                self._failed = changes.appended[-1][0]
            self._changes.refused[:0] = changes.refused
            self._changes.acked = {**changes.acked, **self._changes.acked}
            self._done.notify_all()
            if not damaged:
                self._work.wait_for(lambda: self._closing, _RETRY_S)

    def _replace(self, reason: str) -> None:
        self._file.replace(reason)
        held = self._file.contents()
        with self._work:
            self._counters["outbox_damaged"] += 1
            self._rows = held.rows + len(self._waiting)
            self._bytes = held.size_bytes + sum(len(payload) for _, payload in self._waiting)
            self._changes.acked = {**self._acked}
