"""A picture of the recording at any moment, quickly: one keyframe, decoded straight from its segment.

The pointer moves over a time line and the picture follows, so nothing is searched for: one row names the
segment, its index (remembered) the keyframe. Pictures are kept in memory up to a bound.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from vedette.domain.errors import SourceError, StorageError
from vedette.server.recordings.models import Segment
from vedette.server.recordings.spans import GAP
from vedette.server.times import from_utc_s

if TYPE_CHECKING:
    from vedette.recording.pictures import Keyframe

WIDTHS = (64, 1920)
CACHED_BYTES = 32 * 2**20
"""Some three thousand pictures of 240 pixels."""
_AT_ONCE = 4
"""Pictures that are decoded at one time; more wait, so that scrubbing cannot take the whole machine."""
_QUALITY = 78
_FORGOTTEN = timedelta(minutes=15)
"""A segment that is open and older than this was left behind by a crash; it ends where its row says."""

_decoders = threading.BoundedSemaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Still:
    """A picture that has been found, but not decoded.

    Attributes:
        settled: its segment is finished, so the picture of this moment will never be another.
    """

    segment: str
    path: Path
    keyframe: "Keyframe"
    settled: bool

    @property
    def utc_s(self) -> float:
        """When it was shown."""
        return self.keyframe.utc_s

    def etag(self, width: int) -> str:
        """Names the picture, without quotes."""
        return f"{self.segment}-{self.keyframe.number}-{width}"


class PictureCache:
    """The pictures asked for last, up to a number of bytes."""

    def __init__(self, bytes_max: int) -> None:
        self.size_bytes = 0
        self._bytes_max = bytes_max
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        """The picture, which is now the newest."""
        with self._lock:
            if name in self._pictures:
                self._pictures.move_to_end(name)
            return self._pictures.get(name)

    def put(self, name: str, picture: bytes) -> None:
        """Keep a picture, at the cost of the oldest."""
        with self._lock:
            self.size_bytes += len(picture) - len(self._pictures.pop(name, b""))
            self._pictures[name] = picture
            while self.size_bytes > self._bytes_max:
                self.size_bytes -= len(self._pictures.popitem(last=False)[1])


_cache = PictureCache(CACHED_BYTES)


def picture_at(camera_id: str, utc_s: float, width: int = 320) -> bytes:
    """The camera's picture at this time as JPEG, at most `width` pixels wide: the keyframe at or before it.

    Raises:
        StorageError: nothing was recorded then, or it cannot be read.
    """
    return picture_of(find_still(camera_id, utc_s), width)


def find_still(camera_id: str, utc_s: float) -> Still:
    """Where that picture is.

    Raises:
        StorageError: nothing was recorded then, or it cannot be read.
    """
    from vedette.recording.clips import read_index  # noqa: PLC0415  loads av, which start-up need not wait for
    from vedette.recording.pictures import keyframe_at  # noqa: PLC0415

    for row in _rows(camera_id, utc_s):
        path = settings.HOME.recordings / row.path
        keyframe = keyframe_at(read_index(path), row.start.timestamp(), utc_s)
        if keyframe is not None:
            return Still(str(row.id), path, keyframe, settled=row.state == Segment.State.CLOSED)
    raise StorageError("There is no picture at this time.")


def picture_of(still: Still, width: int) -> bytes:
    """The picture as JPEG, at most `width` pixels wide.

    Raises:
        StorageError: it cannot be read or decoded.
    """
    from vedette.media.decoder import decode_keyframe  # noqa: PLC0415
    from vedette.media.jpeg import encode_jpeg  # noqa: PLC0415
    from vedette.recording.pictures import read_keyframe  # noqa: PLC0415

    name = still.etag(width)
    if (known := _cache.get(name)) is not None:
        return known
    with _decoders:
        try:
            planes = decode_keyframe(read_keyframe(still.path, still.keyframe), skip_loop_filter=width <= 640)
        except SourceError as error:
            raise StorageError(f"The picture cannot be decoded: {error}") from error
        picture = encode_jpeg(planes, max_width=width, quality=_QUALITY)
    _cache.put(name, picture)
    return picture


def picture_times_of(row: Segment) -> list[float]:
    """When each picture of a segment is shown; none where it cannot be read."""
    from vedette.recording.clips import read_index  # noqa: PLC0415
    from vedette.recording.pictures import picture_times  # noqa: PLC0415

    try:
        return picture_times(read_index(settings.HOME.recordings / row.path), row.start.timestamp())
    except StorageError:
        return []


def _rows(camera_id: str, utc_s: float) -> list[Segment]:
    """The segment that holds this time; with the one before, where it has only just been begun.

    Raises:
        StorageError: there is none.
    """
    try:
        moment = from_utc_s(utc_s)
    except ValueError:
        raise StorageError("Nothing was recorded at this time.") from None
    rows = Segment.objects.filter(camera=camera_id, start__lte=moment + timedelta(milliseconds=1))
    found = list(rows.exclude(state=Segment.State.DELETING).order_by("-start")[:2])
    if not found or not (found[0].end + GAP > moment or _still_written(found[0])):
        raise StorageError("Nothing was recorded at this time.")
    return found if found[0].state == Segment.State.OPEN else found[:1]


def _still_written(row: Segment) -> bool:
    return row.state == Segment.State.OPEN and timezone.now() - row.start < _FORGOTTEN
