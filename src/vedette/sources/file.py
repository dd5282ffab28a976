"""Local video files, and folders of pictures."""

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from vedette.domain.camera import StreamSpec
from vedette.domain.errors import SourceError
from vedette.sources.base import Setting, Source
from vedette.sources.libav import LibavSource, Opening
from vedette.sources.pictures import PictureFolder

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,m4v,mjpeg,mpjpeg,flv,asf,ogg,"
    "ivf,obu,av1,gif,mjpeg_2000,dv,wtv,nut,rm,mxf,dhav"
)
"""Demuxers of video files; libav also takes text, playlists and scripts for video."""


def source(spec: StreamSpec, setting: Setting) -> Source:
    """A source for a path or a file:// address (of a folder, with `?fps=N`, pictures per second)."""
    path, fps = _path_of(spec.url)
    if path.is_dir():
        return PictureFolder(path, setting, fps=fps)
    return VideoFile(path, setting)


class VideoFile(LibavSource):
    """A local video file."""

    def __init__(self, path: Path, setting: Setting) -> None:
        options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
        super().__init__((Opening(f"file:{path}", str(path), options=options, networked=False),), setting)
        self._path = path

    def open(self) -> None:
        """See `Source`."""
        self._check_file()
        super().open()

    def _check_file(self) -> None:
        path = self._path
        if not path.exists():
            self._refuse("not_found", f"there is no file {path}.", "Check the path.")
        if not path.is_file():
            self._refuse("invalid_data", f"{path} is no file.", "Give a video file or a folder of pictures.")
        if not os.access(path, os.R_OK):
            self._refuse("not_permitted", f"{path} may not be read.", "Check its permissions.")
        if path.stat().st_size == 0:
            self._refuse("invalid_data", f"{path} is empty.", "Its recording or copying has failed.")

    def _refuse(self, counter: str, message: str, hint: str) -> None:
        self._counters[counter] += 1
        raise SourceError(message, hint=hint)


def _path_of(url: str) -> tuple[Path, float]:
    if not url.startswith("file://"):
        return Path(url).expanduser(), 0.0
    parts = urlsplit(url)
    fps = parse_qs(parts.query).get("fps", ["0"])[0]
    return Path(unquote(parts.path)), float(fps) if fps.replace(".", "", 1).isdigit() else 0.0
