"""Packets for tests: made by hand where only sizes and times matter, real ones from a video."""

from collections import Counter
from fractions import Fraction
from pathlib import Path

import av

from vedette.domain.camera import StreamSpec
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.sources.base import open_source

TICK = Fraction(1, 1000)
VIDEO = VideoInfo("h264", 640, 360, b"", TICK, 25.0)
AUDIO = AudioInfo("aac", 16000, 1, b"", TICK)


def packet(
    utc_s: float, size_bytes: int = 100, *, keyframe: bool = False, info: VideoInfo | AudioInfo = VIDEO
) -> MediaPacket:
    """A packet of zeros."""
    media = av.Packet(size_bytes)
    media.pts = media.dts = round(utc_s * 1000)
    media.time_base = TICK
    return MediaPacket(media, info, utc_s, keyframe)


def packets_of(path: Path) -> list[MediaPacket]:
    """All packets of a video file, in its own time."""
    source = open_source(StreamSpec(url=str(path)), pace=False, counters=Counter())
    source.open()
    return list(source.packets())
