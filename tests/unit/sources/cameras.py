"""What the tests of sources share: opening with short time-outs, and a sink that remembers."""

import threading
from collections import Counter
from collections.abc import Callable
from itertools import islice

import pytest

from vedette.domain.camera import Secret, StreamSpec, Transport
from vedette.domain.messages import CameraState
from vedette.media.packets import AudioInfo, MediaPacket
from vedette.sources.base import Source, Timeouts, open_source

QUICK = Timeouts(open_s=0.5, read_s=0.5)
PATIENT = Timeouts(open_s=5.0, read_s=5.0)


def camera(
    url: str,
    counters: Counter[str] | None = None,
    *,
    username: str = "",
    password: str = "",
    pace: bool = True,
    timeouts: Timeouts = PATIENT,
    transport: Transport = Transport.TCP,
) -> Source:
    """A source for the address."""
    spec = StreamSpec(url=url, username=username, password=Secret(password), transport=transport)
    return open_source(
        spec, pace=pace, counters=Counter() if counters is None else counters, timeouts=timeouts
    )


def read(source: Source, count: int | None = None) -> list[MediaPacket]:
    """Open, read so many packets (None: all), close."""
    source.open()
    packets = source.packets()
    try:
        return list(islice(packets, count))
    finally:
        source.close()
        packets.close()  # type: ignore[attr-defined]


def failure_of(source: Source, kind: type[Exception]) -> str:
    """What the source says when it fails to open or to be read."""
    with pytest.raises(kind) as caught:
        read(source)
    return str(caught.value)


class Collector:
    """A sink that remembers everything and can be waited for."""

    def __init__(self) -> None:
        self.packets: list[MediaPacket] = []
        self.states: list[tuple[CameraState, str]] = []
        self.ends = 0
        self.sounds: list[AudioInfo | None] = []
        self._changed = threading.Condition()

    def on_open(self, audio: AudioInfo | None) -> None:
        self.sounds.append(audio)

    def on_packet(self, packet: MediaPacket) -> None:
        with self._changed:
            self.packets.append(packet)
            self._changed.notify_all()

    def on_state(self, state: CameraState, message: str) -> None:
        with self._changed:
            self.states.append((state, message))
            self._changed.notify_all()

    def on_end(self) -> None:
        with self._changed:
            self.ends += 1
            self._changed.notify_all()

    def wait(self, condition: Callable[["Collector"], bool], timeout_s: float = 20.0) -> None:
        """Return once the condition holds; fail after the time."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), timeout_s), self.states
