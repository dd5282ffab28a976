"""Folders of pictures, as if a camera had sent them one after the other (motion JPEG)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import structlog

from vedette.domain.errors import SourceError
from vedette.media.jpeg import decode_picture, encode_jpeg, jpeg_size, png_size
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.sources.base import Setting
from vedette.sources.interrupt import Interrupt

log = structlog.get_logger(__name__)

SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
FPS = 2.0
"""Pace when the address names none."""
TIME_BASE = Fraction(1, 90000)
_FILE_BYTES_MAX = 64 * 1024 * 1024
_EXIF = b"Exif\0\0"
_EXIF_AREA_BYTES = 65536
_EXIF_TIME = re.compile(rb"(\d{4}:[01]\d:[0-3]\d [0-2]\d:[0-5]\d:[0-5]\d)\0")


@dataclass(frozen=True, slots=True)
class _Shot:
    path: Path
    taken_utc_s: float


class PictureFolder:
    """The pictures of a folder in the order in which they were taken (EXIF time, else the file's).

    Paced, they come at `fps`, now. Otherwise they keep the distances at which they were taken, from 0 s on;
    pictures of the same second are set apart by the pace.
    """

    video: VideoInfo
    live = False

    def __init__(self, folder: Path, setting: Setting, *, fps: float = 0.0) -> None:
        self._folder = folder
        self._setting = setting
        self._step_s = 1 / (fps or FPS)
        self._interrupt = Interrupt()
        self._shots: list[_Shot] = []
        self.audio: AudioInfo | None = None

    def open(self) -> None:
        """See `Source`."""
        try:
            paths = [path for path in self._folder.iterdir() if path.suffix.lower() in SUFFIXES]
            self._shots = sorted(
                (_Shot(p, taken_utc_s(p)) for p in paths), key=lambda s: (s.taken_utc_s, s.path)
            )
        except OSError as error:
            raise self._failure(f"cannot be read: {error.strerror}") from None
        first = next(self._pictures(), None)
        if first is None:
            raise self._failure("holds no picture that can be read")
        _, (width, height), _ = first
        self.video = VideoInfo("mjpeg", width, height, b"", TIME_BASE, 1 / self._step_s)

    def packets(self) -> Iterator[MediaPacket]:
        """See `Source`."""
        with self._interrupt:
            self._setting.clock.restart()
            at_s = 0.0
            previous: _Shot | None = None
            for shot, size, data in self._pictures():
                if previous is not None:
                    at_s += self._distance_s(previous, shot)
                previous = shot
                made = self._made(data, size, at_s)
                if not self._waited(made):
                    return
                yield made

    def close(self) -> None:
        """See `Source`."""
        self._interrupt.end()

    def _distance_s(self, previous: _Shot, shot: _Shot) -> float:
        if self._setting.pace:
            return self._step_s
        return max(shot.taken_utc_s - previous.taken_utc_s, self._step_s)

    def _made(self, data: bytes, size: tuple[int, int], at_s: float) -> MediaPacket:
        if size != (self.video.width, self.video.height):
            self._setting.counters["parameter_changes"] += 1
            self.video = replace(self.video, width=size[0], height=size[1])
        packet = av.Packet(data)
        packet.time_base = TIME_BASE
        packet.pts = packet.dts = round(at_s / TIME_BASE)
        packet.duration = round(self._step_s / TIME_BASE)
        packet.is_keyframe = True
        moment = self._setting.clock.map(at_s, self._setting.wall(), paced=True)
        return MediaPacket(packet, self.video, moment.utc_s, keyframe=True, discontinuity=moment.jumped)

    def _waited(self, packet: MediaPacket) -> bool:
        if not self._setting.pace:
            return not self._interrupt.ended.is_set()
        delay_s = packet.utc_s - self._setting.wall()
        return not self._interrupt.ended.wait(max(delay_s, 0.0))

    def _pictures(self) -> Iterator[tuple[_Shot, tuple[int, int], bytes]]:
        for shot in self._shots:
            try:
                yield shot, *_as_jpeg(shot.path)
            except (SourceError, OSError) as error:
                self._setting.counters["bad_pictures"] += 1
                log.warning("picture is left out", path=str(shot.path), reason=str(error))

    def _failure(self, what: str) -> SourceError:
        self._setting.counters["invalid_data"] += 1
        return SourceError(f"{self._folder} {what}.", hint="Give a folder with JPEG or PNG files.")


def taken_utc_s(path: Path) -> float:
    """When a picture was taken: its earliest EXIF time (local time), else the time of the file.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_EXIF_AREA_BYTES)
    area = start.partition(_EXIF)[2]
    found = min(_EXIF_TIME.findall(area), default=None)
    if found is not None:
        try:
            return datetime.strptime(found.decode(), "%Y:%m:%d %H:%M:%S").astimezone().timestamp()
        except (ValueError, OverflowError):
            pass  # 0000:00:00 is what cameras without a clock write
    return path.stat().st_mtime


def _as_jpeg(path: Path) -> tuple[tuple[int, int], bytes]:
    """The size and the bytes of a picture; JPEG as it is, PNG encoded anew."""
    if path.stat().st_size > _FILE_BYTES_MAX:
        raise SourceError("the file is too large.", hint="At most 64 MiB are read.")
    data = path.read_bytes()
    if path.suffix.lower() != ".png":
        return jpeg_size(data), data
    png_size(data)
    picture = decode_picture(data)
    return (picture.width, picture.height), encode_jpeg(picture, quality=95)
