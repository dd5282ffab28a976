"""The relay over a real bus: each stream asked for once, shown to all, from a keyframe on."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from tests.unit.server.streams.media import fragment, init
from vedette.bus.local import LocalBus
from vedette.bus.topics import LIVE
from vedette.domain.messages import (
    CameraReport,
    CameraState,
    LiveEnd,
    LiveFragment,
    LiveInit,
    LiveRequest,
    LiveStop,
)
from vedette.server.streams import relay as relay_module
from vedette.server.streams.relay import Relay
from vedette.server.streams.viewer import Viewer, Watching
from vedette.server.streams.wire import HEADER, INIT


class Screen(Viewer):
    """A viewer that keeps what it is given."""

    def __init__(self, counters: Counter[str]) -> None:
        super().__init__(counters)
        self.watching = Watching(1, "door", "main", sound=False)

    @property
    def texts(self) -> list[str]:
        return [data for _, data in list(self._queue) if isinstance(data, str)]

    @property
    def numbers(self) -> list[int]:
        frames = [data for _, data in list(self._queue) if isinstance(data, bytes)]
        return [int(data[HEADER.size :]) for data in frames if not data[2] & INIT]


class Studio:
    """A relay, a worker's end of the bus, and what the worker was asked."""

    def __init__(self, folder: Path) -> None:
        self.counters: Counter[str] = Counter()
        self.asked: list[LiveRequest | LiveStop] = []
        self.reports: dict[str, CameraReport] = {}
        self.worker = LocalBus(folder)
        self.relay = Relay(folder, self._ask, lambda: self.reports, self.counters)
        self.relay.start()

    def _ask(self, _camera: str, message: LiveRequest | LiveStop) -> bool:
        self.asked.append(message)
        return True

    def send(self, *messages: LiveInit | LiveFragment | LiveEnd) -> None:
        for message in messages:
            assert self.worker.publish(LIVE, message.camera, message)

    def join(self) -> Screen:
        screen = asyncio.run(self._join())
        self.relay.join(screen, screen.watching)
        return screen

    async def _join(self) -> Screen:
        return Screen(self.counters)

    def close(self) -> None:
        self.relay.close()
        self.worker.close()


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    made = Studio(tmp_path)
    yield made
    made.close()


def test_two_viewers_share_one_stream(studio: Studio) -> None:
    """The worker is asked once; the second viewer begins with the group of pictures that runs."""
    first = studio.join()
    studio.send(init(), fragment(1, keyframe=True), fragment(2))
    wait_until(lambda: first.numbers == [1, 2])
    second = studio.join()
    assert second.numbers == [1, 2]
    studio.send(fragment(3), fragment(4, keyframe=True))
    wait_until(lambda: first.numbers == second.numbers == [1, 2, 3, 4])
    assert studio.join().numbers == [4]
    assert [type(message) for message in studio.asked] == [LiveRequest]
    assert (studio.relay.streams, studio.relay.watchings) == (1, 3)


def test_the_lease_is_renewed_and_given_back(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody watches the worker hears of it again and again; afterwards it is told to stop."""
    monkeypatch.setattr(relay_module, "RENEW_S", 0.1)
    monkeypatch.setattr(relay_module, "LINGER_S", 0.1)
    screen = studio.join()
    wait_until(lambda: len(studio.asked) >= 3)
    studio.relay.leave(screen, screen.watching)
    wait_until(lambda: studio.relay.streams == 0)
    assert isinstance(studio.asked[-1], LiveStop)


def test_a_worker_that_starts_again_is_followed(studio: Studio) -> None:
    """After kill -9 another run begins; fragments of the one before mean nothing any more."""
    screen = studio.join()
    studio.send(init(), fragment(1, keyframe=True), init("second"), fragment(2))
    studio.send(fragment(1, keyframe=True, run="second"), fragment(2, run="second"))
    wait_until(lambda: screen.numbers == [1, 2])
    assert any('"second"' in text for text in screen.texts)


def test_how_the_camera_stands_is_told(studio: Studio) -> None:
    """Once at the beginning, and when it changes."""
    screen = studio.join()
    assert '"waiting"' in screen.texts[0]
    studio.reports["door"] = CameraReport(
        camera="door", state=CameraState.RETRYING, revision=1, message="no route"
    )
    wait_until(lambda: any('"retrying"' in text and "no route" in text for text in screen.texts))
    assert sum('"state"' in text for text in screen.texts) == 2


def test_what_cannot_be_had_is_told_once(studio: Studio) -> None:
    """A worker that is asked again answers again; the viewer hears it once, a later one at once."""
    screen = studio.join()
    end = LiveEnd(camera="door", stream="main", reason="codec", message="No.")
    studio.send(end, end, init(), fragment(1, keyframe=True))
    wait_until(lambda: screen.numbers == [1])
    assert sum('"end"' in text for text in screen.texts) == 0  # the beginning took its place
    studio.send(end)
    wait_until(lambda: sum('"end"' in text for text in screen.texts) == 1)
    assert sum('"end"' in text for text in studio.join().texts) == 1


def test_a_group_that_is_too_large_is_not_kept(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded: who joins then waits for the next keyframe."""
    monkeypatch.setattr(relay_module, "GROUP_BYTES_MAX", 2)
    first = studio.join()
    studio.send(init(), *(fragment(number, keyframe=number == 1) for number in range(1, 6)))
    wait_until(lambda: len(first.numbers) == 5)
    assert studio.join().numbers == []


def test_what_nobody_watches_is_counted(studio: Studio) -> None:
    """Leftovers of the server before this one."""
    studio.send(init())
    wait_until(lambda: studio.counters["live_unwatched"] == 1)
