"""Compressed packets as they came from a camera: the currency of the whole pipeline."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a decoder or a muxer must know of a video stream.

    Attributes:
        codec: libav's name of the codec: "h264", "hevc", "mjpeg".
        extradata: parameter sets, as Annex B (RTSP, raw files) or as avcC/hvcC (MP4).
        time_base: seconds per tick of the packets' pts, dts and duration.
        fps: nominal frames per second; 0.0 when unknown.
    """

    codec: str
    width: int
    height: int
    extradata: bytes
    time_base: Fraction
    fps: float = 0.0


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a muxer must know of an audio stream; `time_base` as in `VideoInfo`."""

    codec: str
    sample_rate: int
    channels: int
    extradata: bytes
    time_base: Fraction


@dataclass(slots=True)
class MediaPacket:
    """One compressed packet with the time at which it is shown.

    Attributes:
        packet: the bytes with pts, dts and duration. Never use its `stream`: the container behind it may
            be closed by now.
        info: the same object until the parameters of the stream change.
        utc_s: presentation time mapped to UTC. Per camera it never runs backwards in presentation order;
            packets stand in decode order.
        discontinuity: the clock of the stream jumped before this packet.

    A changed `info` or a `discontinuity` means: start a new segment.
    """

    packet: "av.Packet[Any]"
    info: VideoInfo | AudioInfo
    utc_s: float
    keyframe: bool
    discontinuity: bool = False

    @property
    def is_video(self) -> bool:
        """Whether this is a packet of the video stream."""
        return type(self.info) is VideoInfo

    @property
    def size_bytes(self) -> int:
        """Bytes of compressed data."""
        return self.packet.size
