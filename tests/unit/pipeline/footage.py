"""Packets of made videos, read as fast as possible."""

from collections import Counter
from pathlib import Path

from vedette.domain.camera import StreamSpec
from vedette.media.packets import MediaPacket
from vedette.sources.base import open_source


def packets_of(path: Path) -> list[MediaPacket]:
    """All video packets; times are seconds from the start of the file."""
    source = open_source(StreamSpec(url=str(path)), pace=False, counters=Counter())
    source.open()
    try:
        return [packet for packet in source.packets() if packet.is_video]
    finally:
        source.close()
