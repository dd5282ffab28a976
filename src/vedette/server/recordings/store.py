"""Storing segments: idempotent, a later state never goes back."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from vedette.domain.messages import SegmentMessage
from vedette.server.recordings.models import Segment
from vedette.server.times import from_utc_s

_UPDATED = [field.name for field in Segment._meta.fields if field.name != "id"]  # noqa: SLF001  Django's own way
_RANK = {"open": 0, "closed": 1, "deleting": 2, "deleted": 3}


def segment_row(message: SegmentMessage) -> Segment:
    """The row of a message.

    Raises:
        ValueError: an id, time or path that no row can hold.
    """
    return Segment(
        id=UUID(message.id),
        camera=message.camera,
        path=safe_path(message.path),
        state=message.state,
        start=from_utc_s(message.start_utc_s),
        end=from_utc_s(message.end_utc_s),
        size_bytes=message.size_bytes,
        codec=message.codec[:32],
        width=message.width,
        height=message.height,
        audio_codec=message.audio_codec[:32],
        has_motion=message.has_motion,
        has_event=message.has_event,
        activity=message.activity[:256],
    )


def safe_path(text: str) -> str:
    """The path, which must stay below its folder.

    Raises:
        ValueError: it does not.
    """
    path = PurePosixPath(text)
    if not text or len(text) > 255 or path.is_absolute() or ".." in path.parts or "\x00" in text:
        raise ValueError("a path that leads outside its folder")
    return str(path)


def store_segments(rows: Iterable[Segment], *, correct: bool = False) -> list[Segment]:
    """Write what is newer than stored, remove what was deleted; returns the rows that changed something.

    Args:
        rows: in the order in which they were announced.
        correct: write closed segments again that are closed already: a repair knows better.
    """
    newest: dict[Any, Segment] = {}
    for row in rows:
        if row.id not in newest or _RANK[row.state] >= _RANK[newest[row.id].state]:
            newest[row.id] = row
    known = dict(Segment.objects.filter(id__in=list(newest)).values_list("id", "state"))
    fresh = [row for row in newest.values() if _news(row, known.get(row.id), correct=correct)]
    Segment.objects.filter(id__in=[row.id for row in fresh if row.state == "deleted"]).delete()
    stay = [row for row in fresh if row.state != "deleted"]
    _make_way(stay)
    Segment.objects.bulk_create(stay, update_conflicts=True, unique_fields=["id"], update_fields=_UPDATED)
    return fresh


def _news(row: Segment, known: str | None, *, correct: bool) -> bool:
    if known is None:
        return True
    return _RANK[row.state] > _RANK[known] or (correct and row.state == known == "closed")


def _make_way(rows: list[Segment]) -> None:
    """A file has one row: one of another id with the same path is from before a repair."""
    for row in rows:
        Segment.objects.filter(path=row.path).exclude(id=row.id).delete()
