"""Which samples of a segment belong to a clip, and the clip's sample tables put together from them."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from vedette.recording.fmp4 import Segment, Track
from vedette.recording.fragments import Ints, Samples
from vedette.recording.movie import MOVIE_TIMESCALE, MovieTrack

CONTIGUOUS_S = 0.5
"""A smaller difference between the end of a segment and the start of the next is no gap: the last picture
is shown until the next one comes."""
_RESYNC_S = 0.1
"""Audio is moved against the picture where it is further off than this; nobody hears less."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run of samples of one track, with the time of the first one's decoding.

    Attributes:
        prefix: parameter sets that stand before every keyframe in the clip.
    """

    track: Track
    samples: Samples
    utc_s: float
    prefix: bytes = b""

    @classmethod
    def of(cls, track: Track, samples: Samples, first: int, last: int, zero_utc_s: float) -> "Chosen":
        """Samples `first` up to, not including, `last`; tick 0 of the track is at `zero_utc_s`."""
        part = samples.between(first, last)
        return cls(track, part, zero_utc_s + float(part.dts[0]) / track.timescale)

    @property
    def chunk_starts(self) -> Ints:
        """Indices of the samples at which a new contiguous byte range begins in the clip."""
        samples = self.samples
        begins = samples.offsets[1:] != samples.offsets[:-1] + samples.sizes[:-1]
        if self.prefix:
            begins |= samples.keyframes[1:]
        return np.concatenate([[0], np.flatnonzero(begins) + 1]).astype(np.int64)

    @property
    def sizes(self) -> Ints:
        """Bytes of every sample in the clip."""
        return self.samples.sizes + self.samples.keyframes * len(self.prefix)

    def without(self, count: int) -> "Chosen":
        """The same without its first samples."""
        zero_utc_s = self.utc_s - float(self.samples.dts[0]) / self.track.timescale
        return Chosen.of(self.track, self.samples, count, len(self.samples), zero_utc_s)

    def chunk_ranges(self) -> tuple[Ints, Ints, Ints]:
        """File offset, length in the file, and length of the prefix of every chunk."""
        starts = self.chunk_starts
        prefixes = self.samples.keyframes[starts] * len(self.prefix)
        return self.samples.offsets[starts], np.add.reduceat(self.samples.sizes, starts), prefixes

    def chunk_samples(self) -> Ints:
        """Number of samples of every chunk."""
        return np.diff(self.chunk_starts, append=len(self.samples))

    def scaled_durations(self, timescale: int) -> Ints:
        """Durations in another timescale, from one decoding to the next; rounding does not add up."""
        dts = self.samples.dts - self.samples.dts[0]
        edges = np.append(dts, dts[-1] + self.samples.durations[-1]) * timescale // self.track.timescale
        return np.maximum(np.diff(edges), 0)

    def scaled_cts(self, timescale: int) -> Ints:
        """Presentation minus decoding time in another timescale."""
        return self.samples.cts * timescale // self.track.timescale


@dataclass(frozen=True, slots=True)
class Places:
    """Where the byte ranges of a segment stand in the clip's data; all ascend.

    Attributes:
        prefix: bytes that stand before the ranges whose `prefix_lengths` is not 0.
    """

    file_offsets: Ints
    clip_offsets: Ints
    prefix_lengths: Ints
    prefix: bytes

    def ranges(self, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Start and end in the clip's data, length of the prefix, and file offset of every range."""
        ends = [*self.clip_offsets[1:].tolist(), end]
        columns = self.clip_offsets.tolist(), ends, self.prefix_lengths.tolist(), self.file_offsets.tolist()
        return zip(*columns, strict=True)

    def of(self, offsets: Ints) -> Ints:
        """Where the bytes at these file offsets stand."""
        ranges = np.searchsorted(self.file_offsets, offsets, side="right") - 1
        return self.clip_offsets[ranges] + offsets - self.file_offsets[ranges]


@dataclass(frozen=True, slots=True)
class Selection:
    """What of one segment goes into the clip.

    Attributes:
        start_utc_s: the picture that is shown at the start of the span began here.
        end_utc_s: the last picture shown ends, or is cut off, here.
    """

    video: Chosen
    audio: Chosen | None
    start_utc_s: float
    end_utc_s: float

    @property
    def codec_tag(self) -> bytes:
        """Tracks of a clip hold one kind of sample entry."""
        return self.video.track.description[4:8]

    def prefixed(self, prefix: bytes) -> "Selection":
        """The same with parameter sets before every keyframe."""
        return replace(self, video=replace(self.video, prefix=prefix))

    def places(self, begin: int) -> tuple[Places, int]:
        """Where all chunks stand, in the order of the file, from `begin` on; and where they end."""
        chunks = [track.chunk_ranges() for track in (self.video, self.audio) if track is not None]
        offsets, lengths, prefixes = (np.concatenate(column) for column in zip(*chunks, strict=True))
        order = np.argsort(offsets)
        spans = (lengths + prefixes)[order]
        ends = begin + np.cumsum(spans)
        places = Places(offsets[order], ends - spans, prefixes[order], self.video.prefix)
        return places, int(ends[-1])


def select(
    segment: Segment,
    segment_utc_s: float,
    start_utc_s: float,
    end_utc_s: float,
    *,
    keyframes_only: bool = False,
) -> Selection | None:
    """The samples of a segment for this span: from the keyframe at or before the start; None when empty."""
    track = segment.track("vide")
    if track is None:
        return None
    samples = segment.samples[track.id]
    zero_utc_s = zero_time(segment, segment_utc_s)
    shown = zero_utc_s + (samples.dts + samples.cts) / track.timescale
    ends = shown + samples.durations / track.timescale
    wanted = np.flatnonzero((shown < end_utc_s) & (ends > start_utc_s))
    if not len(wanted):
        return None
    # Half a tick of tolerance: the start may be the time of a keyframe that was rounded.
    keyframes = np.flatnonzero(samples.keyframes & (shown <= start_utc_s + 0.5 / track.timescale))
    first = int(keyframes[-1]) if len(keyframes) else 0
    video = Chosen.of(track, samples, first, int(wanted[-1]) + 1, zero_utc_s)
    if keyframes_only:
        return _keyframes_of(video, float(shown[wanted].min()), min(end_utc_s, float(ends[wanted].max())))
    audio = _select_audio(segment, zero_utc_s, float(shown[first]), end_utc_s)
    return Selection(video, audio, float(shown[wanted].min()), min(end_utc_s, float(ends[wanted].max())))


def zero_time(segment: Segment, segment_utc_s: float) -> float:
    """The time of tick 0 of a segment whose first picture is shown at this time."""
    track = segment.track("vide")
    assert track is not None
    samples = segment.samples[track.id]
    return segment_utc_s - float(samples.dts[0] + samples.cts[0]) / track.timescale


def _keyframes_of(video: Chosen, start_utc_s: float, end_utc_s: float) -> Selection | None:
    """The keyframes of a run without sound: what is watched at many times the speed."""
    if not video.samples.keyframes.any():
        return None
    leading = int(np.argmax(video.samples.keyframes))
    video = video.without(leading) if leading else video
    return Selection(replace(video, samples=video.samples.only_keyframes()), None, start_utc_s, end_utc_s)


def _select_audio(segment: Segment, zero_utc_s: float, start_utc_s: float, end_utc_s: float) -> Chosen | None:
    track = segment.track("soun")
    if track is None:
        return None
    samples = segment.samples[track.id]
    heard = zero_utc_s + samples.dts / track.timescale
    wanted = np.flatnonzero((heard >= start_utc_s - 0.5) & (heard < end_utc_s))
    if not len(wanted):
        return None
    return Chosen.of(track, samples, int(wanted[0]), int(wanted[-1]) + 1, zero_utc_s)


class _Table:
    """Sample tables that grow part by part."""

    def __init__(self, kind: str, timescale: int) -> None:
        self.kind = kind
        self.timescale = timescale
        self.descriptions: list[bytes] = []
        self.ticks = 0
        self.width = self.height = 0
        self._durations: list[Ints] = []
        self._columns: list[tuple[Chosen, Ints]] = []

    def append(self, chosen: Chosen, places: Places) -> None:
        """Add samples of a segment."""
        if not self._known(chosen):
            self.descriptions.append(chosen.track.description)
        self._durations.append(chosen.scaled_durations(self.timescale))
        self._columns.append((chosen, places.of(chosen.chunk_ranges()[0])))
        self.ticks += int(self._durations[-1].sum())
        self.width = max(self.width, chosen.track.width)
        self.height = max(self.height, chosen.track.height)

    def _known(self, chosen: Chosen) -> bool:
        """Pictures have one description: what differs is in front of their keyframes, or in each picture."""
        return chosen.track.description in self.descriptions or (
            self.kind == "vide" and self.descriptions != []
        )

    def _description(self, chosen: Chosen) -> int:
        return 0 if self.kind == "vide" else self.descriptions.index(chosen.track.description)

    def stretch(self, ticks: int) -> None:
        """Let the last sample so far last longer, or less long, but at least one tick."""
        ticks = max(ticks, 1 - int(self._durations[-1][-1]))
        self._durations[-1][-1] += ticks
        self.ticks += ticks

    def movie_track(self) -> MovieTrack:
        parts = [chosen for chosen, _ in self._columns]
        chunks = [chosen.chunk_samples() for chosen in parts]
        described = [self._description(chosen) for chosen in parts]
        return MovieTrack(
            kind=self.kind,
            timescale=self.timescale,
            descriptions=self.descriptions,
            width=self.width,
            height=self.height,
            durations=np.concatenate(self._durations),
            cts=np.concatenate([chosen.scaled_cts(self.timescale) for chosen in parts]),
            sizes=np.concatenate([chosen.sizes for chosen in parts]),
            keyframes=np.concatenate([chosen.samples.keyframes for chosen in parts]),
            chunk_offsets=np.concatenate([offsets for _, offsets in self._columns]),
            chunk_samples=np.concatenate(chunks),
            chunk_descriptions=np.repeat(described, [len(chunk) for chunk in chunks]),
        )


class VideoTable:
    """The picture track. Ticks are those of the movie.

    Attributes:
        edit_start: media time of the first moment shown.
        spans: second in the clip, time, and duration of every stretch without a gap.
    """

    def __init__(self) -> None:
        self._table = _Table("vide", MOVIE_TIMESCALE)
        self._edit_stop = 0
        self._end_utc_s = -math.inf
        self.edit_start = 0
        self.spans: list[tuple[float, float, float]] = []

    @property
    def shown_ticks(self) -> int:
        """How long the clip lasts."""
        return self._edit_stop - self.edit_start

    def add(self, selection: Selection, places: Places) -> int:
        """Append a part; returns the media time of its first decoding."""
        gap_s = selection.start_utc_s - self._end_utc_s
        goes_on = abs(gap_s) < CONTIGUOUS_S
        if goes_on:
            self._table.stretch(_ticks(gap_s))
        begin = self._table.ticks
        self._table.append(selection.video, places)
        start = begin + _ticks(selection.start_utc_s - selection.video.utc_s)
        self._end_utc_s = selection.end_utc_s
        self._edit_stop = begin + _ticks(selection.end_utc_s - selection.video.utc_s)
        if not self.spans:
            self.edit_start = start
        self._note_span(start, selection.start_utc_s, goes_on=goes_on)
        return begin

    def _note_span(self, start: int, utc_s: float, *, goes_on: bool) -> None:
        clip_s = (start - self.edit_start) / MOVIE_TIMESCALE
        if goes_on:
            clip_s, utc_s, _ = self.spans.pop()
        self.spans.append((clip_s, utc_s, self.shown_ticks / MOVIE_TIMESCALE - clip_s))

    def track(self) -> MovieTrack:
        """The finished track."""
        track = self._table.movie_track()
        track.edit_start, track.edit_ticks = self.edit_start, self.shown_ticks
        return track


def _ticks(seconds: float) -> int:
    return round(seconds * MOVIE_TIMESCALE)


class AudioTable:
    """The sound track, which follows the picture track's time."""

    def __init__(self) -> None:
        self._table: _Table | None = None
        self._tag = b""
        self._begin = 0

    def add(self, selection: Selection, places: Places, video_offset: int) -> None:
        """Append a part whose pictures begin at `video_offset` ticks of the movie."""
        audio = selection.audio
        if audio is None:
            return
        late = _ticks(audio.utc_s - selection.video.utc_s)
        if self._table is None:
            self._table = _Table("soun", audio.track.timescale)
            self._tag = audio.track.description[4:8]
            self._begin = video_offset + late
        if audio.track.description[4:8] != self._tag:
            return  # sound of another codec has no place in this track
        wanted = (video_offset + late - self._begin) * self._table.timescale // MOVIE_TIMESCALE
        off = wanted - self._table.ticks
        if off > _RESYNC_S * self._table.timescale:
            self._table.stretch(off)
        elif off < -_RESYNC_S * self._table.timescale:
            heard = np.cumsum(audio.scaled_durations(self._table.timescale))
            heard_already = int(np.searchsorted(heard, -off))
            if heard_already >= len(audio.samples):
                return
            audio = audio.without(heard_already)
        self._table.append(audio, places)

    def tracks(self, video: VideoTable) -> Iterable[MovieTrack]:
        """The finished track, or nothing."""
        if self._table is None:
            return
        track = self._table.movie_track()
        early = (video.edit_start - self._begin) * track.timescale // MOVIE_TIMESCALE
        track.edit_start, track.delay_ticks = max(0, early), max(0, -early)
        shown = video.shown_ticks * track.timescale // MOVIE_TIMESCALE - track.delay_ticks
        track.edit_ticks = min(shown, self._table.ticks - track.edit_start)
        if track.edit_ticks > 0:
            yield track
