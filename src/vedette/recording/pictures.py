"""Single pictures of a segment: where they stand, when they were shown, and a keyframe to be decoded."""

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from vedette.domain.errors import StorageError
from vedette.media.packets import MediaPacket, VideoInfo
from vedette.recording.clip_tracks import zero_time
from vedette.recording.fmp4 import Segment, Track
from vedette.recording.sample_entries import extradata

KEYFRAME_BYTES_MAX = 32 * 2**20
_ROUNDING_S = 0.001
"""Times of rows are rounded; a keyframe this little later is meant as well."""


@dataclass(frozen=True, slots=True)
class Keyframe:
    """Where a keyframe lies.

    Attributes:
        number: of the sample in its segment.
        utc_s: when it was shown.
    """

    number: int
    utc_s: float
    offset: int
    size_bytes: int
    track: Track


def keyframe_at(segment: Segment, segment_utc_s: float, utc_s: float) -> Keyframe | None:
    """The last keyframe shown at or before this time, else the first one; None where there is none."""
    track = segment.track("vide")
    if track is None or not segment.samples[track.id].keyframes.any():
        return None
    samples = segment.samples[track.id]
    numbers = np.flatnonzero(samples.keyframes)
    zero_utc_s = zero_time(segment, segment_utc_s)
    shown = zero_utc_s + (samples.dts[numbers] + samples.cts[numbers]) / track.timescale
    at = max(int(np.searchsorted(shown, utc_s + _ROUNDING_S, side="right")) - 1, 0)
    number = int(numbers[at])
    place, size = int(samples.offsets[number]), int(samples.sizes[number])
    return Keyframe(number, float(shown[at]), place, size, track)


def picture_times(segment: Segment, segment_utc_s: float) -> list[float]:
    """When each picture of a segment is shown, in the order of showing."""
    track = segment.track("vide")
    if track is None:
        return []
    samples = segment.samples[track.id]
    shown = np.sort(samples.dts + samples.cts) / track.timescale
    times: list[float] = (zero_time(segment, segment_utc_s) + shown).tolist()
    return times


def read_keyframe(path: Path, keyframe: Keyframe) -> MediaPacket:
    """The keyframe as a packet that a decoder takes.

    Raises:
        StorageError: the file is gone or shorter than its index, or the picture is larger than any camera's.
    """
    if keyframe.size_bytes > KEYFRAME_BYTES_MAX:
        raise StorageError(f"A picture of {keyframe.size_bytes} bytes is too large.")
    try:
        with path.open("rb", buffering=0) as file:
            data = os.pread(file.fileno(), keyframe.size_bytes, keyframe.offset)
    except OSError as error:
        raise StorageError(f"The segment {path.name} cannot be read: {error.strerror}.") from error
    if len(data) != keyframe.size_bytes:
        raise StorageError(f"The segment {path.name} was cut off while it was read.")
    packet: av.Packet[Any] = av.Packet(data)
    packet.is_keyframe = True
    return MediaPacket(packet, _info(keyframe.track), keyframe.utc_s, keyframe=True)


def _info(track: Track) -> VideoInfo:
    time_base = Fraction(1, track.timescale)
    return VideoInfo(track.codec, track.width, track.height, extradata(track.description), time_base)
