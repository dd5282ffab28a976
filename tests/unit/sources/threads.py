"""Readers in threads that are known to have ended."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from vedette.sources.reader import StreamReader

STOP_S = 5.0
"""Generous for a busy machine; a reader that waits for a time-out takes far longer in these tests."""


@contextmanager
def running(reader: StreamReader) -> Iterator[threading.Thread]:
    """Run the reader in a thread; stop it at the end and prove that it has ended."""
    thread = threading.Thread(target=reader.run, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        reader.stop()
        thread.join(STOP_S)
    assert not thread.is_alive()
