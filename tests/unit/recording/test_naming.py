"""Names of segment files, and the parameter sets inside their sample entries."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.video import VideoMaker
from tests.unit.recording.packets import packets, record
from vedette.domain.errors import VedetteError
from vedette.domain.ids import CAMERA_ID, new_id
from vedette.recording.fmp4 import parse_segment
from vedette.recording.naming import SegmentName, parse_name
from vedette.recording.sample_entries import in_band_sets


@given(st.from_regex(CAMERA_ID, fullmatch=True), st.integers(0, 4_000_000_000_000_000))
def test_names_are_read_back(camera: str, microseconds: int) -> None:
    """Any camera at any time: the path gives back camera, time and id."""
    name = SegmentName(camera, microseconds / 1e6, new_id())
    found = parse_name(name.path)
    assert found is not None
    assert (found.camera, found.id, found.path) == (camera, name.id, name.path)
    assert found.start_utc_s == pytest.approx(name.start_utc_s, abs=2e-6)


@given(st.text(max_size=120))
def test_other_names_are_not_ours(path: str) -> None:
    """Any other text is the name of somebody else's file."""
    assert parse_name(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "door/2026-11-21/12/20261121T120000.250000Z_01a1fc2f-636c-7edc-8eea-56224f66798.mp4",
        "door/2026-11-21/13/20261121T120000.250000Z_01a1fc2f-636c-7edc-8eea-56224f667981.mp4",
        "door/2026-11-22/12/20261121T120000.250000Z_01a1fc2f-636c-7edc-8eea-56224f667981.mp4",
        "door/2026-11-21/12/20261321T120000.250000Z_01a1fc2f-636c-7edc-8eea-56224f667981.mp4",
        "../2026-11-21/12/20261121T120000.250000Z_01a1fc2f-636c-7edc-8eea-56224f667981.mp4",
        "x/door/2026-11-21/12/20261121T120000.250000Z_01a1fc2f-636c-7edc-8eea-56224f667981.mp4",
    ],
)
def test_almost_right_names_are_not_ours(path: str) -> None:
    """A short id, the wrong hour or day, a month 13, a step up, a folder more."""
    assert parse_name(path) is None


@pytest.fixture(scope="module", params=["h264", "hevc"])
def description(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, make_video: VideoMaker
) -> bytes:
    """A real sample entry."""
    video = make_video(seconds=1, codec=request.param, width=64, height=48)
    path: Path = record(tmp_path_factory.mktemp("entry"), packets(video.path)).paths()[0]
    return parse_segment(path).tracks[0].description


def test_parameter_sets_are_length_prefixed(description: bytes) -> None:
    """Sets of a real stream, one after the other, each with its length in four bytes."""
    sets, kinds = in_band_sets(description), []
    while sets:
        length = int.from_bytes(sets[:4], "big")
        kinds.append(sets[4] & 31 if description[4:8] == b"avc1" else sets[4] >> 1)
        sets = sets[4 + length :]
    assert kinds[:3] == ([7, 8] if description[4:8] == b"avc1" else [32, 33, 34])


@given(st.data())
def test_destroyed_entries_are_our_own_error(description: bytes, data: st.DataObject) -> None:
    """Flipped and missing bytes give sets or a VedetteError, never more than the entry holds."""
    mutated = bytearray(description)
    for _ in range(data.draw(st.integers(1, 5))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    mutated = mutated[: data.draw(st.integers(8, len(mutated)))]
    with contextlib.suppress(VedetteError):
        assert len(in_band_sets(bytes(mutated))) <= 3 * len(mutated)
