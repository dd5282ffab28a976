"""Timestamps of packets: gaps filled, order repaired, and mapped to UTC by the camera's clock."""

from fractions import Fraction
from typing import Any, ClassVar

import av

from vedette.media.clock import StreamClock
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo

_FPS_UNKNOWN = 25.0


class Stamps:
    """Turns demuxed packets of one connection into `MediaPacket`s.

    Args:
        video: as opened.
        audio: as opened, None without.
        clock: the camera's.
        arrival: the stream has no timestamps of its own: pictures are stamped as they arrive.
        paced: the reader waits for each packet's time.
    """

    ARRIVAL_BASE: ClassVar = Fraction(1, 90000)

    def __init__(
        self,
        video: VideoInfo,
        audio: AudioInfo | None,
        clock: StreamClock,
        *,
        arrival: bool = False,
        paced: bool = False,
    ) -> None:
        self._clock = clock
        self._paced = paced
        self._arrival = arrival
        self._first_wall_s: float | None = None
        self._tick_s = float(video.time_base)
        self._step = max(1, round(1 / (video.fps or _FPS_UNKNOWN) / self._tick_s))
        self._last_dts: int | None = None
        self.end = 0
        """Where the newest picture ends, in ticks."""
        self._audio = audio
        self._audio_tick_s = float(audio.time_base) if audio else 0.0
        self._last_audio_dts: int | None = None

    def video(
        self, packet: "av.Packet[Any]", info: VideoInfo, wall_utc_s: float, *, keyframe: bool
    ) -> MediaPacket:
        """A picture that has arrived now."""
        if self._arrival:
            self._stamp_arrival(packet, wall_utc_s)
        pts, dts = packet.pts, packet.dts
        last = self._last_dts
        if pts is None:
            pts = dts if dts is not None else 0 if last is None else last + self._step
            packet.pts = pts
        moment = self._clock.map(pts * self._tick_s, wall_utc_s, paced=self._paced)
        if moment.jumped:
            last = None
        if dts is None or (last is not None and dts <= last):
            dts = pts if last is None else max(last + 1, min(pts, last + self._step))
            packet.dts = dts
            if dts > pts:
                packet.pts = dts
        self._last_dts = dts
        self.end = max(self.end, pts + self._step)
        return MediaPacket(packet, info, moment.utc_s, keyframe, moment.jumped)

    def audio(self, packet: "av.Packet[Any]") -> MediaPacket | None:
        """Sound; None when it cannot be put in order."""
        dts = packet.dts if packet.dts is not None else packet.pts
        last = self._last_audio_dts
        if dts is None or self._audio is None or (last is not None and dts <= last):
            return None
        if packet.pts is None or packet.pts < dts:
            packet.pts = dts
        packet.dts = self._last_audio_dts = dts
        return MediaPacket(packet, self._audio, self._clock.follow(dts * self._audio_tick_s), keyframe=True)

    def due_utc_s(self, packet: MediaPacket) -> float:
        """When a camera would have sent it: at its decoding time."""
        media = packet.packet
        if media.pts is None or media.dts is None:
            return packet.utc_s
        tick_s = self._tick_s if packet.is_video else self._audio_tick_s
        return packet.utc_s - (media.pts - media.dts) * tick_s

    def _stamp_arrival(self, packet: "av.Packet[Any]", wall_utc_s: float) -> None:
        if self._first_wall_s is None:
            self._first_wall_s = wall_utc_s
        packet.time_base = self.ARRIVAL_BASE
        packet.pts = packet.dts = round((wall_utc_s - self._first_wall_s) / self._tick_s)
        packet.duration = self._step
