"""The box structure of ISO/IEC 14496-12: writing boxes, and reading them without trusting any length."""

import struct
from collections.abc import Iterator

from vedette.domain.errors import StorageError


class DamagedSegmentError(StorageError):
    """A file that is not a segment of ours, or whose structure is destroyed."""


class UnfinishedHeadError(DamagedSegmentError):
    """A file that ends before its head does: no media was ever in it."""


def box(kind: bytes, *payload: bytes) -> bytes:
    """A box; its size must fit in 32 bits."""
    return struct.pack(">I4s", 8 + sum(map(len, payload)), kind) + b"".join(payload)


def full_box(kind: bytes, version: int, flags: int, *payload: bytes) -> bytes:
    """A box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *payload)


def children(data: bytes, start: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """Kind and payload of the boxes that lie one after the other in `data`.

    Raises:
        DamagedSegmentError: a box reaches over the end.
    """
    while start + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        if length < 8 or start + length > len(data):
            raise DamagedSegmentError("a box reaches over the end of its container")
        yield kind, data[start + 8 : start + length]
        start += length


def descend(data: bytes, *kinds: bytes) -> bytes:
    """The payload of the first box at the end of this path of kinds.

    Raises:
        DamagedSegmentError: there is none.
    """
    for wanted in kinds:
        found = next((payload for kind, payload in children(data) if kind == wanted), None)
        if found is None:
            raise DamagedSegmentError(f"no {wanted.decode('latin-1')} box")
        data = found
    return data


class Reader:
    """Takes big-endian numbers off the front of a box's payload.

    Raises:
        DamagedSegmentError: from every method, when the payload is too short.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        end = self.position + count
        if count < 0 or end > len(self.data):
            raise DamagedSegmentError("a box is too short for its content")
        taken, self.position = self.data[self.position : end], end
        return taken

    def number(self, size_bytes: int) -> int:
        """The next unsigned integer."""
        return int.from_bytes(self.take(size_bytes), "big")

    def version_and_flags(self) -> tuple[int, int]:
        """The head of a full box."""
        word = self.number(4)
        return word >> 24, word & 0xFF_FFFF
