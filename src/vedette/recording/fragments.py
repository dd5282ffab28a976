"""Fragments of a segment: what a `moof` says of the samples in the `mdat` behind it (ISO/IEC 14496-12)."""

import struct
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from vedette.recording.boxes import DamagedSegmentError, Reader, children, descend

_SAMPLES_MAX = 20_000
"""Bound of the samples of one fragment."""
_NON_SYNC = 0x0001_0000
"""Bit of the sample flags: not a keyframe."""
_TICKS_MAX = 2**60
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of one track in decode order, one entry each, times in ticks of the track.

    Attributes:
        offsets: of the bytes in the file.
        cts: presentation minus decoding time.
    """

    offsets: Ints
    sizes: Ints
    dts: Ints
    durations: Ints
    cts: Ints
    keyframes: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.sizes)

    def between(self, first: int, last: int) -> "Samples":
        """Samples `first` up to, not including, `last`."""
        return self._taken(slice(first, last))

    def only_keyframes(self) -> "Samples":
        """The keyframes alone; each lasts until the next one, the last one as long as all behind it."""
        chosen = np.flatnonzero(self.keyframes)
        picked = self._taken(chosen)
        ends = np.append(picked.dts[1:], self.dts[-1] + self.durations[-1])
        return replace(picked, durations=ends - picked.dts)

    def _taken(self, which: slice | Ints) -> "Samples":
        return Samples(
            self.offsets[which],
            self.sizes[which],
            self.dts[which],
            self.durations[which],
            self.cts[which],
            self.keyframes[which],
        )


@dataclass(slots=True)
class Defaults:
    """What a sample has of which its run says nothing."""

    duration: int = 0
    size: int = 0
    flags: int = 0


@dataclass(slots=True)
class Parts:
    """Columns of one track, fragment by fragment."""

    offsets: list[Ints] = field(default_factory=list)
    sizes: list[Ints] = field(default_factory=list)
    dts: list[Ints] = field(default_factory=list)
    durations: list[Ints] = field(default_factory=list)
    cts: list[Ints] = field(default_factory=list)
    keyframes: list[NDArray[np.bool_]] = field(default_factory=list)

    def extend(self, other: "Parts") -> None:
        """Append a later fragment."""
        self.offsets += other.offsets
        self.sizes += other.sizes
        self.dts += other.dts
        self.durations += other.durations
        self.cts += other.cts
        self.keyframes += other.keyframes

    def joined(self) -> Samples:
        """All samples; there must be one at least."""
        return Samples(
            np.concatenate(self.offsets),
            np.concatenate(self.sizes),
            np.concatenate(self.dts),
            np.concatenate(self.durations),
            np.concatenate(self.cts),
            np.concatenate(self.keyframes),
        )


def track_defaults(trex: bytes) -> tuple[int, Defaults]:
    """Track id and defaults from a `trex` box."""
    _, number, _, duration, size, flags = struct.unpack(">6I", Reader(trex).take(24))
    return number, Defaults(duration, size, flags)


def fragment(moof: bytes, moof_start: int, defaults: dict[int, Defaults]) -> dict[int, Parts]:
    """The samples of a `moof`, by track id.

    Raises:
        DamagedSegmentError: its numbers are impossible.
    """
    found: dict[int, Parts] = {}
    for kind, traf in children(moof):
        if kind == b"traf":
            number, parts = _track_fragment(traf, moof_start, defaults)
            if number in found:
                raise DamagedSegmentError("a track twice in a fragment")
            if parts.sizes:
                found[number] = parts
    return found


def _track_fragment(traf: bytes, moof_start: int, defaults: dict[int, Defaults]) -> tuple[int, Parts]:
    header = Reader(descend(traf, b"tfhd"))
    _, flags = header.version_and_flags()
    number = header.number(4)
    if number not in defaults:
        raise DamagedSegmentError("a fragment of an unknown track")
    base = header.number(8) if flags & 0x1 else moof_start
    header.take(4 if flags & 0x2 else 0)
    own = defaults[number]
    own = Defaults(
        header.number(4) if flags & 0x8 else own.duration,
        header.number(4) if flags & 0x10 else own.size,
        header.number(4) if flags & 0x20 else own.flags,
    )
    time = Reader(descend(traf, b"tfdt"))
    version, _ = time.version_and_flags()
    dts = time.number(8 if version == 1 else 4)
    parts, position = Parts(), base
    for kind, trun in children(traf):
        if kind == b"trun":
            dts, position = _run(Reader(trun), own, parts, dts, base, position)
    return number, parts


def _run(
    run: Reader, defaults: Defaults, parts: Parts, dts: int, base: int, position: int
) -> tuple[int, int]:
    """Add the samples of one `trun`; returns the time and the position behind them."""
    version, flags = run.version_and_flags()
    count = run.number(4)
    if flags & 0x1:
        position = base + _signed(run.number(4))
    first_flags = run.number(4) if flags & 0x4 else None
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if count > _SAMPLES_MAX or max(dts, position) > _TICKS_MAX or position < 0:
        raise DamagedSegmentError("a fragment with impossible numbers")
    if count == 0:
        return dts, position
    table = np.frombuffer(run.take(4 * count * len(columns)), ">u4").reshape(count, len(columns))

    def column(bit: int, default: int) -> Ints:
        if bit in columns:
            return table[:, columns.index(bit)].astype(np.int64)
        return np.full(count, default, np.int64)

    durations, sizes = column(0x100, defaults.duration), column(0x200, defaults.size)
    sample_flags, cts = column(0x400, defaults.flags), column(0x800, 0)
    if first_flags is not None:
        sample_flags[0] = first_flags
    if version == 1:
        cts = np.where(cts >= 2**31, cts - 2**32, cts)
    parts.offsets.append(position + np.cumsum(sizes) - sizes)
    parts.sizes.append(sizes)
    parts.dts.append(dts + np.cumsum(durations) - durations)
    parts.durations.append(durations)
    parts.cts.append(cts)
    parts.keyframes.append((sample_flags & _NON_SYNC) == 0)
    return dts + int(durations.sum()), position + int(sizes.sum())


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number


def append_fragment(parts: dict[int, Parts], fragment: dict[int, Parts], start: int, stop: int) -> None:
    """Add a fragment whose samples must all lie in its `mdat`, after those before it."""
    for number, new in fragment.items():
        offsets, sizes = np.concatenate(new.offsets), np.concatenate(new.sizes)
        if offsets.min() < start or (offsets + sizes).max() > stop or sizes.min() < 1:
            raise DamagedSegmentError("a sample outside its fragment")
        if number in parts and new.dts[0][0] < parts[number].dts[-1][-1]:
            raise DamagedSegmentError("a fragment that runs backwards in time")
    for number, new in fragment.items():
        parts.setdefault(number, Parts()).extend(new)
