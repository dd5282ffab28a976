"""What a viewer is sent: whole groups of pictures, bounded, whatever the line does (promise P3)."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from tests.unit.server.streams.media import fragment, init
from vedette.domain.geometry import Box
from vedette.domain.messages import LiveBox, LiveBoxes, LiveEnd
from vedette.server.streams import viewer as viewer_module
from vedette.server.streams.viewer import Viewer, Watching
from vedette.server.streams.wire import HEADER, INIT, KEYFRAME


class Scene:
    """A viewer and its one subscription, inside an event loop."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.viewer = Viewer(self.counters)
        self.watching = Watching(7, "door", "main", sound=False)

    async def all(self) -> list[str | bytes]:
        """Everything that waits."""
        found: list[str | bytes] = []
        while True:
            try:
                found.append(await asyncio.wait_for(self.viewer.next(), 0.05))
            except TimeoutError:
                return found

    async def numbers(self) -> list[int]:
        """The numbers of the fragments that wait."""
        frames = [data for data in await self.all() if isinstance(data, bytes)]
        return [int(data[HEADER.size :]) for data in frames if not data[2] & INIT]

    def show(self, *numbers: int, keyframes: tuple[int, ...] = (1, 11)) -> None:
        for number in numbers:
            self.viewer.show(self.watching, fragment(number, keyframe=number in keyframes))


def play(scene: Callable[[Scene], Awaitable[None]]) -> None:
    """Run a scene."""

    async def run() -> None:
        await scene(Scene())

    asyncio.run(run())


def test_the_head_comes_first_then_fragments_in_order() -> None:
    """A text to judge the codecs by, the initialization segment, then frames with their header."""

    async def scene(here: Scene) -> None:
        here.viewer.show(here.watching, init())
        here.show(1, 2)
        text, head, first, _ = await here.all()
        assert isinstance(text, str)
        assert json.loads(text) == {
            "type": "init",
            "subscription": 7,
            "run": "first",
            "stream": "main",
            "width": 640,
            "height": 360,
            "video": "avc1.42c01e",
            "audio": "",
            "has_sound": False,
        }
        assert isinstance(head, bytes)
        assert isinstance(first, bytes)
        assert HEADER.unpack(head[: HEADER.size]) == (1, 0, INIT, 0, 7, 0.0, 0.0, 0.0)
        assert HEADER.unpack(first[: HEADER.size]) == (1, 0, KEYFRAME, 0, 7, 1000.1, 0.1, 0.1)

    play(scene)


def test_nothing_comes_before_a_keyframe() -> None:
    """Who joins in the middle of a group waits; fragments of another run are not theirs."""

    async def scene(here: Scene) -> None:
        here.show(1)
        here.viewer.show(here.watching, init())
        here.show(2, 3)
        here.viewer.show(here.watching, fragment(1, keyframe=True, run="other"))
        here.show(11, 12)
        assert await here.numbers() == [11, 12]

    play(scene)


def test_a_hole_costs_the_rest_of_the_group() -> None:
    """What a worker or the bus has dropped is noticed by its number."""

    async def scene(here: Scene) -> None:
        here.viewer.show(here.watching, init())
        here.show(1, 2, 4, 5, 11, 12)
        assert await here.numbers() == [1, 2, 11, 12]

    play(scene)


def test_a_slow_viewer_misses_whole_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the queue is full, what waits is thrown away but for the head; counted by name."""
    monkeypatch.setattr(viewer_module, "QUEUE_BYTES_MAX", 250)

    async def scene(here: Scene) -> None:
        here.viewer.show(here.watching, init())
        here.show(*range(1, 11))
        found = await here.all()
        assert [isinstance(data, str) for data in found] == [True, False]  # text and head alone
        here.show(11, 12)
        assert await here.numbers() == [11, 12]
        assert here.counters["live_viewer_skips"] == 1

    play(scene)


def test_a_line_that_swallows_frames_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who confirms frames is sent nothing new while one is on its way for too long."""
    monkeypatch.setattr(viewer_module, "ON_THE_WAY_S", 0.0)

    async def scene(here: Scene) -> None:
        here.viewer.show(here.watching, init())
        here.viewer.received(0)
        here.show(1)
        assert await here.numbers() == [1]
        here.show(2, 3, 11)
        assert await here.numbers() == []
        here.viewer.received(2)
        here.show(12, 21, keyframes=(21,))
        assert await here.numbers() == [21]
        assert here.counters["live_viewer_skips"] >= 1

    play(scene)


def test_sound_only_where_it_is_wanted() -> None:
    """The head of the sound and its fragments go to those who listen, from the first picture on."""

    async def scene(here: Scene) -> None:
        listening = Watching(8, "door", "main", sound=True)
        ears = fragment(1, keyframe=True, track="audio", data=b"90")
        for watching in (here.watching, listening):
            here.viewer.show(watching, init(sound=True))
            here.viewer.show(watching, ears)
            here.viewer.show(watching, fragment(1, keyframe=True))
            here.viewer.show(watching, ears)
        found = await here.all()
        tracks = [(data[7], data[1]) for data in found if isinstance(data, bytes)]
        assert tracks == [(7, 0), (7, 0), (8, 0), (8, 1), (8, 0), (8, 1)]
        assert [json.loads(data)["audio"] for data in found if isinstance(data, str)] == ["", "mp4a.40.2"]

    play(scene)


def test_boxes_and_the_end_are_texts() -> None:
    """Boxes as x, y, width, height with the size of the picture; the reason in words."""

    async def scene(here: Scene) -> None:
        box = LiveBox(id=3, label="person", score=0.5, box=Box(1, 2, 3, 4))
        found = LiveBoxes(
            camera="door", utc_s=5.0, width=64, height=36, boxes=(box,), motion=(Box(0, 0, 9, 9),)
        )
        here.viewer.show(here.watching, found)
        here.viewer.show(here.watching, LiveEnd(camera="door", stream="main", reason="codec", message="No."))
        boxes, end = [json.loads(data) for data in await here.all()]
        assert boxes["boxes"] == [{"id": 3, "label": "person", "score": 0.5, "box": [1, 2, 3, 4]}]
        assert boxes["motion"] == [[0, 0, 9, 9]]
        assert (end["type"], end["reason"], end["message"]) == ("end", "codec", "No.")

    play(scene)


def test_a_viewer_who_reads_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are bounded too; the socket ends then."""
    monkeypatch.setattr(viewer_module, "TEXTS_MAX", 3)

    async def scene(here: Scene) -> None:
        for _ in range(4):
            here.viewer.say("{}")
        assert here.viewer.overrun

    play(scene)


def test_what_is_let_go_is_not_sent() -> None:
    """After an unsubscribe nothing of it waits any more."""

    async def scene(here: Scene) -> None:
        here.viewer.show(here.watching, init())
        here.show(1, 2)
        here.viewer.forget(7)
        assert await here.all() == []

    play(scene)
