"""Real footage through the real source, recorder and clip: nothing is lost on the way."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.recording.packets import Recording, decode_complaints, probe
from vedette.domain.camera import StreamSpec
from vedette.media.packets import MediaPacket
from vedette.recording.clips import ClipFile, ClipPart
from vedette.sources.base import open_source

NAMES = [
    "plaza_people_8s.mp4",
    "street_cars_11s.mp4",
    "syn_night_ir.mp4",
    "bw_dark-light.mp4",
    "derived/car_h265.mp4",
    "derived/car_mjpeg_5fps.avi",
    "raw_h264/alternating-light.h264",
]


def read(path: Path) -> list[MediaPacket]:
    """All packets of a file, through the source that the product uses."""
    source = open_source(StreamSpec(url=str(path)), pace=False, counters=Counter(), wall=time.time)
    source.open()
    try:
        return list(source.packets())
    finally:
        source.close()


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_arrives_in_the_clip(tmp_path: Path, clip: Callable[[str], Path], name: str) -> None:
    """As many pictures as the source has, in the same time, without a complaint of ffmpeg."""
    stream = read(clip(name))
    recording = Recording(tmp_path, segment_s=4)
    recording.feed(stream)
    recording.close()
    assert recording.counters["packets_refused"] == 0
    pictures = [p for p in stream if p.is_video]
    parts = [ClipPart(recording.root / m.path, m.start_utc_s) for m in recording.closed]
    made = ClipFile(parts, pictures[0].utc_s - 1, pictures[-1].utc_s + 60)
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"".join(made.read()))
    assert int(probe(path)["video"]["nb_read_frames"]) == len(pictures)
    lasts = max(p.utc_s for p in pictures) - pictures[0].utc_s
    assert made.duration_s == pytest.approx(lasts, abs=0.3)
    assert decode_complaints(path) == ""
