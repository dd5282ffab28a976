"""What every way in offers, and the registry that picks one by the address."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol
from urllib.parse import urlsplit

from vedette.domain.camera import StreamSpec
from vedette.domain.errors import ConfigurationError
from vedette.media.clock import StreamClock
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo


class Source(Protocol):
    """One connection to one stream, used once: open, read, close."""

    video: VideoInfo
    """Valid after `open`; packets carry their own."""
    audio: AudioInfo | None
    live: bool
    """Whether it is not meant to end: an end is then a broken connection. Valid after `open`."""

    def open(self) -> None:
        """Connect and find out what is there.

        Raises:
            SourceError: with what to do about it; `UnauthorizedError` and `UnsupportedCodecError` among them.
        """
        ...

    def packets(self) -> Iterator[MediaPacket]:
        """Packets until the source ends or is closed.

        Raises:
            SourceError: the stream failed, or nothing came for too long.
        """
        ...

    def close(self) -> None:
        """End it for good, from any thread and in any state; a blocked `open` or `packets` returns."""
        ...


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a camera may be silent."""

    open_s: float = 10.0
    read_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Setting:
    """How a source is to be read.

    Attributes:
        pace: footage comes at the speed at which it was taken, as from a camera.
        clock: shared by the connections that follow each other, so that time never runs backwards.
    """

    pace: bool
    counters: Counter[str]
    clock: StreamClock
    wall: Callable[[], float] = time.time
    timeouts: Timeouts = field(default_factory=Timeouts)


SCHEMES = {
    "": "file",
    "file": "file",
    "http": "http",
    "https": "http",
    "rtsp": "rtsp",
    "rtsps": "rtsp",
    "scene": "scene",
    "v4l2": "v4l2",
}
"""URL scheme to the module in this package whose `source(spec, setting)` makes the source."""


def open_source(
    spec: StreamSpec,
    *,
    pace: bool,
    counters: Counter[str],
    wall: Callable[[], float] = time.time,
    clock: StreamClock | None = None,
    timeouts: Timeouts | None = None,
) -> Source:
    """The source for an address, not opened yet.

    Raises:
        ConfigurationError: no way in is known for such an address.
    """
    scheme = urlsplit(spec.url).scheme.lower() if "://" in spec.url or spec.url.startswith("scene:") else ""
    module = SCHEMES.get(scheme)
    if module is None:
        known = ", ".join(sorted(filter(None, SCHEMES)))
        raise ConfigurationError(f"unknown kind of source {scheme}:.", hint=f"Known are paths and {known}.")
    setting = Setting(
        pace=pace,
        counters=counters,
        clock=clock if clock is not None else clock_for(pace=pace, scheme=scheme),
        wall=wall,
        timeouts=timeouts or Timeouts(),
    )
    made: Source = import_module(f"vedette.sources.{module}").source(spec, setting)
    return made


def clock_for(*, pace: bool, scheme: str) -> StreamClock:
    """Footage read as fast as possible keeps its own time; everything else happens now."""
    return StreamClock(follow_wall=pace or scheme in {"rtsp", "rtsps", "v4l2"})


def ends(spec: StreamSpec) -> bool:
    """Whether the source is footage that comes to an end, not a camera."""
    scheme = urlsplit(spec.url).scheme.lower() if "://" in spec.url else ""
    return scheme in {"", "file"} and not spec.loop and not spec.url.startswith("scene:")
