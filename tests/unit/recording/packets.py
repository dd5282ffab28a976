"""Packets of real videos for the recording tests, and eyes to look at the result with."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av

from vedette.domain.messages import SegmentMessage
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.recording.disk import Disk
from vedette.recording.recorder import Recorder

START_UTC_S = 1_795_262_400.25  # 2026-11-21 12:00:00.25 UTC


@dataclass(frozen=True)
class Infos:
    """What the streams of a file are."""

    video: VideoInfo
    audio: AudioInfo | None


def infos(container: av.container.InputContainer) -> Infos:
    """The streams of an open file."""
    video = container.streams.video[0]
    context = video.codec_context
    info = VideoInfo(
        context.name,
        context.width,
        context.height,
        context.extradata or b"",
        Fraction(video.time_base or 1),
        float(video.average_rate or 0),
    )
    sounds = container.streams.audio
    if not sounds:
        return Infos(info, None)
    sound = sounds[0].codec_context
    return Infos(
        info,
        AudioInfo(
            sound.name,
            sound.sample_rate,
            sound.channels,
            sound.extradata or b"",
            Fraction(sounds[0].time_base or 1),
        ),
    )


def packets(
    path: Path, start_utc_s: float = START_UTC_S, *, times: int = 1, video_info: VideoInfo | None = None
) -> Iterator[MediaPacket]:
    """The packets of a file as a source gives them; played several times on end when asked."""
    shift_s = 0.0
    with av.open(str(path)) as first:
        known = infos(first)
    video = video_info or known.video
    for _ in range(times):
        with av.open(str(path)) as container:
            pictures = container.streams.video[0]
            zero = float((pictures.start_time or 0) * (pictures.time_base or 0))
            end_s = 0.0
            for packet in container.demux(*container.streams.video, *container.streams.audio[:1]):
                if not packet.size:
                    continue
                info = video if packet.stream.type == "video" else known.audio
                assert info is not None
                base = float(info.time_base)
                stamp = packet.pts if packet.pts is not None else packet.dts
                assert stamp is not None
                at_s = stamp * base - zero
                ticks = round(shift_s / info.time_base)
                packet.pts = stamp + ticks
                packet.dts = None if packet.dts is None else packet.dts + ticks
                yield MediaPacket(packet, info, start_utc_s + shift_s + at_s, packet.is_keyframe)
                end_s = max(end_s, at_s + (packet.duration or 0) * base)
            shift_s += end_s


def shifted(stream: Iterable[MediaPacket], **changes: object) -> Iterator[MediaPacket]:
    """The packets with other fields."""
    for packet in stream:
        yield replace(packet, **changes)  # type: ignore[arg-type]


class Recording:
    """A recorder on a folder, with everything that it announced."""

    def __init__(self, root: Path, camera: str = "door", segment_s: float = 10.0, **disk: float) -> None:
        self.root = root
        self.counters: Counter[str] = Counter()
        self.messages: list[SegmentMessage] = []
        self.disk = Disk(root, self.counters, **disk)  # type: ignore[arg-type]
        self.recorder = Recorder(camera, self.disk, self.messages.append, self.counters, segment_s)

    def feed(self, stream: Iterable[MediaPacket]) -> None:
        """Write packets."""
        for packet in stream:
            self.recorder.write(packet)

    def close(self) -> None:
        """Finish and make everything durable."""
        self.recorder.close()
        self.disk.close()

    @property
    def closed(self) -> list[SegmentMessage]:
        """The messages of complete segments."""
        return [message for message in self.messages if message.state == "closed"]

    def paths(self) -> list[Path]:
        """The files of complete segments."""
        return [self.root / message.path for message in self.closed]


def record(root: Path, stream: Iterable[MediaPacket], segment_s: float = 10.0) -> Recording:
    """Record everything and finish."""
    recording = Recording(root, segment_s=segment_s)
    recording.feed(stream)
    recording.close()
    return recording


def probe(path: Path) -> dict[str, dict[str, str]]:
    """What ffprobe says of every stream, frames counted by decoding; fails on any complaint."""
    command = ["ffprobe", "-v", "warning", "-count_frames", "-show_streams", "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return {stream["codec_type"]: stream for stream in json.loads(done.stdout)["streams"]}


def decode_complaints(path: Path, *options: str) -> str:
    """What ffmpeg complains of while it decodes everything (scaling to the first size is its own matter)."""
    command = ["ffmpeg", "-v", "warning", "-nostdin", *options, "-i", str(path), "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr
    return "\n".join(line for line in said.splitlines() if not line.startswith("[swscaler"))
