"""Parameter sets (SPS, PPS, VPS) inside a stream: does it still fit what decoder and muxer were told?

NAL units: ITU-T H.264 Annex B and table 7-1; H.265 Annex B and table 7-1.
"""

import av

from vedette.domain.errors import SourceError
from vedette.media.jpeg import jpeg_size
from vedette.media.packets import VideoInfo

_START = b"\0\0\1"
_HEAD_BYTES = 2048
"""Parameter sets stand before the first slice; nothing further in is looked at."""

Sets = dict[int, tuple[bytes, ...]]
"""NAL unit type to the sets of this type, in stream order."""


def parameter_sets(head: bytes, codec: str) -> Sets:
    """The parameter sets before the first slice of an Annex B stream; empty for other data."""
    sets: Sets = {}
    for unit in head.split(_START)[1:]:
        if not unit:
            continue
        kind = _kind(unit[0], codec)
        if kind is None:
            break
        if kind:
            sets[kind] = (*sets.get(kind, ()), unit.rstrip(b"\0"))
    return sets


def annex_b(sets: Sets) -> bytes:
    """Sets as extradata."""
    return b"".join(b"\0" + _START + unit for kind in sorted(sets) for unit in sets[kind])


def _kind(header: int, codec: str) -> int | None:
    """The type of a parameter set, 0 for units that do not matter, None for slices."""
    if codec == "h264":
        kind = header & 31
        return None if 1 <= kind <= 5 else kind if kind in {7, 8} else 0
    kind = header >> 1 & 63
    return None if kind < 32 else kind if kind <= 34 else 0


class ParameterWatch:
    """Notices, on keyframes, that the parameters of a stream are no longer those it was opened with."""

    def __init__(self, info: VideoInfo) -> None:
        self._codec = info.codec
        self._out_of_band = info.codec in {"h264", "hevc"} and info.extradata[:1] == b"\1"
        self._extradata = info.extradata
        self._known = parameter_sets(info.extradata, info.codec) if self._in_band else {}
        self._size = (info.width, info.height)
        self._seen: Sets = self._known

    @property
    def _in_band(self) -> bool:
        return self._codec in {"h264", "hevc"} and not self._out_of_band

    def extradata_of(self, packet: "av.Packet[av.VideoStream]") -> bytes | None:
        """The extradata that this keyframe needs when it is not the one known; it is known from now on."""
        if self._out_of_band:
            return self._side_data(packet)
        if not self._in_band:
            return None
        sets = parameter_sets(_head(packet), self._codec)
        if sets == self._seen or not sets:
            return None
        self._seen = sets
        merged = {**self._known, **sets}
        if merged == self._known:
            return None
        self._known = merged
        return annex_b(merged)

    def size_of(self, packet: "av.Packet[av.VideoStream]") -> tuple[int, int] | None:
        """The size of a motion JPEG picture when it is not the one known."""
        if self._codec != "mjpeg":
            return None
        try:
            size = jpeg_size(_head(packet))
        except SourceError:
            return None
        changed = size != self._size
        self._size = size
        return size if changed else None

    def _side_data(self, packet: "av.Packet[av.VideoStream]") -> bytes | None:
        if not packet.has_sidedata("new_extradata"):
            return None
        extradata = bytes(packet.get_sidedata("new_extradata"))
        if extradata == self._extradata:
            return None
        self._extradata = extradata
        return extradata


def _head(packet: "av.Packet[av.VideoStream]") -> bytes:
    return bytes(memoryview(packet)[:_HEAD_BYTES])
