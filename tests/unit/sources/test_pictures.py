"""Folders of pictures, read as a camera."""

import os
from collections import Counter
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.unit.sources.cameras import camera, failure_of, read
from vedette.domain.errors import SourceError
from vedette.media.decoder import decode_keyframe
from vedette.media.jpeg import encode_jpeg
from vedette.media.planes import BgrPicture
from vedette.sources.pictures import taken_utc_s

NOON = 1_800_000_000


def picture(width: int = 160, height: int = 96, value: int = 90) -> BgrPicture:
    return BgrPicture(np.full((height, width, 3), value, np.uint8))


def put(folder: Path, name: str, data: bytes, at_s: float = 0.0) -> Path:
    """Write a file as of some seconds after noon."""
    path = folder / name
    path.write_bytes(data)
    os.utime(path, (NOON + at_s, NOON + at_s))
    return path


def with_exif(jpeg: bytes, text: bytes) -> bytes:
    """The JPEG with a date in an EXIF segment."""
    body = b"Exif\0\0MM\0*\0\0\0\x08" + text + b"\0"
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index, name in enumerate(["c.jpg", "a.jpg", "b.JPEG"]):
        put(tmp_path, name, encode_jpeg(picture(value=60 * index)), index * 10)
    return tmp_path


def test_pictures_come_in_the_order_they_were_taken(folder: Path) -> None:
    """Times decide, not names; unpaced, their distances are kept."""
    packets = read(camera(str(folder), pace=False))
    assert [packet.utc_s for packet in packets] == pytest.approx([0, 10, 20])
    assert [round(float(decode_keyframe(p).y.mean())) for p in packets] == pytest.approx([0, 60, 120], abs=2)
    assert all(packet.keyframe for packet in packets)


def test_pictures_of_the_same_second_are_set_apart(tmp_path: Path) -> None:
    """A copied folder, where all files have one time, is read at the pace of the address."""
    for name in ("2.jpg", "1.jpg", "3.jpg"):
        put(tmp_path, name, encode_jpeg(picture()))
    packets = read(camera(f"{tmp_path.as_uri()}?fps=5", pace=False))
    assert [packet.utc_s for packet in packets] == pytest.approx([0, 0.2, 0.4])


def test_paced_pictures_come_now(folder: Path) -> None:
    """As from a camera, they come at the pace, in today's time."""
    packets = read(camera(f"{folder.as_uri()}?fps=50", pace=True))
    steps = np.diff([packet.utc_s for packet in packets])
    assert steps == pytest.approx([0.02, 0.02], abs=1e-3)
    assert packets[0].utc_s > 1_600_000_000


def test_png_becomes_jpeg(tmp_path: Path) -> None:
    """PNG files join the stream of JPEG packets."""
    put(tmp_path, "a.png", cv2.imencode(".png", picture(value=100).bgr)[1].tobytes())
    source = camera(str(tmp_path), pace=False)
    (packet,) = read(source)
    assert source.video.codec == "mjpeg"
    assert abs(float(decode_keyframe(packet).y.mean()) - 100) < 2


def test_another_size_is_a_new_info(folder: Path) -> None:
    """Pictures of another size say so, as every stream does."""
    put(folder, "z.jpg", encode_jpeg(picture(320, 240)), 99)
    counters: Counter[str] = Counter()
    packets = read(camera(str(folder), counters, pace=False))
    assert [packet.info.width for packet in packets] == [160, 160, 160, 320]
    assert packets[2].info is packets[0].info
    assert counters["parameter_changes"] == 1


def test_bad_pictures_are_left_out(folder: Path) -> None:
    """Damaged, empty and foreign files cost a counter each and nothing else."""
    put(folder, "bad.jpg", b"not a picture", -5)
    put(folder, "empty.png", b"", 15)
    put(folder, "notes.txt", b"hello")
    counters: Counter[str] = Counter()
    assert len(read(camera(str(folder), counters, pace=False))) == 3
    assert counters["bad_pictures"] >= 2


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    """A folder without pictures says what is wanted."""
    assert "JPEG or PNG" in failure_of(camera(str(tmp_path)), SourceError)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"2026:11:21 10:22:33", datetime(2026, 11, 21, 10, 22, 33).astimezone().timestamp()),
        (b"0000:00:00 00:00:00", NOON),
        (b"2026:13:40 10:22:33", NOON),
    ],
)
def test_exif_time_counts_where_there_is_one(tmp_path: Path, text: bytes, expected: float) -> None:
    """The camera's own time is better than the file's, unless it is nonsense."""
    path = put(tmp_path, "a.jpg", with_exif(encode_jpeg(picture()), text))
    assert taken_utc_s(path) == expected
    assert len(read(camera(str(tmp_path), pace=False))) == 1


def test_close_ends_it(folder: Path) -> None:
    """A closed folder gives nothing more."""
    source = camera(str(folder))
    source.open()
    packets = source.packets()
    next(packets)
    source.close()
    assert list(packets) == []
