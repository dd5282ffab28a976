"""The compressed packets that a quiet camera keeps, so that looking back is possible."""

from vedette.media.packets import MediaPacket

GROUP_BYTES_MAX = 24 * 2**20
"""Bytes kept per camera for the current and the previous group of pictures."""


class Groups:
    """The packets of the current and the previous group of pictures, within a byte bound."""

    def __init__(self, max_bytes: int = GROUP_BYTES_MAX) -> None:
        self._max_bytes = max_bytes
        self.previous: list[MediaPacket] = []
        self.current: list[MediaPacket] = []
        self._previous_bytes = 0
        self._current_bytes = 0
        self.truncated = False

    def add(self, packet: MediaPacket) -> None:
        """Append a packet in decode order. A keyframe begins a group; what comes before the first is lost.

        A group that alone breaks the bound is kept without its end: it cannot be decoded past it.
        """
        if packet.keyframe:
            self.previous, self._previous_bytes = self.current, self._current_bytes
            self.current, self._current_bytes, self.truncated = [], 0, False
        elif not self.current:
            return
        if self.truncated or self._current_bytes + packet.size_bytes > self._max_bytes:
            self.truncated = True
            return
        self.current.append(packet)
        self._current_bytes += packet.size_bytes
        if self._previous_bytes + self._current_bytes > self._max_bytes:
            self.previous, self._previous_bytes = [], 0
