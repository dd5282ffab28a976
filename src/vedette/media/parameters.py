"""Parameter sets (SPS, PPS, VPS) inside a stream: does it still fit what decoder and muxer were told?

NAL units: ITU-T H.264 Annex B and table 7-1; H.265 Annex B and table 7-1.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import av

from vedette.domain.errors import SourceError
from vedette.media.decoder import decode_keyframe
from vedette.media.jpeg import jpeg_size
from vedette.media.packets import MediaPacket, VideoInfo

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
    """Notices, on keyframes, that the parameters of a stream are no longer those it was opened with.

    Damage on the way can look like a change: new parameter sets count when the keyframe decodes with them
    without an error, or when they come a second time.
    """

    def __init__(self, info: VideoInfo) -> None:
        self._info = info
        named = info.codec in {"h264", "hevc"}
        self._out_of_band = named and info.extradata[:1] == b"\1"  # avcC and hvcC begin with their version
        self._in_band = named and not self._out_of_band
        self._known = parameter_sets(info.extradata, info.codec) if self._in_band else {}
        self._refused = b""

    def look(self, packet: "av.Packet[Any]") -> VideoInfo:
        """The info that fits this keyframe: the same object until something has changed."""
        if self._in_band:
            self._look_in_band(packet)
        elif self._out_of_band:
            self._look_beside(packet)
        elif self._info.codec == "mjpeg":
            self._look_at_jpeg(packet)
        return self._info

    def _look_in_band(self, packet: "av.Packet[Any]") -> None:
        sets = parameter_sets(_head(packet), self._info.codec)
        if all(self._known.get(kind) == units for kind, units in sets.items()):
            return
        merged = {**self._known, **sets}
        if self._try(packet, annex_b(merged)):
            self._known = merged

    def _look_beside(self, packet: "av.Packet[Any]") -> None:
        if packet.has_sidedata("new_extradata"):
            extradata = bytes(packet.get_sidedata("new_extradata"))
            if extradata != self._info.extradata:
                self._try(packet, extradata)

    def _look_at_jpeg(self, packet: "av.Packet[Any]") -> None:
        with suppress(SourceError):
            self._resize(self._info, *jpeg_size(_head(packet)))

    def _try(self, packet: "av.Packet[Any]", extradata: bytes) -> bool:
        """Take the extradata over when it proves itself; changes are rare, so the keyframe is decoded."""
        changed = replace(self._info, extradata=extradata)
        insisted = extradata == self._refused
        try:
            picture = decode_keyframe(MediaPacket(packet, changed, 0.0, keyframe=True), strict=not insisted)
        except SourceError:
            self._refused = extradata
            return False
        self._info = changed
        self._resize(changed, picture.width, picture.height)
        return True

    def _resize(self, info: VideoInfo, width: int, height: int) -> None:
        if (width, height) != (info.width, info.height):
            self._info = replace(info, width=width, height=height)


def _head(packet: "av.Packet[Any]") -> bytes:
    return bytes(memoryview(packet)[:_HEAD_BYTES])
