"""Packets as the samples of an MP4 track: NAL units with their lengths in front (ISO/IEC 14496-15)."""

from collections.abc import Callable
from typing import Any

import av

from vedette.media.packets import VideoInfo

_START = b"\0\0\1"

Convert = Callable[["av.Packet[Any]"], bytes]


def converter(video: VideoInfo) -> Convert:
    """How the packets of this stream become samples: as they are, unless they are Annex B (RTSP)."""
    is_annex_b = video.codec in {"h264", "hevc"} and video.extradata[:1] != b"\1"
    return _with_lengths if is_annex_b else bytes


def _with_lengths(packet: "av.Packet[Any]") -> bytes:
    return with_lengths(bytes(packet))


def with_lengths(data: bytes) -> bytes:
    """Annex B with each start code replaced by the length of the unit behind it (rec. H.264, annex B)."""
    parts: list[bytes] = []
    start = data.find(_START)
    while start >= 0:
        begin = start + len(_START)
        start = data.find(_START, begin)
        unit = data[begin : start if start >= 0 else len(data)].rstrip(b"\0")
        if unit:
            parts += (len(unit).to_bytes(4, "big"), unit)
    return b"".join(parts)
