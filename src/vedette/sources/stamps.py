"""Timestamps of packets: gaps filled, order repaired, and mapped to UTC by the camera's clock."""

from fractions import Fraction
from typing import Any, ClassVar

import av

from vedette.media.clock import StreamClock
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo

_FPS_UNKNOWN = 25.0
_APART_MAX_S = 10.0
"""Sound further from its pictures than that has a broken clock."""


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
        self._newest_utc_s = 0.0
        self._audio = audio
        self._audio_tick_s = float(audio.time_base) if audio else 0.0
        self._last_audio_dts: int | None = None

    def video(
        self, packet: "av.Packet[Any]", info: VideoInfo, wall_utc_s: float, *, keyframe: bool
    ) -> MediaPacket:
        """A picture that has arrived now."""
        if self._arrival:
            self._stamp_arrival(packet, wall_utc_s)
        pts = self._pts_of(packet)
        moment = self._clock.map(pts * self._tick_s, wall_utc_s, paced=self._paced)
        if moment.jumped:
            self._last_dts = None
        self._order(packet, pts)
        self.end = max(self.end, pts + self._step)
        self._newest_utc_s = moment.utc_s
        return MediaPacket(packet, info, moment.utc_s, keyframe, moment.jumped)

    def _pts_of(self, packet: "av.Packet[Any]") -> int:
        if packet.pts is not None:
            return packet.pts
        if packet.dts is not None:
            return packet.dts
        return 0 if self._last_dts is None else self._last_dts + self._step

    def _order(self, packet: "av.Packet[Any]", pts: int) -> None:
        """Make dts grow and pts not lie before it, as muxers demand; good stamps stay as they are."""
        last, dts = self._last_dts, packet.dts
        if last is None:
            dts = pts if dts is None or dts > pts else dts
        elif dts is None or dts <= last or dts > pts:
            dts = max(last + 1, min(pts, last + self._step))
        if dts != packet.dts:
            packet.dts = dts
        if pts < dts or packet.pts is None:
            packet.pts = max(pts, dts)
        self._last_dts = dts

    def audio(self, packet: "av.Packet[Any]") -> MediaPacket | None:
        """Sound; None when it cannot be put in order."""
        dts = packet.dts if packet.dts is not None else packet.pts
        last = self._last_audio_dts
        if dts is None or self._audio is None or (last is not None and dts <= last):
            return None
        utc_s = self._clock.follow(dts * self._audio_tick_s)
        if abs(utc_s - self._newest_utc_s) > _APART_MAX_S:
            return None
        if packet.pts is None or packet.pts < dts:
            packet.pts = dts
        packet.dts = self._last_audio_dts = dts
        return MediaPacket(packet, self._audio, utc_s, keyframe=True)

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
