"""Keyset pages: a cursor names the last row of a page, so pages are fast and stable however deep."""

from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from vedette.domain.errors import ConfigurationError
from vedette.server.times import from_utc_s

Row = TypeVar("Row", bound=Model)
_EPOCH = from_utc_s(0)


def make_cursor(start: datetime, row_id: UUID) -> str:
    """The cursor after this row."""
    return f"{(start - _EPOCH) // timedelta(microseconds=1)}-{row_id.hex}"


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Start and id of the row that the cursor names.

    Raises:
        ConfigurationError: it is no cursor of ours.
    """
    try:
        microseconds, _, row_id = cursor.partition("-")
        return _EPOCH + timedelta(microseconds=int(microseconds)), UUID(row_id)
    except (ValueError, OverflowError):
        raise ConfigurationError("This cursor is not valid.", hint="Begin again without one.") from None


def page(rows: QuerySet[Row], cursor: str | None, limit: int) -> tuple[list[Row], str | None]:
    """One page of rows with `start` and `id`, newest first, and the cursor of the next page, if any."""
    rows = rows.order_by("-start", "-id")
    if cursor is not None:
        start, row_id = read_cursor(cursor)
        # The first condition alone bounds the walk along the index; the second makes it exact.
        rows = rows.filter(start__lte=start).filter(Q(start__lt=start) | Q(id__lt=row_id))
    found: list[Any] = list(rows[: limit + 1])
    following = make_cursor(found[limit - 1].start, found[limit - 1].id) if len(found) > limit else None
    return found[:limit], following
