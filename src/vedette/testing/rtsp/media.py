"""Video files cut into RTP packets once, so that serving them costs next to nothing.

Payload formats: H.264 RFC 6184 (single NAL units and FU-A), H.265 RFC 7798 (single NAL units and FU), AAC
RFC 3640 (AAC-hbr, one access unit a packet).
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import av
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.video.stream import VideoStream

from vedette.domain.errors import SourceError

VIDEO_CLOCK_HZ = 90_000
Packet: TypeAlias = "av.Packet[Any]"
_PAYLOAD_BYTES = 1400
_START_CODE = re.compile(b"\x00\x00\x01")
_FRAMED = struct.Struct(">cBHBBHII")
"""RFC 2326 section 10.12 framing (`$`, channel, length) and the RTP header of RFC 3550 section 5.1."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One picture or one stretch of sound, ready to send.

    Attributes:
        track: 0 video, 1 audio.
        send_s: when it leaves, from the start of the file (decode order).
        shown_s: its presentation time.
        wire: interleaved RTP packets; sequence number, timestamp and source are still 0.
        offsets: where in `wire` each packet's frame begins.
        keyframe: for video.
    """

    track: Literal[0, 1]
    send_s: float
    shown_s: float
    wire: bytes
    offsets: tuple[int, ...]
    keyframe: bool


@dataclass(frozen=True, slots=True)
class Media:
    """A file, packetised.

    Attributes:
        codec: `h264` or `hevc`.
        parameter_sets: NAL units in the order VPS, SPS, PPS.
        audio_config: AudioSpecificConfig of the AAC track; empty without sound.
        duration_s: after which it starts again.
    """

    codec: str
    parameter_sets: tuple[bytes, ...]
    fps: float
    width: int
    height: int
    units: tuple[Unit, ...]
    duration_s: float
    audio_config: bytes = b""
    audio_rate: int = 0
    audio_channels: int = 0

    def clock_hz(self, track: int) -> int:
        """Ticks per second of a track's timestamps."""
        return self.audio_rate if track else VIDEO_CLOCK_HZ


def load_media(path: Path, *, audio: bool = True, in_band: bool = True) -> Media:
    """Read and packetise a file that PyAV can demux.

    Args:
        path: H.264 or H.265 video, with an AAC track or without.
        audio: whether the sound is served too.
        in_band: whether parameter sets travel with every keyframe, not only in the description.

    Raises:
        SourceError: the codec is neither H.264 nor H.265.
    """
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        sound = next((s for s in container.streams.audio if s.codec_context.name == "aac"), None)
        sound = sound if audio and sound is not None and sound.codec_context.extradata else None
        return _read(container, video, sound, in_band)


def _read(
    container: av.container.InputContainer, video: VideoStream, sound: AudioStream | None, in_band: bool
) -> Media:
    codec = video.codec_context.name
    if codec not in {"h264", "hevc"}:
        raise SourceError(f"A camera farm cannot serve {codec} video.", hint="Use H.264 or H.265.")
    pictures, sounds = _demux(container, video, sound)
    fps = float(video.average_rate or 25)
    parameter_sets, units = _video_units(codec, fps, pictures, in_band)
    duration_s = len(pictures) / fps
    units += [unit for unit in _audio_units(sounds) if unit.send_s < duration_s]
    context = sound.codec_context if sound else None
    return Media(
        codec=codec,
        parameter_sets=parameter_sets,
        fps=fps,
        width=video.codec_context.width,
        height=video.codec_context.height,
        units=tuple(sorted(units, key=lambda unit: unit.send_s)),
        duration_s=duration_s,
        audio_config=bytes(context.extradata or b"") if context else b"",
        audio_rate=context.sample_rate if context else 0,
        audio_channels=context.channels if context else 0,
    )


def _demux(
    container: av.container.InputContainer, video: VideoStream, sound: AudioStream | None
) -> tuple[list[Packet], list[Packet]]:
    """Packets of the video (as Annex B, with parameter sets at keyframes) and of the sound."""
    to_annex_b = BitStreamFilterContext(f"{video.codec_context.name}_mp4toannexb", video)
    pictures: list[Packet] = []
    sounds: list[Packet] = []
    for packet in container.demux([video, sound] if sound else [video]):
        if not packet.size:
            continue
        if packet.stream is video:
            pictures += to_annex_b.filter(packet)
        else:
            sounds.append(packet)
    return pictures + to_annex_b.filter(None), sounds


def _video_units(
    codec: str, fps: float, pictures: list[Packet], in_band: bool
) -> tuple[tuple[bytes, ...], list[Unit]]:
    first_s = min((_seconds(packet) for packet in pictures), default=0.0)
    parameter_sets: dict[int, bytes] = {}
    units = []
    for index, packet in enumerate(pictures):
        nals = [nal for nal in split_nals(bytes(packet)) if not _is_delimiter(codec, nal)]
        for nal in nals:
            if _is_parameter_set(codec, nal):
                parameter_sets.setdefault(_nal_type(codec, nal), nal)
        if not in_band:
            nals = [nal for nal in nals if not _is_parameter_set(codec, nal)]
        shown_s = _seconds(packet) - first_s if packet.pts is not None else index / fps
        wire, offsets = _frame(_fragments(codec, nals), payload_type=96)
        units.append(Unit(0, index / fps, shown_s, wire, offsets, bool(packet.is_keyframe)))
    return tuple(nal for _, nal in sorted(parameter_sets.items())), units


def _seconds(packet: Packet) -> float:
    return float(packet.pts * packet.time_base) if packet.pts is not None else 0.0


def _audio_units(sounds: list[Packet]) -> Iterator[Unit]:
    first_s = _seconds(sounds[0]) if sounds else 0.0
    for packet in sounds:
        data = bytes(packet)
        payload = struct.pack(">HH", 16, len(data) << 3) + data
        wire, offsets = _frame([payload], payload_type=97)
        at_s = _seconds(packet) - first_s
        yield Unit(1, at_s, at_s, wire, offsets, keyframe=False)


def split_nals(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B byte stream (H.264 and H.265 appendix B), without start codes."""
    marks = [match.end() for match in _START_CODE.finditer(data)]
    ends = [mark - 3 for mark in marks[1:]] + [len(data)]
    nals = (data[start:end].rstrip(b"\x00") for start, end in zip(marks, ends, strict=True))
    return [nal for nal in nals if nal]


def _nal_type(codec: str, nal: bytes) -> int:
    return nal[0] & 31 if codec == "h264" else nal[0] >> 1 & 63


def _is_parameter_set(codec: str, nal: bytes) -> bool:
    return _nal_type(codec, nal) in ((7, 8) if codec == "h264" else (32, 33, 34))


def _is_delimiter(codec: str, nal: bytes) -> bool:
    """Access unit delimiters and filler carry nothing that RTP does not say itself, except their bytes."""
    return _nal_type(codec, nal) == (9 if codec == "h264" else 35)


def _fragments(codec: str, nals: Iterable[bytes]) -> list[bytes]:
    """RTP payloads of one access unit."""
    payloads: list[bytes] = []
    for nal in nals:
        payloads += [nal] if len(nal) <= _PAYLOAD_BYTES else _fragment(codec, nal)
    return payloads


def _fragment(codec: str, nal: bytes) -> Iterator[bytes]:
    kind, skip = _nal_type(codec, nal), 1 if codec == "h264" else 2
    prefix = bytes([nal[0] & 0xE0 | 28]) if codec == "h264" else bytes([nal[0] & 0x81 | 49 << 1, nal[1]])
    step = _PAYLOAD_BYTES - skip - 1
    for start in range(skip, len(nal), step):
        first, last = start == skip, start + step >= len(nal)
        yield prefix + bytes([kind | first << 7 | last << 6]) + nal[start : start + step]


def _frame(payloads: list[bytes], payload_type: int) -> tuple[bytes, tuple[int, ...]]:
    """RTP packets with the marker on the last, framed for interleaving, one after the other."""
    wire, offsets = bytearray(), []
    for index, payload in enumerate(payloads):
        marked = payload_type | (index == len(payloads) - 1) << 7
        offsets.append(len(wire))
        wire += _FRAMED.pack(b"$", 0, len(payload) + 12, 0x80, marked, 0, 0, 0) + payload
    return bytes(wire), tuple(offsets)
