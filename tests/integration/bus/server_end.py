"""The server's end of the link as a process: stores every outbox message in a database, then acknowledges."""

import signal
import sqlite3
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from vedette.bus.link import OutboxMessage, ServerLink


def main(folder: Path) -> None:
    db = sqlite3.connect(
        folder / "stored.sqlite3", isolation_level=None, check_same_thread=False, timeout=0.1
    )
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE IF NOT EXISTS stored (node TEXT, seq INTEGER, camera TEXT, id TEXT)")

    def store(node: str, messages: Sequence[tuple[int, OutboxMessage]]) -> int:
        if any(message.id.endswith("-poison") for _, message in messages):
            raise ValueError("cannot be stored")
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            "INSERT INTO stored VALUES (?, ?, ?, ?)", [(node, s, m.camera, m.id) for s, m in messages]
        )
        db.execute("COMMIT")
        return messages[-1][0]

    link = ServerLink(folder, on_report=lambda *_: None, on_batch=store)
    link.start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    print("serving", flush=True)
    stop.wait()
    link.close()
    db.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
