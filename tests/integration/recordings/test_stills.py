"""Pictures of the recording at any moment."""

import io
from collections.abc import Callable
from datetime import timedelta

import av
import pytest
from django.test import Client

from tests.integration.recordings.conftest import Archive, at
from tests.unit.recording.packets import START_UTC_S
from vedette.domain.errors import StorageError
from vedette.media.jpeg import decode_jpeg
from vedette.server.accounts.models import AuditEntry
from vedette.server.cameras.models import Camera
from vedette.server.recordings.models import Segment
from vedette.server.recordings.stills import PictureCache, find_still, picture_at


@pytest.mark.parametrize("codec", ["h264", "hevc", "mjpeg"])
def test_a_moment_has_its_picture(archive: Archive, codec: str) -> None:
    """The keyframe at or before the moment, whatever the codec, at the width that was asked for."""
    archive.record(codec=codec, gop=10, suffix=".mkv" if codec == "mjpeg" else ".mp4")
    still = find_still("door", START_UTC_S + 1.55)
    assert still.utc_s == pytest.approx(START_UTC_S + (1.5 if codec == "mjpeg" else 1.0), abs=0.06)
    picture = decode_jpeg(picture_at("door", START_UTC_S + 1.55, 160))
    assert (picture.width, picture.height) == (160, 90)
    assert picture.bgr.std() > 5


def test_the_picture_is_the_right_one(archive: Archive) -> None:
    """It shows what a player shows at that moment, not a neighbour's picture."""
    rows = archive.record(times=1, seconds=6, fps=10, gop=5)
    with av.open(str(archive.root / rows[1].path)) as segment:
        frames = [frame.to_ndarray(format="bgr24") for frame in segment.decode(video=0) if frame.key_frame]
    wanted = frames[2]
    moment = rows[1].start + timedelta(seconds=1.2)
    shown = decode_jpeg(picture_at("door", moment.timestamp(), 320)).bgr
    differences = [abs(frame.astype(int) - shown.astype(int)).mean() for frame in frames]
    assert min(differences) == pytest.approx(abs(wanted.astype(int) - shown.astype(int)).mean())
    assert differences[2] < 4


def test_where_nothing_was_recorded_there_is_none(archive: Archive) -> None:
    """Before, after and in gaps there is no picture; at the very edge there still is."""
    archive.record(times=1)
    archive.record(at_s=60, times=1)
    for seconds in (-1, 30, 90, -START_UTC_S, 1e300):
        with pytest.raises(StorageError, match="Nothing was recorded"):
            picture_at("door", START_UTC_S + seconds)
    assert picture_at("door", START_UTC_S + 2.0)


def test_damaged_segments_say_so(archive: Archive) -> None:
    """A file that is gone, cut short or garbage gives a word, and what is whole of it is still shown."""
    rows = archive.record(times=2, gop=10, fps=10)
    whole = (archive.root / rows[0].path).read_bytes()
    (archive.root / rows[0].path).write_bytes(whole[: len(whole) * 2 // 3])
    assert picture_at("door", START_UTC_S + 0.1)
    (archive.root / rows[0].path).write_bytes(b"nonsense" * 100)
    with pytest.raises(StorageError):
        picture_at("door", START_UTC_S + 0.1)
    (archive.root / rows[0].path).unlink()
    with pytest.raises(StorageError):
        picture_at("door", START_UTC_S + 0.1)


def test_a_segment_that_is_being_written_has_pictures(archive: Archive) -> None:
    """Up to its last fragment; such a picture may change, so browsers ask again."""
    rows = archive.record(times=1)
    Segment.objects.filter(pk=rows[0].pk).update(state="open", end=rows[0].start)
    assert not find_still("door", START_UTC_S + 0.5).settled


def test_over_rest_browsers_keep_it(archive: Archive, api: Client, door: Camera) -> None:
    """A picture of the past never changes: it may be kept, has a validator, and says of when it is."""
    archive.record()
    answer = api.get("/api/v1/cameras/door/still", {"at": at(2.5), "width": 200})
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert "immutable" in answer["Cache-Control"]
    assert float(answer["X-Captured"]) == pytest.approx(START_UTC_S + 2, abs=0.01)
    with av.open(io.BytesIO(answer.content)) as picture:
        assert picture.streams.video[0].width == 200
    again = api.get(
        "/api/v1/cameras/door/still",
        {"at": at(2.9), "width": 200},
        headers={"If-None-Match": answer["ETag"]},
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"at": "x"}, 422),
        ({"at": at(1), "width": 1}, 422),
        ({"at": at(1), "width": 99999}, 422),
        ({"at": at(999)}, 404),
        ({}, 422),
    ],
)
def test_odd_questions_are_refused(
    archive: Archive, api: Client, door: Camera, query: dict[str, object], status: int
) -> None:
    """Bounds are checked at the edge."""
    archive.record(times=1)
    assert api.get("/api/v1/cameras/door/still", query).status_code == status


def test_looks_are_noted_once(archive: Archive, bearer: Callable[..., Client], door: Camera) -> None:
    """However many pictures are asked for, the audit log has one entry per viewer and camera."""
    archive.record()
    viewer = bearer("viewer")
    for seconds in range(5):
        assert viewer.get("/api/v1/cameras/door/still", {"at": at(seconds)}).status_code == 200
    assert viewer.get("/api/v1/cameras/door/clip.mp4", {"start": at(0), "end": at(2)}).status_code == 200
    entries = AuditEntry.objects.filter(action="recording.watched")
    assert [(entry.who, entry.camera) for entry in entries] == [("test viewer", "door")]


def test_the_cache_is_bounded() -> None:
    """Pictures asked for last stay, up to the bound."""
    cache = PictureCache(100)
    for number in range(10):
        cache.put(str(number), bytes(20))
        cache.get("0")
    assert cache.size_bytes == 100
    assert cache.get("0") is not None
    assert cache.get("1") is None
    cache.put("0", bytes(50))
    assert cache.size_bytes <= 100
    cache.put("large", bytes(500))
    assert cache.size_bytes == 0
