"""Writes one segment: a fragmented MP4 file made of a camera's packets as they came."""

import contextlib
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Protocol

import av
from av.stream import Stream

from vedette.domain.errors import StorageError, UnsupportedCodecError
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.recording.mux_template import add_streams

FRAGMENT_S = 0.5
VIDEO_TIMESCALE = 90_000
_BUFFER_BYTES = 256 * 1024
"""About a fragment of 4 Mb/s: it goes to the disk in one or two writes, not in ten."""
_DEFAULT_FPS = 25.0
_REORDER_GUESS = 2
"""Frames by which decoding runs ahead where B-frames are used and the source did not say when to decode."""

_OPTIONS = {
    # The header goes out at once; nothing is ever rewritten, so that the file only grows.
    "movflags": "empty_moov+default_base_moof+skip_trailer+skip_sidx",
    "use_editlist": "0",
    "frag_duration": str(int(FRAGMENT_S * 1e6)),
    "flush_packets": "1",
    "video_track_timescale": str(VIDEO_TIMESCALE),
    # Video does not wait for audio that has stopped coming.
    "max_interleave_delta": "200000",
}


class ByteSink(Protocol):
    """Where the bytes of a segment go."""

    def write(self, data: bytes) -> object:
        """Append all of it; raises OSError or StorageError."""


class SegmentWriter:
    """Muxes the packets of one segment into a sink, a fragment of half a second at a time.

    Times inside the segment start at 0 with the decoding of the first video packet, which must be a
    keyframe. Not thread-safe.

    Raises:
        StorageError: the sink failed; the writer is of no more use (also from `write` and `close`).
        UnsupportedCodecError: the streams have no place in MP4.
    """

    def __init__(self, sink: ByteSink, video: VideoInfo, audio: AudioInfo | None = None) -> None:
        self._output = _Output(sink)
        self._container = av.open(
            self._output, "w", format="mp4", container_options=_OPTIONS, buffer_size=_BUFFER_BYTES
        )
        picture, sound = add_streams(self._container, video, audio)
        try:
            self._container.start_encoding()
        except (av.FFmpegError, ValueError) as error:
            raise UnsupportedCodecError(f"Cannot record {video.codec} video: {error}.") from error
        frame_s = 1 / video.fps if video.fps > 0 else 1 / _DEFAULT_FPS
        self._video = _Track(picture, video.time_base, frame_s)
        self._audio = _Track(sound, audio.time_base, 0.02) if sound is not None and audio else None
        self._zero_utc_s = 0.0
        self._raise_if_failed()

    @property
    def duration_s(self) -> float:
        """How long the video written so far lasts."""
        return self._video.end_s

    @property
    def has_audio_packets(self) -> bool:
        """Whether any audio was written."""
        return self._audio is not None and self._audio.started

    def write(self, p: MediaPacket) -> bool:
        """Append a packet; False for audio of a time before the segment, which is left out.

        Raises:
            av.FFmpegError: the muxer refused this packet; the next may be written.
        """
        track = self._video if p.is_video else self._audio
        if track is None:
            return False
        # Shares the bytes: the original belongs to others too and must not change.
        packet: av.Packet[Any] = av.Packet(p.packet)  # type: ignore[arg-type]  # any buffer will do
        if not track.started and not self._start(track, p):
            return False
        packet.dts, packet.pts, packet.duration = track.place(p.packet)
        packet.stream = track.stream
        packet.is_keyframe = p.keyframe
        self._container.mux_one(packet)
        self._raise_if_failed()
        return True

    def close(self) -> None:
        """Write the last fragment."""
        try:
            self._container.close()
        except av.FFmpegError as error:
            self._raise_if_failed()
            raise StorageError(f"The last fragment could not be written: {error}.") from error
        self._raise_if_failed()

    def abandon(self) -> None:
        """Give up without writing anything more."""
        self._output.error = self._output.error or StorageError("abandoned")
        with contextlib.suppress(av.FFmpegError):  # nothing was promised of a file that is given up
            self._container.close()

    def _start(self, track: "_Track", p: MediaPacket) -> bool:
        if track is self._video:
            self._zero_utc_s = p.utc_s - track.start(p.packet, 0.0)
            return True
        at_s = p.utc_s - self._zero_utc_s
        if at_s < 0 or not self._video.started:
            return False
        track.start(p.packet, at_s)
        return True

    def _raise_if_failed(self) -> None:
        if self._output.error is not None:
            raise StorageError(f"Cannot write the segment: {self._output.error}") from self._output.error


class _Output:
    """Keeps a failure of the sink for later: an exception must not travel through libav."""

    def __init__(self, sink: ByteSink) -> None:
        self._write: Callable[[bytes], object] = sink.write
        self.error: Exception | None = None

    def write(self, data: bytes) -> int:
        if self.error is None:
            try:
                self._write(data)
            except (OSError, StorageError) as error:
                self.error = error
        return len(data)


class _Track:
    """Maps one stream's timestamps into the segment: strictly increasing, from its own first packet on."""

    def __init__(self, stream: Stream, time_base: Fraction, frame_s: float) -> None:
        self.stream = stream
        self.started = False
        out_base = stream.time_base
        assert out_base is not None
        ratio = Fraction(time_base) / Fraction(out_base)
        self._factor, self._divisor = ratio.numerator, ratio.denominator
        self._tick_s = float(out_base)
        self._step = max(1, round(frame_s / self._tick_s))
        self._base = 0
        self._origin = 0
        self._last_dts = -1

    @property
    def end_s(self) -> float:
        return (self._last_dts + self._step) * self._tick_s if self.started else 0.0

    def start(self, packet: "av.Packet[Any]", at_s: float) -> float:
        """Put the first packet at this time; returns how long after its decoding it is shown."""
        self.started = True
        self._origin = round(at_s / self._tick_s)
        if packet.dts is not None:
            self._base = packet.dts
        elif packet.pts is not None:
            # libav leaves dts open only at the head of a stream with reordered frames
            self._base = packet.pts - _REORDER_GUESS * (packet.duration or self._in_ticks(self._step))
        self._last_dts = self._origin - 1
        shown = packet.pts if packet.pts is not None else self._base
        return self._scaled(shown - self._base) * self._tick_s

    def place(self, packet: "av.Packet[Any]") -> tuple[int, int, int]:
        """The dts, pts and duration that the packet has in the segment."""
        first = self._last_dts < self._origin
        if packet.dts is not None:
            dts = self._origin + self._scaled(packet.dts - self._base)
        else:
            dts = self._origin if first else self._last_dts + self._step
        dts = max(dts, self._last_dts + 1)
        pts = dts if packet.pts is None else self._origin + self._scaled(packet.pts - self._base)
        # What was measured counts more than what cameras say of their frame rate.
        if not first:
            self._step = dts - self._last_dts
        elif packet.duration:
            self._step = max(1, self._scaled(packet.duration))
        self._last_dts = dts
        return dts, max(pts, dts), self._step

    def _scaled(self, ticks: int) -> int:
        return ticks * self._factor // self._divisor

    def _in_ticks(self, scaled: int) -> int:
        return scaled * self._divisor // self._factor
