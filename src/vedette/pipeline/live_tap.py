"""Where a camera's stream can be watched: between the reader thread and the live thread, bounded."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable

from vedette.media.packets import AudioInfo, MediaPacket
from vedette.media.ring import PacketRing

TAP_BYTES_MAX = 8 * 2**20
STALE_S = 10.0
"""A camera that has sent nothing for so long has no newest picture to begin with."""


class LiveTap:
    """Where a stream can be watched: the reader thread offers every packet, the live thread takes them.

    Args:
        ring: holds the newest group of pictures, so that the first picture comes at once.
        counters: takes `live_packets_dropped`.
    """

    def __init__(self, ring: PacketRing, counters: Counter[str]) -> None:
        self.audio: AudioInfo | None = None
        self._ring = ring
        self._counters = counters
        self._wake: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._packets: deque[MediaPacket] = deque()
        self._last: MediaPacket | None = None
        self._bytes = 0
        self._broken = False

    def expect_audio(self, audio: AudioInfo | None) -> None:
        """Say what sound the stream has; on the reader thread."""
        self.audio = audio

    def offer(self, packet: MediaPacket) -> None:
        """Take a packet on the reader thread, after the ring has; never blocks, free while nobody watches."""
        wake = self._wake
        if wake is None:
            return
        with self._lock:
            # A reader that was between ring and tap offers what `open` has found in the ring.
            if packet is not self._last:
                self._put(packet)
        wake()

    def open(self, wake: Callable[[], None]) -> None:
        """Begin with the newest group of pictures; `wake` is called for every packet that comes."""
        with self._lock:
            self._wake, self._broken = wake, False
            groups = self._ring.groups()
            newest = groups[-1] if groups else []
            fresh = newest and time.time() - newest[-1].utc_s < STALE_S
            self._packets = deque(newest if fresh else ())
            self._last = newest[-1] if newest else None
            self._bytes = sum(packet.size_bytes for packet in self._packets)

    def close(self) -> None:
        """Nobody watches any more."""
        with self._lock:
            self._wake = self._last = None
            self._packets.clear()
            self._bytes = 0

    def take(self) -> list[MediaPacket]:
        """All that waits, oldest first."""
        with self._lock:
            taken = list(self._packets)
            self._packets.clear()
            self._bytes = 0
        return taken

    def _put(self, packet: MediaPacket) -> None:
        if self._bytes + packet.size_bytes > TAP_BYTES_MAX:
            self._counters["live_packets_dropped"] += len(self._packets)
            self._packets.clear()
            self._bytes, self._broken = 0, True
        if self._broken and not (packet.keyframe and packet.is_video):
            self._counters["live_packets_dropped"] += 1
            return
        self._broken = False
        self._packets.append(packet)
        self._bytes += packet.size_bytes
