"""Live news: bounded for every reader."""

import asyncio
import threading
from collections import Counter

from vedette.server.live import Live, News


def news(number: int) -> News:
    """One piece of news."""
    return News("event", "door", {"number": number}, number)


def test_every_reader_gets_everything_in_order() -> None:
    """News from another thread reach all readers in the order of publishing."""

    async def scene() -> None:
        live = Live(Counter())
        readers = [live.join(), live.join()]
        thread = threading.Thread(target=lambda: [live.publish(news(number)) for number in range(50)])
        thread.start()
        for reader in readers:
            found = [await reader.next(5) for _ in range(50)]
            assert [item.sequence for item in found if item] == list(range(50))
        thread.join()

    asyncio.run(scene())


def test_a_slow_reader_is_ended_and_counted() -> None:
    """P3: a reader that is too far behind gets what it has room for, then the end; others are not held up."""

    async def scene() -> None:
        counters: Counter[str] = Counter()
        live = Live(counters, depth=3)
        slow, quick = live.join(), live.join()
        for number in range(5):
            live.publish(news(number))
            assert await quick.next(5) == news(number)
        assert [await slow.next(5) for _ in range(3)] == [news(0), news(1), news(2)]
        assert await slow.next(5) is None
        assert slow.ended
        live.leave(slow)
        assert not quick.ended
        assert counters["live_readers_dropped"] == 1
        assert live.readers == 1

    asyncio.run(scene())


def test_closing_ends_readers_of_now_and_later() -> None:
    """The server stops without waiting for streams."""

    async def scene() -> None:
        live = Live(Counter())
        before = live.join()
        live.close()
        after = live.join()
        for reader in (before, after):
            assert await reader.next(5) is None
            assert reader.ended

    asyncio.run(scene())


def test_a_reader_whose_loop_is_gone_is_no_error() -> None:
    """Publishing goes on after an event loop has been closed."""
    live = Live(Counter())

    async def scene() -> None:
        live.join()

    asyncio.run(scene())
    live.publish(news(1))
