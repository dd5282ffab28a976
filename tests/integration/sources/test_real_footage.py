"""Every real clip, whole and damaged: packets, pictures and nothing but errors for people."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from tests.unit.sources.cameras import camera
from vedette.domain.errors import SourceError
from vedette.media.decoder import GroupDecoder, decode_keyframe
from vedette.sources.base import Source

DAMAGED = {"empty.mp4", "truncated.mp4", "truncated_nomoov.mp4"}
PICTURES_MAX = 40


def clips(data_dir: Path) -> list[Path]:
    return sorted(path for path in (data_dir / "clips").rglob("*") if path.is_file())


def test_every_whole_clip_is_read_to_its_end(data_dir: Path) -> None:
    """All formats: times grow, the first pictures decode with their own times, keyframes decode alone."""
    for path in clips(data_dir):
        if path.name in DAMAGED:
            continue
        counters: Counter[str] = Counter()
        source = camera(str(path), counters, pace=False)
        source.open()
        packets = [packet for packet in source.packets() if packet.is_video]
        shown = sorted(packet.utc_s for packet in packets)
        assert all(earlier < later for earlier, later in pairwise(shown)), path
        assert packets[0].keyframe, path
        assert decode_keyframe(packets[0]).width == source.video.width
        decoder = GroupDecoder(source.video, counters=counters)
        pictures = [pair for packet in packets[:PICTURES_MAX] for pair in decoder.decode(packet)]
        pictures += decoder.flush()
        assert [time for time, _ in pictures] == sorted(p.utc_s for p in packets[:PICTURES_MAX]), path
        assert not counters, path


@pytest.mark.parametrize("name", sorted(DAMAGED))
def test_damaged_clips_say_what_is_wrong(data_dir: Path, name: str) -> None:
    """Empty and truncated files end in an error that names the file and says what to do."""
    path = data_dir / "clips" / "derived" / name
    with pytest.raises(SourceError, match=name) as caught:
        _read(camera(str(path), pace=False))
    assert caught.value.hint


def _read(source: Source) -> None:
    source.open()
    for packet in source.packets():
        if packet.keyframe and packet.is_video:
            decode_keyframe(packet)
