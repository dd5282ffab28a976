"""Between seconds since the epoch (messages), datetimes (rows) and ISO 8601 (JSON); always UTC."""

from datetime import UTC, datetime

_LOWEST_S, _HIGHEST_S = 0.0, 253402300799.0  # 1970 to 9999


def from_utc_s(utc_s: float) -> datetime:
    """Seconds since the epoch as a datetime.

    Raises:
        ValueError: not a time between the years 1970 and 9999.
    """
    if not _LOWEST_S <= utc_s <= _HIGHEST_S:
        raise ValueError(f"{utc_s} is not a time")
    return datetime.fromtimestamp(utc_s, UTC)


def iso(moment: datetime) -> str:
    """`2026-11-21T10:22:33.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
