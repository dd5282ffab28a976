"""Packets of real videos as fragments: every picture is there, at its time, from a keyframe on."""

import io
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.support.video import VideoMaker
from tests.unit.recording.packets import START_UTC_S, packets
from vedette.domain.errors import UnsupportedCodecError
from vedette.domain.messages import LiveFragment
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.recording.boxes import children, descend
from vedette.streaming.fragmenter import FRAGMENT_BYTES_MAX, Fragmenter


def from_keyframe(path: Path, **options: Any) -> list[MediaPacket]:
    """The packets of a file from its first picture on."""
    found = list(packets(path, **options))
    first = next(index for index, packet in enumerate(found) if packet.is_video)
    return found[first:]


def sound_of(stream: list[MediaPacket]) -> AudioInfo | None:
    return next((packet.info for packet in stream if isinstance(packet.info, AudioInfo)), None)


class Run:
    """Everything that comes out for these packets."""

    def __init__(self, stream: list[MediaPacket], *, behind: bool = False) -> None:
        self.fragmenter = Fragmenter("door", "main", stream[0], sound_of(stream))
        self.fragments = [f for packet in stream for f in self.fragmenter.feed(packet, behind=behind)]
        self.fragments += self.fragmenter.flush()

    def of(self, track: str) -> list[LiveFragment]:
        return [fragment for fragment in self.fragments if fragment.track == track]

    def file(self, track: str) -> bytes:
        head = self.fragmenter.init.video if track == "video" else self.fragmenter.init.audio
        assert head is not None
        return head.data + b"".join(fragment.data for fragment in self.of(track))

    def stamps_s(self, track: str) -> list[float]:
        """When each sample is shown, as libav reads it."""
        with av.open(io.BytesIO(self.file(track))) as container:
            stream = container.streams[0]
            return [
                float(p.pts * Fraction(stream.time_base or 1))
                for p in container.demux(stream)
                if p.size and p.pts is not None
            ]

    def decoded(self, track: str) -> int:
        with av.open(io.BytesIO(self.file(track))) as container:
            return sum(1 for _ in container.decode(container.streams[0]))


@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_picture_is_shown_at_its_time(make_video: VideoMaker, b_frames: int) -> None:
    """All pictures decode, and the gaps between them are those of the camera."""
    stream = from_keyframe(make_video(seconds=4, gop=10, b_frames=b_frames, width=320, height=180).path)
    run = Run(stream)
    assert run.decoded("video") == 40
    assert np.diff(sorted(run.stamps_s("video"))) == pytest.approx(0.1, abs=0.001)


def test_a_fragment_says_when_its_first_frame_was_taken(make_video: VideoMaker) -> None:
    """`utc_s` and `media_s` belong to the same picture, so boxes can be drawn in time."""
    run = Run(from_keyframe(make_video(seconds=4, gop=10, width=320, height=180).path))
    video = run.of("video")
    assert video[0].utc_s == pytest.approx(START_UTC_S)
    assert {round(f.utc_s - f.media_s - START_UTC_S, 3) for f in video} == {0.0}
    assert [f.sequence for f in video] == list(range(1, 41))
    assert all(f.duration_s == pytest.approx(0.1) for f in video)


def test_a_keyframe_always_begins_a_fragment(make_video: VideoMaker) -> None:
    """Whoever joins or skips begins there; everything between two keyframes may share fragments."""
    run = Run(from_keyframe(make_video(seconds=4, fps=30, gop=15, width=320, height=180).path))
    video = run.of("video")
    assert sum(f.keyframe for f in video) == 8
    assert len(video) == 64  # two frames each, cut short before every keyframe
    assert max(f.duration_s for f in video) < 0.08


def test_what_has_piled_up_travels_in_few_fragments(make_video: VideoMaker) -> None:
    """A burst of a whole group of pictures is one fragment, unless it is large."""
    stream = from_keyframe(make_video(seconds=4, gop=20, width=320, height=180).path)
    assert [f.keyframe for f in Run(stream, behind=True).of("video")] == [True, True]
    heavy = replace(stream[0], packet=av.Packet(bytes(stream[0].packet) + bytes(FRAGMENT_BYTES_MAX)))
    run = Fragmenter("door", "main", stream[0], None)
    assert len(list(run.feed(heavy, behind=True))) == 1


def test_sound_stands_beside_the_picture(make_video: VideoMaker) -> None:
    """AAC is a track of its own without holes, and a picture and a sound of one moment have one time."""
    run = Run(from_keyframe(make_video(seconds=4, gop=10, tone_hz=440.0, width=320, height=180).path))
    assert run.fragmenter.init.audio is not None
    assert run.fragmenter.init.audio.codecs == "mp4a.40.2"
    assert np.diff(run.stamps_s("audio")) == pytest.approx(1024 / 16000, abs=0.0001)
    for fragment in run.of("audio"):
        assert fragment.utc_s - fragment.media_s == pytest.approx(START_UTC_S, abs=0.1)
    assert run.decoded("audio") > 50


def test_sound_that_no_browser_plays_is_left_out(make_video: VideoMaker) -> None:
    """G.711 does not keep the picture from being shown."""
    stream = from_keyframe(make_video(seconds=2, gop=10, width=320, height=180).path)
    sound = AudioInfo("pcm_mulaw", 8000, 1, b"", Fraction(1, 8000))
    assert Fragmenter("door", "main", stream[0], sound).init.audio is None


@pytest.mark.parametrize(("codec", "begins"), [("h264", "avc1.42"), ("hevc", "hvc1.1.6.L")])
def test_the_head_names_the_codec(make_video: VideoMaker, codec: Any, begins: str) -> None:
    """What a browser is asked about before anything is appended."""
    run = Run(from_keyframe(make_video(seconds=1, gop=10, codec=codec, width=320, height=180).path))
    assert run.fragmenter.init.video.codecs.startswith(begins)
    assert (run.fragmenter.init.width, run.fragmenter.init.height) == (320, 180)
    moov = descend(run.fragmenter.init.video.data, b"moov")
    assert [kind for kind, _ in children(moov)] == [b"mvhd", b"trak", b"mvex"]


def annex_b_of(stream: list[MediaPacket]) -> Iterator[MediaPacket]:
    """The same packets as RTSP gives them: start codes, parameter sets in front of keyframes."""
    info = stream[0].info
    assert isinstance(info, VideoInfo)
    sets = info.extradata
    length = int.from_bytes(sets[6:8], "big")
    sps, pps = sets[8 : 8 + length], sets[8 + length + 3 :]
    head = b"".join(b"\0\0\0\1" + unit for unit in (sps, pps))
    for packet in stream:
        data, at = bytearray(), 0
        raw = bytes(packet.packet)
        while at < len(raw):
            size = int.from_bytes(raw[at : at + 4], "big")
            data += b"\0\0\0\1" + raw[at + 4 : at + 4 + size]
            at += 4 + size
        made: av.Packet[Any] = av.Packet((head if packet.keyframe else b"") + bytes(data))
        made.pts, made.dts, made.duration = packet.packet.pts, packet.packet.dts, packet.packet.duration
        yield replace(packet, packet=made, info=VIDEO_INFO(info))


_infos: dict[int, VideoInfo] = {}


def VIDEO_INFO(info: VideoInfo) -> VideoInfo:
    """One info without announced parameter sets."""
    return _infos.setdefault(id(info), replace(info, extradata=b""))


def test_start_codes_become_lengths(make_video: VideoMaker) -> None:
    """Packets as cameras send them by RTSP play the same, with the parameter sets of the keyframe."""
    stream = list(annex_b_of(from_keyframe(make_video(seconds=2, gop=10, width=320, height=180).path)))
    assert Run(stream).decoded("video") == 20


def test_no_browser_plays_jpeg_video(make_video: VideoMaker) -> None:
    """The page then falls back to stills."""
    stream = from_keyframe(make_video(seconds=1, codec="mjpeg", suffix=".avi", width=320, height=180).path)
    with pytest.raises(UnsupportedCodecError, match="cannot play mjpeg"):
        Fragmenter("door", "main", stream[0], None)
