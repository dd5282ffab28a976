"""The SQLite file under the outbox: one transaction per group of changes, and what to do when it is damaged.

WAL with synchronous=FULL makes every commit durable with one fsync (https://sqlite.org/wal.html, "Performance
considerations"; https://sqlite.org/pragma.html#pragma_synchronous).
"""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

Row = tuple[int, bytes]
"""Sequence number and encoded message."""

MAX_SET_ASIDE = 10_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS cursor (reader TEXT PRIMARY KEY, acked INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS set_aside (
    seq INTEGER, reader TEXT, reason TEXT NOT NULL, utc_s REAL NOT NULL, payload BLOB NOT NULL,
    PRIMARY KEY (seq, reader)
) WITHOUT ROWID;
"""

_log = structlog.get_logger(__name__)


class DamagedError(Exception):
    """The file is not a sound SQLite database."""


@dataclass(slots=True)
class Changes:
    """What one transaction does."""

    appended: list[Row] = field(default_factory=list)
    acked: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    """Sequence number, reader, reason."""

    def __bool__(self) -> bool:
        return bool(self.appended or self.acked or self.refused)


@dataclass(frozen=True, slots=True)
class Removed:
    """What a transaction deleted because every reader has it."""

    rows: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What the file holds; `last_seq` also counts messages that are gone."""

    last_seq: int
    rows: int
    size_bytes: int
    acked: dict[str, int]


class OutboxFile:
    """Messages in order, and how far each named reader has come. `write` is for one thread."""

    def __init__(self, path: Path, readers: Sequence[str]) -> None:
        self._path = path
        self._readers = tuple(readers)
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._reading = threading.Lock()

    def open(self) -> None:
        """Open or create; a damaged file is set aside and what can be read of it goes into a new one.

        Raises:
            sqlite3.OperationalError: the disk does not let us.
        """
        try:
            self._connect()
        except DamagedError as error:
            self.replace(str(error))

    def contents(self) -> Contents:
        """Count what is there."""
        db = self._open_writer()
        rows, size_bytes, last = db.execute(
            "SELECT count(*), coalesce(sum(length(payload)), 0), coalesce(max(seq), 0) FROM message"
        ).fetchone()
        acked = dict(db.execute("SELECT reader, acked FROM cursor"))
        return Contents(max(last, *acked.values()), rows, size_bytes, acked)

    def write(self, changes: Changes) -> Removed:
        """Make all changes durable, or none.

        Raises:
            sqlite3.OperationalError: the disk is full, read-only or failing; trying again later is right.
            DamagedError: the file is; `replace` it.
        """
        with _damage_named(), self._transaction() as db:
            # A commit that reported an error may still have happened.
            db.executemany("INSERT OR IGNORE INTO message VALUES (?, ?)", changes.appended)
            for seq, reader, reason in changes.refused:
                self._set_aside(db, seq, reader, reason)
            db.executemany(
                "UPDATE cursor SET acked = max(acked, ?) WHERE reader = ?",
                [(seq, reader) for reader, seq in changes.acked.items()],
            )
            return self._delete_read(db) if changes.acked else Removed(0, 0)

    def read(self, after: int, limit: int) -> list[Row]:
        """Durable messages after a sequence number, oldest first; from any thread.

        Raises:
            sqlite3.OperationalError: the disk does not let us.
            DamagedError: the file is damaged.
        """
        query = "SELECT seq, payload FROM message WHERE seq > ? ORDER BY seq LIMIT ?"
        with self._reading, _damage_named():
            if self._reader is None:
                self._reader = _connection(self._path)
            return self._reader.execute(query, (after, limit)).fetchall()

    def set_aside(self) -> list[tuple[int, str, str, bytes]]:
        """Messages that a reader refused: sequence number, reader, reason, payload."""
        query = "SELECT seq, reader, reason, payload FROM set_aside ORDER BY seq"
        with self._reading:
            if self._reader is None:
                self._reader = _connection(self._path)
            return self._reader.execute(query).fetchall()

    def replace(self, reason: str) -> None:
        """Set the damaged file aside and begin a new one with what can still be read."""
        self.close()
        saved = _salvage(self._path)
        aside = self._path.with_name(f"{self._path.name}.damaged-{time.time_ns()}")
        for suffix in ("", "-wal", "-shm"):
            source = self._path.with_name(self._path.name + suffix)
            if source.exists():
                source.rename(aside.with_name(aside.name + suffix))
        _log.error("outbox file damaged, set aside", file=str(aside), reason=reason, rows_saved=len(saved))
        self._connect()
        self.write(Changes(appended=saved))

    def close(self) -> None:
        """Close both connections; the next use opens them again."""
        self._drop_writer()
        with self._reading:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def _drop_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open_writer(self) -> sqlite3.Connection:
        if self._writer is None:
            self._connect()
        assert self._writer is not None
        return self._writer

    def _connect(self) -> None:
        with _damage_named():
            db = _connection(self._path)
            try:
                _prepare(db, self._readers)
            except BaseException:
                db.close()
                raise
        self._writer = db

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._open_writer()
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except BaseException:
            # Closing rolls back whatever state the failure left; the next write opens again.
            self._drop_writer()
            raise

    def _set_aside(self, db: sqlite3.Connection, seq: int, reader: str, reason: str) -> None:
        db.execute(
            "INSERT OR IGNORE INTO set_aside SELECT seq, ?, ?, ?, payload FROM message WHERE seq = ?",
            (reader, reason, time.time(), seq),
        )
        db.execute(
            "DELETE FROM set_aside WHERE seq <="
            " (SELECT seq FROM set_aside ORDER BY seq DESC LIMIT 1 OFFSET ?)",
            (MAX_SET_ASIDE,),
        )

    def _delete_read(self, db: sqlite3.Connection) -> Removed:
        (done,) = db.execute("SELECT min(acked) FROM cursor").fetchone()
        rows, size_bytes = db.execute(
            "SELECT count(*), coalesce(sum(length(payload)), 0) FROM message WHERE seq <= ?", (done,)
        ).fetchone()
        db.execute("DELETE FROM message WHERE seq <= ?", (done,))
        return Removed(rows, size_bytes)


def _connection(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)


def _prepare(db: sqlite3.Connection, readers: Sequence[str]) -> None:
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA journal_size_limit = 4194304")
    verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise DamagedError(verdict)
    db.executescript(_SCHEMA)
    _enrol(db, readers)


def _enrol(db: sqlite3.Connection, readers: Sequence[str]) -> None:
    """New readers start at the oldest message there is; readers we no longer have hold nothing back."""
    known = {name for (name,) in db.execute("SELECT reader FROM cursor")}
    (oldest,) = db.execute(
        "SELECT coalesce((SELECT min(seq) FROM message) - 1, (SELECT max(acked) FROM cursor), 0)"
    ).fetchone()
    new, gone = [(r, oldest) for r in readers if r not in known], [(r,) for r in known - set(readers)]
    if new:
        db.executemany("INSERT INTO cursor VALUES (?, ?)", new)
    if gone:
        db.executemany("DELETE FROM cursor WHERE reader = ?", gone)


def _salvage(path: Path) -> list[Row]:
    rows: list[Row] = []
    with suppress(sqlite3.Error), closing(_connection(path)) as db:
        for seq, payload in db.execute("SELECT seq, payload FROM message ORDER BY seq"):
            if isinstance(payload, bytes):
                rows.append((seq, payload))
    return rows


@contextmanager
def _damage_named() -> Iterator[None]:
    """SQLite says damage with `DatabaseError` itself, everything else with its subclasses."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if type(error) is sqlite3.DatabaseError:
            raise DamagedError(str(error)) from error
        raise
