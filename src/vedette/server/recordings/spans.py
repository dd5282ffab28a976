"""Unbroken stretches of recording, for time lines."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from vedette.server.recordings.models import Segment

GAP = timedelta(seconds=1.5)
"""Segments closer than this belong together: the next one starts one frame after the last."""


@dataclass(slots=True)
class Span:
    """An unbroken stretch."""

    start: datetime
    end: datetime
    has_motion: bool
    has_event: bool
    size_bytes: int


def merge(segments: Iterable[Segment]) -> list[Span]:
    """Join what touches. Segments come in order of their start."""
    spans: list[Span] = []
    for row in segments:
        last = spans[-1] if spans else None
        if last is None or row.start - last.end > GAP:
            spans.append(Span(row.start, row.end, row.has_motion, row.has_event, row.size_bytes))
            continue
        last.end = max(last.end, row.end)
        last.has_motion |= row.has_motion
        last.has_event |= row.has_event
        last.size_bytes += row.size_bytes
    return spans
