"""The packets of the last groups of pictures, kept in memory so that no event loses its beginning."""

import threading
from collections import deque

from vedette.media.packets import MediaPacket

Group = list[MediaPacket]


class PacketRing:
    """The current and the previous group of pictures, and older ones within `keep_s`.

    One thread writes, several may read.

    A group begins with a keyframe and holds the packets up to the next one, audio included. Above
    `max_bytes` the oldest groups go first. A single group larger than the bound cannot be kept whole and is
    useless in part: it is dropped, nothing is kept until the next keyframe, and `overflows` counts it.

    Args:
        max_bytes: bound of the compressed data held.
        keep_s: pre-roll, in seconds before the newest packet, that `since` can give.
    """

    def __init__(self, max_bytes: int, *, keep_s: float = 0.0) -> None:
        self.max_bytes = max_bytes
        self.keep_s = keep_s
        self.overflows = 0
        self._lock = threading.Lock()
        self._groups: deque[Group] = deque()
        self._group_bytes: deque[int] = deque()
        self._size_bytes = 0
        self._keyframe: MediaPacket | None = None

    @property
    def size_bytes(self) -> int:
        """Compressed bytes held now."""
        return self._size_bytes

    def append(self, packet: MediaPacket) -> None:
        """Add the newest packet; what stands before the first keyframe is not kept."""
        size = packet.size_bytes
        with self._lock:
            if packet.keyframe and packet.is_video:
                self._keyframe = packet
                self._groups.append([])
                self._group_bytes.append(0)
            elif not self._groups:
                return
            self._groups[-1].append(packet)
            self._group_bytes[-1] += size
            self._size_bytes += size
            self._trim(packet.utc_s - self.keep_s)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._groups.clear()
            self._group_bytes.clear()
            self._size_bytes = 0
            self._keyframe = None

    def groups(self) -> list[Group]:
        """Copies of the groups held, oldest first."""
        with self._lock:
            return [list(group) for group in self._groups]

    def newest_keyframe(self) -> MediaPacket | None:
        """The last keyframe seen."""
        return self._keyframe

    def since(self, utc_s: float) -> list[MediaPacket]:
        """Packets in decode order from the last keyframe at or before `utc_s` on, or as many as there are."""
        with self._lock:
            groups = list(self._groups)
            first = next((i for i in range(len(groups) - 1, 0, -1) if groups[i][0].utc_s <= utc_s), 0)
            return [packet for group in groups[first:] for packet in group]

    def _trim(self, wanted_utc_s: float) -> None:
        groups = self._groups
        while len(groups) > 2 and groups[1][0].utc_s <= wanted_utc_s:
            self._drop_oldest()
        while self._size_bytes > self.max_bytes:
            if len(groups) == 1:
                self.overflows += 1
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        self._groups.popleft()
        self._size_bytes -= self._group_bytes.popleft()
