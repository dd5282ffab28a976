"""Live streams on demand: packets of cameras that somebody watches become fragments on the bus.

Nothing happens for a stream that nobody asks for. The reader thread leaves packets in a bounded `LiveTap`;
one thread for all cameras makes fragments of them and hands them to a bus that drops rather than waits.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable

import structlog

from vedette.domain.errors import UnsupportedCodecError
from vedette.domain.messages import LiveEnd, LiveFragment, LiveInit, LiveRequest, LiveStop, LiveStream
from vedette.media.packets import MediaPacket
from vedette.pipeline.live_tap import LiveTap
from vedette.streaming.fragmenter import Fragmenter

IDLE_S = 30.0
"""The thread ends when nobody has watched anything for so long."""
_LEASES_S = 0.5

Publish = Callable[[LiveInit | LiveFragment | LiveEnd], bool]
"""Hands a message over without waiting; False when it was dropped."""

log = structlog.get_logger(__name__)


class LiveFeed:
    """One stream that is watched; for the live thread alone."""

    def __init__(
        self, camera: str, stream: LiveStream, tap: LiveTap, publish: Publish, counters: Counter[str]
    ) -> None:
        self._camera, self._stream = camera, stream
        self._tap = tap
        self._publish = publish
        self._counters = counters
        self._fragmenter: Fragmenter | None = None
        self._unplayable: object = None
        self._unsaid = self._broken = False

    def pump(self) -> None:
        """Send everything that has come."""
        packets = self._tap.take()
        last = len(packets) - 1
        for index, packet in enumerate(packets):
            if packet.is_video:
                self._follow(packet)
            if self._fragmenter is not None:
                self._send(self._fragmenter.feed(packet, behind=index < last))

    def close(self) -> None:
        """Stop taking packets."""
        self._tap.close()

    def _follow(self, packet: MediaPacket) -> None:
        """Begin anew where parameters or clock of the stream have changed, or the beginning was lost."""
        running = self._fragmenter
        if running is not None and (packet.info is not running.info or packet.discontinuity or self._unsaid):
            running = self._fragmenter = None
        if running is None and packet.keyframe and packet.info is not self._unplayable:
            self._begin(packet)

    def _begin(self, keyframe: MediaPacket) -> None:
        try:
            fragmenter = Fragmenter(self._camera, self._stream, keyframe, self._tap.audio)
        except UnsupportedCodecError as error:
            self._unplayable = keyframe.info
            end = LiveEnd(camera=self._camera, stream=self._stream, reason="codec", message=str(error))
            self._publish(end)
            return
        self._fragmenter, self._unsaid = fragmenter, not self._publish(fragmenter.init)

    def _send(self, fragments: Iterable[LiveFragment]) -> None:
        """After one that was dropped all are, up to the next keyframe: nothing else would play."""
        for fragment in fragments:
            is_video = fragment.track == "video"
            if is_video and fragment.keyframe:
                self._broken = self._unsaid
            if self._broken or not self._publish(fragment):
                self._broken = self._broken or is_video
                self._counters["live_fragments_dropped"] += 1


class LiveStreams:
    """All live streams of a worker.

    Args:
        find: the tap of a camera's stream; None when the camera does not run here or has no such stream.
        publish: hands messages to the server.
        watch_boxes: tells a camera whether anybody wants its boxes.
        counters: of the worker; takes `live_*`.
    """

    def __init__(
        self,
        find: Callable[[str, LiveStream], LiveTap | None],
        publish: Publish,
        watch_boxes: Callable[[str, bool], bool],
        counters: Counter[str],
    ) -> None:
        self._find, self._publish, self._watch_boxes = find, publish, watch_boxes
        self._counters = counters
        self._asked: deque[LiveRequest | LiveStop] = deque(maxlen=1024)
        self._feeds: dict[tuple[str, LiveStream], LiveFeed] = {}
        self._taps: dict[tuple[str, LiveStream], LiveTap] = {}
        self._until_s: dict[tuple[str, LiveStream], float] = {}
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = False

    @property
    def watched(self) -> int:
        """How many streams are watched."""
        return len(self._until_s)

    def ask(self, message: LiveRequest | LiveStop) -> None:
        """Begin, go on with or end a stream; from any thread, never blocks."""
        self._asked.append(message)
        with self._lock:
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
        self._wake.set()

    def close(self) -> None:
        """End all streams."""
        with self._lock:
            self._stopping = True
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        idle_since_s = time.monotonic()
        while not self._stopping:
            self._wake.wait(_LEASES_S)
            self._wake.clear()
            self._work()
            if self._until_s:
                idle_since_s = time.monotonic()
            elif time.monotonic() - idle_since_s > IDLE_S and self._retire():
                return
        for key in list(self._until_s):
            self._end(key)

    def _retire(self) -> bool:
        with self._lock:
            if self._asked:
                return False
            self._thread = None
            return True

    def _work(self) -> None:
        while self._asked:
            self._take(self._asked.popleft())
        now_s = time.monotonic()
        for key in [key for key, until_s in self._until_s.items() if until_s < now_s]:
            self._counters["live_leases_expired"] += 1
            self._end(key)
        for key, feed in list(self._feeds.items()):
            self._pump(key, feed)

    def _take(self, message: LiveRequest | LiveStop) -> None:
        key = (message.camera, message.stream)
        if isinstance(message, LiveStop):
            self._end(key)
            return
        boxes = message.stream == "boxes"
        found = self._watch_boxes(message.camera, True) if boxes else self._feed(key)
        if found:
            self._until_s[key] = time.monotonic() + message.lease_s
        else:
            self._end(key)
            words = f"The camera has no {message.stream} stream that is read now."
            self._publish(
                LiveEnd(camera=message.camera, stream=message.stream, reason="no_stream", message=words)
            )

    def _feed(self, key: tuple[str, LiveStream]) -> bool:
        """Have a feed for the tap that the camera has now; a camera that came back has another one."""
        tap = self._find(*key)
        if tap is None:
            return False
        if self._taps.get(key) is not tap:
            self._end(key)
            tap.open(self._wake.set)
            self._taps[key] = tap
            self._feeds[key] = LiveFeed(*key, tap, self._publish, self._counters)
            self._counters["live_streams_started"] += 1
        return True

    def _pump(self, key: tuple[str, LiveStream], feed: LiveFeed) -> None:
        try:
            feed.pump()
        except Exception as error:
            # One camera's odd packet must not end the live view of the others.
            self._counters["live_errors"] += 1
            log.exception("live stream failed", camera=key[0], stream=key[1], error=str(error))
            self._end(key)

    def _end(self, key: tuple[str, LiveStream]) -> None:
        self._until_s.pop(key, None)
        self._taps.pop(key, None)
        if key[1] == "boxes":
            self._watch_boxes(key[0], False)
        elif (feed := self._feeds.pop(key, None)) is not None:
            feed.close()
