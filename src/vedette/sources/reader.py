"""Keeps one stream flowing: opens it, hands its packets on, and connects again when it breaks."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from vedette.domain.camera import StreamSpec
from vedette.domain.errors import VedetteError
from vedette.domain.messages import CameraState
from vedette.media.clock import StreamClock
from vedette.media.packets import AudioInfo, MediaPacket
from vedette.sources.base import Source, Timeouts, open_source

log = structlog.get_logger(__name__)


class PacketSink(Protocol):
    """Who takes the packets; called by the reader's thread alone."""

    def on_open(self, audio: AudioInfo | None, /) -> None:
        """Connected: what sound will come besides the video, before the first packet."""

    def on_packet(self, packet: MediaPacket, /) -> None:
        """The next packet."""

    def on_state(self, state: CameraState, message: str, /) -> None:
        """What the stream does now; the message is for people, empty when all is well."""

    def on_end(self) -> None:
        """The source has come to its end and will not be read again."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between attempts: they double from `first_s` to `most_s`, each shortened by chance.

    Attributes:
        jitter: share of a pause, 0 to 1, that chance may take away, so that cameras come back one by one.
        healthy_s: after so long a stretch of packets the next pause is the first again.
    """

    first_s: float = 0.5
    most_s: float = 30.0
    jitter: float = 0.5
    healthy_s: float = 30.0

    def pause_s(self, failures: int, chance: float) -> float:
        """The pause after this many failures in a row (1 is the first); `chance` is 0 to 1."""
        full_s = min(self.first_s * 2.0 ** min(failures - 1, 30), self.most_s)
        return full_s * (1 - self.jitter * chance)


class SourceOpener(Protocol):
    """The signature of `open_source`."""

    def __call__(
        self,
        spec: StreamSpec,
        *,
        pace: bool,
        counters: Counter[str],
        wall: Callable[[], float],
        clock: StreamClock,
        timeouts: Timeouts | None,
    ) -> Source:
        """A source, not opened yet."""
        ...


class StreamReader:
    """Reads one stream in the thread that calls `run`, until `stop` or its end.

    Args:
        spec: what to read; files are paced as live, and begin again when it says `loop`.
        sink: gets packets and states.
        counters: counts `reconnects`, `open_failures`, `packets`, and what the sources count.
        backoff: pauses between attempts.
        timeouts: how long a camera may be silent.
        opener: makes the source; tests may give their own.
    """

    def __init__(
        self,
        spec: StreamSpec,
        sink: PacketSink,
        *,
        counters: Counter[str],
        backoff: Backoff | None = None,
        timeouts: Timeouts | None = None,
        wall: Callable[[], float] = time.time,
        opener: SourceOpener = open_source,
    ) -> None:
        self._spec = spec
        self._sink = sink
        self._counters = counters
        self._backoff = backoff or Backoff()
        self._timeouts = timeouts
        self._wall = wall
        self._opener = opener
        self._clock = StreamClock()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._source: Source | None = None
        self._failures = 0
        self._footage = False
        """Whether footage is being read: when it breaks off, beginning again would show it twice."""

    def run(self) -> None:
        """Read until stopped or, for footage, to its end; errors of cameras only cost a pause."""
        while not self._stopped.is_set():
            self._sink.on_state(CameraState.CONNECTING, "")
            try:
                self._read_once()
            except VedetteError as error:
                if self._stopped.is_set():
                    return
                if self._footage:
                    self._end(error)
                    return
                self._retry(error)
            else:
                if not self._goes_on():
                    return

    def stop(self) -> None:
        """Ask `run` to return; it does at once, whatever it is doing. From any thread."""
        with self._lock:
            self._stopped.set()
            source = self._source
        if source is not None:
            source.close()

    def _read_once(self) -> None:
        source = self._make()
        if source is None:
            return
        try:
            self._open(source)
            self._footage = not source.live
            self._sink.on_open(source.audio)
            self._sink.on_state(CameraState.STREAMING, "")
            self._hand_on(source)
        finally:
            source.close()
            self._source = None

    def _make(self) -> Source | None:
        with self._lock:
            if self._stopped.is_set():
                return None
            self._source = self._opener(
                self._spec,
                pace=True,
                counters=self._counters,
                wall=self._wall,
                clock=self._clock,
                timeouts=self._timeouts,
            )
            return self._source

    def _open(self, source: Source) -> None:
        try:
            source.open()
        except VedetteError:
            if not self._stopped.is_set():
                self._counters["open_failures"] += 1
            raise

    def _hand_on(self, source: Source) -> None:
        started_s = time.monotonic()
        take = self._sink.on_packet
        try:
            for packet in source.packets():
                self._counters["packets"] += 1
                take(packet)
        finally:
            if time.monotonic() - started_s >= self._backoff.healthy_s:
                self._failures = 0

    def _retry(self, error: VedetteError) -> None:
        self._failures += 1
        pause_s = self._backoff.pause_s(self._failures, random.random())  # noqa: S311 -- no secret
        self._counters["reconnects"] += 1
        log.warning("stream has failed", reason=str(error), attempt=self._failures, pause_s=round(pause_s, 1))
        self._sink.on_state(CameraState.RETRYING, str(error))
        self._stopped.wait(pause_s)

    def _goes_on(self) -> bool:
        """What happens after an orderly end: again, for loops and for cameras that hang up."""
        if self._stopped.is_set():
            return False
        if self._spec.loop:
            return True
        if not self._footage:
            self._retry(VedetteError("the camera has ended the stream."))
            return True
        self._end(None)
        return False

    def _end(self, error: VedetteError | None) -> None:
        if error is not None:
            self._counters["broken_footage"] += 1
            log.warning("footage breaks off", reason=str(error))
        self._sink.on_state(CameraState.ENDED, str(error or ""))
        self._sink.on_end()
