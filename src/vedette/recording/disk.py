"""One disk of recordings: files that grow, made durable once a second, and what happens when it fails.

After a failed write or fsync nothing more is written to any file of this disk (a second fsync would lie:
the kernel has dropped the pages). The disk is probed until it is well; then recording goes on in new files.
"""

import contextlib
import errno
import fcntl
import os
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from vedette.domain.errors import StorageError

SYNC_EVERY_S = 0.8
PROBE_EVERY_S = 2.0
RESERVE_BYTES = 32 * 2**20
_PROBE_BYTES = 64 * 1024
_FULL = {errno.ENOSPC, errno.EDQUOT}
_HINTS = {
    errno.ENOSPC: "Free some space or lower the retention limits.",
    errno.EDQUOT: "Raise the quota or lower the retention limits.",
    errno.EROFS: "Look at the kernel log: a disk that fails is mounted read-only.",
    errno.EIO: "Look at the kernel log and at the disk's SMART values.",
}

log = structlog.get_logger(__name__)

OnDone = Callable[[bool], None]
"""Called on the disk's thread: whether what was asked for is durable now."""


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """How full a file system is."""

    total_bytes: int
    free_bytes: int


class DiskFile:
    """A new file that only grows. One thread writes; the disk's thread makes it durable.

    Attributes:
        size_bytes: written so far.
        durable_bytes: known to be on the disk.
        sync_failed: whether a failed fsync has put everything behind `durable_bytes` in doubt.
    """

    def __init__(self, disk: "Disk", path: Path, fd: int, folders: list[Path]) -> None:
        self.path = path
        self.size_bytes = 0
        self.durable_bytes = 0
        self.sync_failed = False
        self._disk = disk
        self._fd = fd
        self._folders = folders
        self._waiting: deque[OnDone] = deque()
        self._lock = threading.Lock()
        self._finished = False
        self._broken = False

    @property
    def closed(self) -> bool:
        """Whether nothing of it is left to do."""
        return self._fd < 0

    def write(self, data: bytes) -> None:
        """Append; the bytes are in the kernel's hands on return.

        Raises:
            StorageError: the disk has failed, now or before.
        """
        if self._broken or self._disk.error:
            raise StorageError(self._disk.error or "The disk failed while this file was open.")
        view = memoryview(data)
        try:
            while view:
                written = os.write(self._fd, view)
                self.size_bytes += written
                view = view[written:]
        except OSError as error:
            raise self._disk.fail(error) from error

    def when_durable(self, done: OnDone) -> None:
        """Call `done` when all that is written by now is on the disk, or cannot be."""
        self._waiting.append(done)

    def finish(self, done: OnDone) -> None:
        """No more will be written: make it durable, close it, call `done`."""
        self.when_durable(done)
        self._finished = True

    def settle(self) -> None:
        """Make durable what is written, and call those who wait for it; from any thread."""
        with self._lock:
            finished, waiting = self._finished, len(self._waiting)
            durable = self._make_durable()
            if finished:  # while it is written to, only the writer may close it
                self._close()
            done = [self._waiting.popleft() for _ in range(waiting)]
        for call in done:
            call(durable)

    def abandon(self) -> None:
        """Close without another write or fsync."""
        with self._lock:
            self._broken = True
            self._close()

    def fail(self) -> None:
        """The disk has failed: nothing more may be written here."""
        self._broken = True

    def _make_durable(self) -> bool:
        if self._broken or self._fd < 0:
            return False
        size = self.size_bytes
        try:
            if size > self.durable_bytes:
                os.fdatasync(self._fd)
            for folder in self._folders:
                _sync_folder(folder)
        except OSError as error:
            self.sync_failed = self._broken = True
            self._disk.fail(error)
            return False
        self._folders = []
        self.durable_bytes = size
        return True

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._disk.forget(self)


class Disk:
    """The recordings folder of one file system.

    Args:
        root: the recordings folder; made when missing.
        counters: gets `disk_failures` and `disk_recoveries`.
        reserve_bytes: a disk that was full is well again when this much is free.
    """

    def __init__(
        self,
        root: Path,
        counters: Counter[str] | None = None,
        *,
        sync_every_s: float = SYNC_EVERY_S,
        probe_every_s: float = PROBE_EVERY_S,
        reserve_bytes: int = RESERVE_BYTES,
    ) -> None:
        self.root = Path(root)
        self.counters: Counter[str] = counters if counters is not None else Counter()
        self.error = ""
        self._full = False
        self._reserve_bytes = reserve_bytes
        self._sync_every_s = sync_every_s
        self._probe_every_s = probe_every_s
        self._files: set[DiskFile] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def healthy(self) -> bool:
        """Whether files can be written; `error` says why not."""
        return not self.error

    def space(self) -> DiskSpace:
        """Total and free bytes of the file system.

        Raises:
            StorageError: the folder cannot be reached.
        """
        try:
            found = os.statvfs(self.root)
        except OSError as error:
            raise StorageError(f"Cannot reach the recordings folder {self.root}: {error}.") from error
        return DiskSpace(found.f_frsize * found.f_blocks, found.f_frsize * found.f_bavail)

    def create(self, path: str) -> DiskFile:
        """A new file at this place relative to the root, with the folders above it.

        Raises:
            StorageError: the disk has failed, now or before.
        """
        if self.error:
            raise StorageError(self.error)
        target = self.root / path
        try:
            folders = _make_folders(target.parent)
            fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640)
            with contextlib.suppress(OSError):  # not every file system has locks
                fcntl.flock(fd, fcntl.LOCK_EX)  # tells `check` that it is being written
        except OSError as error:
            raise self.fail(error) from error
        file = DiskFile(self, target, fd, folders)
        with self._lock:
            self._files.add(file)
            self._start_thread()
        return file

    def sync(self) -> None:
        """Make everything durable that is written; the thread does this by itself all the time."""
        with self._lock:
            files = list(self._files)
        for file in files:
            file.settle()

    def fail(self, error: OSError) -> StorageError:
        """Stop this disk because of an error; returns it for people."""
        reason = error.strerror or str(error)
        failure = StorageError(
            f"Recording to {self.root} has stopped: {reason}.", hint=_HINTS.get(error.errno or 0, "")
        )
        with self._lock:
            first = not self.error
            self.error = self.error or str(failure)
            self._full = error.errno in _FULL
            for file in self._files:
                file.fail()
            self._start_thread()
        if first:
            self.counters["disk_failures"] += 1
            log.error("recording has stopped: the disk failed", folder=str(self.root), reason=reason)
        return failure

    def probe(self) -> bool:
        """Try whether a failed disk is well again."""
        if not self.error:
            return True
        try:
            _write_probe(self.root / f".vedette-probe-{os.getpid()}")
            well = not self._full or self.space().free_bytes >= self._reserve_bytes
        except (OSError, StorageError):
            return False
        if well:
            self.error = ""
            self.counters["disk_recoveries"] += 1
            log.warning("the disk is well again, recording goes on", folder=str(self.root))
        return well

    def forget(self, file: DiskFile) -> None:
        """The file is closed."""
        with self._lock:
            self._files.discard(file)

    def close(self) -> None:
        """Make everything durable and stop the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.sync()

    def _start_thread(self) -> None:
        if self._thread is None and not self._stop.is_set():
            self._thread = threading.Thread(target=self._run, name="disk-sync", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self._probe_every_s if self.error else self._sync_every_s):
            try:
                self.sync()
                self.probe()
            except Exception:
                self.counters["disk_sync_errors"] += 1
                log.exception("disk thread failed")


def in_use(path: Path) -> bool:
    """Whether a recorder of any process has this file open for writing."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _make_folders(folder: Path) -> list[Path]:
    """Make the folder; returns the folders whose entries are new and must be made durable."""
    changed = [folder]
    while not changed[-1].is_dir():
        changed.append(changed[-1].parent)
    folder.mkdir(parents=True, exist_ok=True)
    return changed


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write_probe(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("wb") as probe:
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    finally:
        path.unlink(missing_ok=True)
