"""Initialization segments: what a player must know of a track before its first fragment."""

import io
import struct
from dataclasses import dataclass

import av

from vedette.domain.errors import UnsupportedCodecError
from vedette.domain.messages import LiveTrack
from vedette.media.packets import AudioInfo, VideoInfo
from vedette.recording.boxes import DamagedSegmentError, Reader, box, children, descend
from vedette.recording.mux_template import add_streams, can_hold_video
from vedette.streaming.codecs import codecs_of

PLAYABLE_VIDEO = frozenset({"h264", "hevc", "av1", "vp9"})
PLAYABLE_AUDIO = frozenset({"aac", "opus"})
VIDEO_TIMESCALE = 90_000
_OPTIONS = {
    "movflags": "empty_moov+default_base_moof+skip_trailer+skip_sidx",
    "use_editlist": "0",
    "video_track_timescale": str(VIDEO_TIMESCALE),
}


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of one track, and what its fragments need: track number and ticks per second."""

    track: LiveTrack
    number: int
    timescale: int


@dataclass(frozen=True, slots=True)
class Heads:
    """The beginnings of a stream's tracks, each by itself so that a player may leave out the sound."""

    video: Head
    audio: Head | None


def make_heads(video: VideoInfo, audio: AudioInfo | None) -> Heads:
    """Write the initialization segments; sound that no browser plays is left out.

    Raises:
        UnsupportedCodecError: no browser plays this video, or its parameters are not known.
    """
    if video.codec not in PLAYABLE_VIDEO or not can_hold_video(video):
        raise UnsupportedCodecError(f"Browsers cannot play {video.codec} video as it comes from the camera.")
    sound = audio if audio is not None and audio.codec in PLAYABLE_AUDIO else None
    try:
        found = _split(_written(video, sound))
    except DamagedSegmentError as error:
        raise UnsupportedCodecError(f"The {video.codec} stream cannot be described: {error}.") from error
    return Heads(found["vide"], found.get("soun"))


def _written(video: VideoInfo, audio: AudioInfo | None) -> bytes:
    """`ftyp` and `moov` as libav writes them."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4", container_options=_OPTIONS) as container:
        add_streams(container, video, audio)
        try:
            container.start_encoding()
        except (av.FFmpegError, ValueError) as error:
            raise UnsupportedCodecError(f"Cannot show {video.codec} video: {error}.") from error
        return file.getvalue()


def _split(head: bytes) -> dict[str, Head]:
    """One head per track, by kind of handler."""
    top = dict(children(head))
    moov = list(children(top.get(b"moov", b"")))
    extends = {
        struct.unpack_from(">I", payload, 4)[0]: box(b"trex", payload)
        for kind, payload in children(descend(top.get(b"moov", b""), b"mvex"))
        if kind == b"trex"
    }
    begin, movie = box(b"ftyp", top[b"ftyp"]), box(b"mvhd", dict(moov)[b"mvhd"])
    found = {}
    for kind, trak in moov:
        if kind == b"trak":
            handler, number, timescale, entry = _described(trak)
            whole = box(b"moov", movie, box(b"trak", trak), box(b"mvex", extends[number]))
            found[handler] = Head(LiveTrack(codecs=codecs_of(entry), data=begin + whole), number, timescale)
    return found


def _described(trak: bytes) -> tuple[str, int, int, bytes]:
    """Handler, number, timescale and sample entry of a track that libav has just written (version 0)."""
    number = struct.unpack_from(">I", descend(trak, b"tkhd"), 12)[0]
    timescale = struct.unpack_from(">I", descend(trak, b"mdia", b"mdhd"), 12)[0]
    handler = Reader(descend(trak, b"mdia", b"hdlr"))
    handler.take(8)
    entry = next(children(descend(trak, b"mdia", b"minf", b"stbl", b"stsd"), 8))
    return handler.take(4).decode("ascii"), number, timescale, box(*entry)
