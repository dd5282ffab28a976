"""Everything that libav can demux: the common part of RTSP, HTTP, files and devices."""

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import av
import structlog
from av.container import InputContainer

from vedette.domain.errors import SourceError, UnsupportedCodecError
from vedette.media.decoder import PIXELS_MAX, check_picture_size
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.media.parameters import ParameterWatch
from vedette.sources.base import Setting
from vedette.sources.failures import read_failure, silence
from vedette.sources.interrupt import CAN_INTERRUPT, Interrupt, Watch
from vedette.sources.stamps import Stamps

log = structlog.get_logger(__name__)
logging.getLogger("libav").setLevel(logging.CRITICAL + 1)  # its lines hold addresses with passwords

MP4_AUDIO = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp2", "mp3", "opus"})
"""Audio codecs that the recording can hold; others are dropped."""
_MILLION = 1_000_000
_MISSING_MAX_S = 1.0
_ARRIVES_S = 0.004
"""A packet that took so long to read was not in a buffer."""
_BACKLOG_MAX = 512


@dataclass(frozen=True, slots=True)
class Opening:
    """How libav is to open a stream.

    Attributes:
        url: may hold credentials; `shown` does not.
        networked: the time-outs of the setting apply.
        live_formats: demuxers of streams that come at their own pace and are not meant to end.
        arrival_formats: demuxers without timestamps: pictures get the time of their arrival.
    """

    url: str
    shown: str
    format: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    networked: bool = True
    live_formats: frozenset[str] = frozenset()
    arrival_formats: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Opening({self.shown!r})"


class LibavSource:
    """A source around one libav container.

    Args:
        openings: tried in turn until one opens.
        setting: how to read.
    """

    video: VideoInfo
    live = True

    def __init__(self, openings: tuple[Opening, ...], setting: Setting) -> None:
        self._openings = openings
        self._opening = openings[0]
        self._setting = setting
        self._counters = setting.counters
        self._interrupt = Interrupt()
        self._container: InputContainer | None = None
        self.audio: AudioInfo | None = None
        self.duration_s: float | None = None
        self._silent = False

    def open(self) -> None:
        """See `Source`."""
        with self._interrupt:
            try:
                self._container = self._open_first()
                self._describe(self._container)
            except BaseException:
                self._free()
                raise

    def packets(self) -> Iterator[MediaPacket]:
        """See `Source`."""
        with self._interrupt:
            try:
                yield from self._watched()
            finally:
                self._free()

    def close(self) -> None:
        """See `Source`."""
        if self._interrupt.end():
            self._free()

    # -- opening ----------------------------------------------------------------------------------

    def _open_first(self) -> InputContainer:
        for opening in self._openings[:-1]:
            try:
                return self._open_one(opening)
            except SourceError:
                continue
        return self._open_one(self._openings[-1])

    def _open_one(self, opening: Opening) -> InputContainer:
        self._opening = opening
        timeouts = self._setting.timeouts
        read_s = None if CAN_INTERRUPT else timeouts.read_s
        limits = (timeouts.open_s, read_s) if opening.networked else None
        started_s = time.monotonic()
        try:
            return av.open(
                opening.url,
                format=opening.format,
                options={**opening.options, "max_pixels": str(PIXELS_MAX)},
                timeout=limits,
                metadata_errors="replace",
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            self._check_closed()
            if opening.networked and time.monotonic() - started_s >= timeouts.open_s:
                raise silence(opening.shown, timeouts.open_s, "connect_timeouts", self._counters) from None
            raise read_failure(error, opening.shown, self._counters) from None

    def _describe(self, container: InputContainer) -> None:
        self._video_stream = self._find_video(container)
        self.video = self._video_info(self._video_stream)
        self._audio_stream = self._find_audio(container)
        self.duration_s = container.duration / _MILLION if container.duration else None
        format_name = container.format.name
        self._arrival = format_name in self._opening.arrival_formats
        self.live = self._arrival or format_name in self._opening.live_formats
        self._paced = self._setting.pace and not self.live
        if self._arrival:
            self.video = replace(self.video, time_base=Stamps.ARRIVAL_BASE)

    def _find_video(self, container: InputContainer) -> av.VideoStream:
        streams = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
        if not streams:
            self._counters["invalid_data"] += 1
            raise SourceError(f"{self._opening.shown} holds no video.", hint="Choose a stream with pictures.")
        return streams[0]

    def _video_info(self, stream: av.VideoStream) -> VideoInfo:
        context = stream.codec_context
        if context is None:
            self._refuse_codec(_codec_name(stream.container, stream.index))
        try:
            check_picture_size(context.width, context.height)
        except SourceError as error:
            self._counters["refused_sizes"] += 1
            raise SourceError(f"{self._opening.shown}: {error}") from None
        rate = stream.average_rate or stream.guessed_rate or stream.base_rate
        return VideoInfo(
            codec=context.codec.canonical_name,
            width=context.width,
            height=context.height,
            extradata=context.extradata or b"",
            time_base=stream.time_base or Stamps.ARRIVAL_BASE,
            fps=float(rate) if rate and 0 < rate <= 1000 else 0.0,
        )

    def _refuse_codec(self, codec: str) -> None:
        self._counters["unsupported_codecs"] += 1
        raise UnsupportedCodecError(
            f"{self._opening.shown} comes as {codec}, which cannot be decoded.",
            hint="Set the camera to H.264 or H.265.",
        )

    def _find_audio(self, container: InputContainer) -> av.AudioStream | None:
        for stream in container.streams.audio:
            context = stream.codec_context
            codec = context.codec.canonical_name if context is not None else "unknown"
            if codec not in MP4_AUDIO:
                self._counters["audio_dropped"] += 1
                log.warning("audio is not kept", source=self._opening.shown, codec=codec)
                continue
            self.audio = AudioInfo(
                codec=codec,
                sample_rate=context.sample_rate,
                channels=context.channels,
                extradata=context.extradata or b"",
                time_base=stream.time_base or Stamps.ARRIVAL_BASE,
            )
            return stream
        return None

    # -- reading ----------------------------------------------------------------------------------

    def _watched(self) -> Iterator[MediaPacket]:
        if self._container is None:
            raise SourceError(f"{self._opening.shown} is not open")
        silence_s = self._setting.timeouts.read_s if self._opening.networked else math.inf
        with Watch(self._container, self._interrupt, silence_s) as self._guard:
            yield from self._read(self._container)

    def _read(self, container: InputContainer) -> Iterator[MediaPacket]:
        streams = [stream for stream in (self._video_stream, self._audio_stream) if stream is not None]
        self._stamps = Stamps(
            self.video, self.audio, self._setting.clock, arrival=self._arrival, paced=self._paced
        )
        self._watch = ParameterWatch(self.video)
        self._begun = False
        for packet in self._arriving(container.demux(streams)):
            made = self._made(packet)
            if made is None:
                continue
            if self._paced and not self._waited(made):
                return
            yield made
        self._check_complete()

    def _arriving(self, demuxed: "Iterator[av.Packet[Any]]") -> "Iterator[av.Packet[Any]]":
        """The packets to the end; the clock is told how long those that came while opening have waited."""
        backlog: list[av.Packet[Any]] = []
        if self.live and not self._arrival:
            backlog = self._backlog(demuxed)
        tick_s = float(self.video.time_base)
        index = self._video_stream.index
        newest = [p.pts * tick_s for p in backlog if p.stream_index == index and p.pts is not None]
        self._setting.clock.restart(max(newest, default=None))
        yield from backlog
        while (packet := self._next(demuxed)) is not None:
            yield packet

    def _backlog(self, demuxed: "Iterator[av.Packet[Any]]") -> "list[av.Packet[Any]]":
        """What is in buffers already, and the first packet that had to be waited for."""
        found: list[av.Packet[Any]] = []
        waited_s = 0.0
        while waited_s < _ARRIVES_S and len(found) < _BACKLOG_MAX:
            started_s = time.monotonic()
            if (packet := self._next(demuxed)) is None:
                break
            waited_s = time.monotonic() - started_s
            found.append(packet)
        return found

    def _next(self, demuxed: "Iterator[av.Packet[Any]]") -> "av.Packet[Any] | None":
        if self._silent:
            self._raise_silence()
        started_s = self._guard.since_s = time.monotonic()
        try:
            packet = next(demuxed, None)
            self._guard.since_s = math.inf
        except (av.FFmpegError, OSError, ValueError) as error:
            if self._interrupt.ended.is_set():
                return None
            if self._is_silent(started_s):
                self._raise_silence()
            raise read_failure(error, self._opening.shown, self._counters) from None
        if self._interrupt.ended.is_set():
            return None
        # libav gives the picture that it held back before it tells that nothing came.
        self._silent = packet is not None and self._is_silent(started_s)
        return packet

    def _is_silent(self, since_s: float) -> bool:
        return self._opening.networked and time.monotonic() - since_s >= self._setting.timeouts.read_s

    def _raise_silence(self) -> NoReturn:
        read_s = self._setting.timeouts.read_s
        raise silence(self._opening.shown, read_s, "stalls", self._counters) from None

    def _made(self, packet: "av.Packet[Any]") -> MediaPacket | None:
        is_video = packet.stream_index == self._video_stream.index
        if not packet.size:
            return None  # PyAV's marks for the end
        if not is_video:
            return self._sound(packet)
        keyframe = packet.is_keyframe
        if keyframe:
            self._look_for_change(packet)
        elif not self._begun:
            self._counters["packets_before_keyframe"] += 1
            return None
        if packet.is_corrupt:
            self._counters["corrupt_packets"] += 1
        made = self._stamps.video(packet, self.video, self._setting.wall(), keyframe=keyframe)
        if made.discontinuity and self._begun:
            self._counters["clock_jumps"] += 1
            log.info("stream clock has jumped", source=self._opening.shown)
        self._begun = True
        return made

    def _sound(self, packet: "av.Packet[Any]") -> MediaPacket | None:
        if not self._begun:
            return None
        made = self._stamps.audio(packet)
        if made is None:
            self._counters["audio_out_of_order"] += 1
        return made

    def _look_for_change(self, packet: "av.Packet[Any]") -> None:
        info = self._watch.look(packet)
        if info is self.video:
            return
        self.video = info
        if self._begun:
            self._counters["parameter_changes"] += 1
            log.info(
                "stream parameters have changed",
                source=self._opening.shown,
                width=info.width,
                height=info.height,
            )

    def _waited(self, packet: MediaPacket) -> bool:
        """Wait until it is the packet's turn; False when the source was closed meanwhile."""
        delay_s = self._stamps.due_utc_s(packet) - self._setting.wall()
        return not (delay_s > 0 and self._interrupt.ended.wait(delay_s))

    def _check_complete(self) -> None:
        """A file that ends long before its own header says has been cut off."""
        stream = self._video_stream
        if self._container is None or self.live or not stream.duration or self._interrupt.ended.is_set():
            return
        missing = stream.duration + (stream.start_time or 0) - self._stamps.end
        missing_s = missing * float(self.video.time_base)
        if missing_s > _MISSING_MAX_S:
            self._counters["truncated_files"] += 1
            raise SourceError(
                f"{self._opening.shown} is cut off: its last {missing_s:.1f} s are missing.",
                hint="What is there has been read; copy the file again for the rest.",
            )

    def _check_closed(self) -> None:
        if self._interrupt.ended.is_set():
            raise SourceError(f"{self._opening.shown} has been closed") from None

    def _free(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.close()


def _codec_name(container: Any, index: int) -> str:
    """What libav calls a codec that it cannot decode; it says so in its log only."""
    av.logging.set_level(av.logging.INFO)
    try:
        lines = container.dumps_format().splitlines()
    finally:
        av.logging.set_level(None)
    named = next((line for line in lines if f"Stream #0:{index}" in line), "")
    return str(named.partition("Video: ")[2].split(",")[0].strip()) or "an unknown codec"
