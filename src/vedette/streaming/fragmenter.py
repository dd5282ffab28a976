"""Packets in, fragments out: the two tracks of one live stream from one beginning on."""

from collections.abc import Iterator

from vedette.domain.ids import new_id
from vedette.domain.messages import LiveFragment, LiveInit, LiveStream
from vedette.media.packets import AudioInfo, MediaPacket, VideoInfo
from vedette.recording.mux_template import with_parameter_sets
from vedette.streaming.fragments import Sample, write_fragment
from vedette.streaming.heads import Head, make_heads
from vedette.streaming.samples import converter
from vedette.streaming.timeline import SoundTimeline, VideoTimeline

FRAGMENT_S = 0.06
"""A fragment goes out when it is so long: one frame at 15 a second, two at 30."""
FRAGMENT_BYTES_MAX = 2**20
_AUDIO_FRAGMENT_S = 0.1


class _Batch:
    """Samples of one track that wait for their fragment."""

    def __init__(self, head: Head, fragment_s: float) -> None:
        self.head = head
        self._full = fragment_s * head.timescale
        self._samples: list[Sample] = []
        self._bytes = 0
        self._sequence = 0

    def add(self, sample: Sample) -> None:
        self._samples.append(sample)
        self._bytes += len(sample.data)

    @property
    def is_due(self) -> bool:
        """Whether what waits is long or large enough."""
        if not self._samples:
            return False
        last = self._samples[-1]
        span = last.dts + last.duration - self._samples[0].dts
        return span >= self._full or self.is_large

    @property
    def is_large(self) -> bool:
        """Whether what waits is large enough, however short."""
        return self._bytes >= FRAGMENT_BYTES_MAX

    def take(self) -> tuple[int, list[Sample], bytes] | None:
        """Sequence number, samples and bytes of the fragment; None when nothing waits."""
        samples, self._samples, self._bytes = self._samples, [], 0
        if not samples:
            return None
        self._sequence += 1
        return self._sequence, samples, write_fragment(self.head.number, self._sequence, samples)


class Fragmenter:
    """One run of a live stream, begun at a keyframe.

    Args:
        keyframe: the first packet that will be fed.
        audio: what sound there is; left out when no browser plays it.

    Raises:
        UnsupportedCodecError: no browser plays this video.
    """

    def __init__(
        self, camera: str, stream: LiveStream, keyframe: MediaPacket, audio: AudioInfo | None
    ) -> None:
        assert isinstance(keyframe.info, VideoInfo)
        self._camera, self._stream, self._run = camera, stream, new_id()
        self.info = keyframe.info
        video = with_parameter_sets(self.info, keyframe)
        heads = make_heads(video, audio)
        self._convert = converter(video)
        self._video = _Batch(heads.video, FRAGMENT_S)
        self._timeline = VideoTimeline(video.time_base, heads.video.timescale, video.fps)
        self._audio: _Batch | None = None
        if heads.audio is not None:
            self._audio = _Batch(heads.audio, _AUDIO_FRAGMENT_S)
            self._sound = SoundTimeline(heads.audio.timescale, heads.audio.timescale // 50)
        self._offset_s: float | None = None
        self.init = LiveInit(
            camera=camera,
            stream=stream,
            run=self._run,
            width=video.width,
            height=video.height,
            video=heads.video.track,
            audio=heads.audio.track if heads.audio is not None else None,
        )

    def feed(self, packet: MediaPacket, *, behind: bool = False) -> Iterator[LiveFragment]:
        """Take a packet in decode order; `behind` gathers more into one fragment, for a burst."""
        if packet.is_video:
            if packet.keyframe:
                yield from self._flush(self._video, "video")
            self._take_picture(packet)
            if self._video.is_large or (self._video.is_due and not behind):
                yield from self._flush(self._video, "video")
        elif self._audio is not None and self._offset_s is not None:
            self._take_sound(self._audio, packet, self._offset_s)
            if self._audio.is_due and not behind:
                yield from self._flush(self._audio, "audio")

    def flush(self) -> Iterator[LiveFragment]:
        """What waits, however short it is."""
        yield from self._flush(self._video, "video")
        if self._audio is not None:
            yield from self._flush(self._audio, "audio")

    def _take_picture(self, packet: MediaPacket) -> None:
        dts, offset, duration = self._timeline.place(packet.packet)
        self._offset_s = packet.utc_s - (dts + offset) / self._video.head.timescale
        data = self._convert(packet.packet)
        self._video.add(Sample(dts, offset, duration, packet.keyframe, packet.utc_s, data))

    def _take_sound(self, batch: _Batch, packet: MediaPacket, offset_s: float) -> None:
        assert isinstance(packet.info, AudioInfo)
        length = round((packet.packet.duration or 0) * packet.info.time_base * batch.head.timescale)
        placed = self._sound.place(packet.utc_s - offset_s, length)
        if placed is not None:
            start, duration = placed
            batch.add(Sample(start, 0, duration, True, packet.utc_s, bytes(packet.packet)))

    def _flush(self, batch: _Batch, track: str) -> Iterator[LiveFragment]:
        taken = batch.take()
        if taken is None:
            return
        sequence, samples, data = taken
        first, last, ticks = samples[0], samples[-1], batch.head.timescale
        yield LiveFragment(
            camera=self._camera,
            stream=self._stream,
            run=self._run,
            track="video" if track == "video" else "audio",
            sequence=sequence,
            keyframe=first.keyframe,
            utc_s=first.utc_s,
            media_s=(first.dts + first.offset) / ticks,
            duration_s=(last.dts + last.duration - first.dts) / ticks,
            data=data,
        )
