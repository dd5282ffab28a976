"""Interrupt: libav's blocking calls end from another thread, and nobody else's."""

import socket
import threading
from collections.abc import Iterator

import av
import pytest

from vedette.domain.errors import SourceError
from vedette.sources.interrupt import Interrupt

LONG_S = 600.0


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A camera that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"rtsp://127.0.0.1:{server.getsockname()[1]}/"


def hang(interrupt: Interrupt, url: str, entered: threading.Event, failures: list[Exception]) -> None:
    """Open the silent camera within the section; remember how it ended."""
    try:
        with interrupt:
            entered.set()
            av.open(url, timeout=LONG_S)
    except (av.FFmpegError, SourceError) as error:
        failures.append(error)


def test_a_blocked_call_ends_and_others_go_on(silent_url: str) -> None:
    """Of two threads that hang in libav, only the one whose section is ended returns."""
    first, second = Interrupt(), Interrupt()
    failures: list[Exception] = []
    threads, entered = [], [threading.Event(), threading.Event()]
    for interrupt, event in zip((first, second), entered, strict=True):
        threads.append(
            threading.Thread(target=hang, args=(interrupt, silent_url, event, failures), daemon=True)
        )
        threads[-1].start()
        assert event.wait(5)
    assert not first.end()
    threads[0].join(5)
    assert not threads[0].is_alive()
    assert threads[1].is_alive()
    second.end()
    threads[1].join(5)
    assert len(failures) == 2


def test_a_call_that_begins_after_the_end_ends_too(silent_url: str) -> None:
    """The end may come just before the thread begins to block."""
    interrupt, failures = Interrupt(), []
    entered, ended = threading.Event(), threading.Event()

    def late() -> None:
        with interrupt:
            entered.set()
            ended.wait(5)
            try:
                av.open(silent_url, timeout=LONG_S)
            except av.FFmpegError as error:
                failures.append(error)

    thread = threading.Thread(target=late, daemon=True)
    thread.start()
    assert entered.wait(5)
    interrupt.end()
    ended.set()
    thread.join(5)
    assert len(failures) == 1


def test_an_ended_section_cannot_be_entered() -> None:
    """Ended is ended: what comes later does not begin to block."""
    interrupt = Interrupt()
    assert interrupt.end()
    with pytest.raises(SourceError, match="closed"), interrupt:
        pass


def test_a_thread_that_ends_its_own_section_can_go_on(silent_url: str) -> None:
    """Closing from inside does not disturb what the same thread opens next."""
    interrupt = Interrupt()
    with interrupt:
        assert not interrupt.end()
    with Interrupt(), pytest.raises(av.FFmpegError):
        av.open(silent_url, timeout=0.05)
    assert interrupt.ended.is_set()
