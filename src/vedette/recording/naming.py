"""Where a segment's file lies and what its name says.

`<camera>/<YYYY-MM-DD>/<HH>/<start>_<segment id>.mp4`, relative to the recordings folder, with the start as
`20261121T102233.123456Z` (UTC). A file whose path does not have this form is not ours and is left alone.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PATTERN = re.compile(
    r"(?P<camera>[a-z0-9][a-z0-9_-]{0,63})/(?P<day>\d{4}-\d\d-\d\d)/(?P<hour>\d\d)/"
    r"(?P<start>\d{8}T\d{6}\.\d{6}Z)_(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.mp4"
)


@dataclass(frozen=True, slots=True)
class SegmentName:
    """What the path of a segment tells."""

    camera: str
    start_utc_s: float
    id: str

    @property
    def path(self) -> str:
        """Relative to the recordings folder."""
        start = _EPOCH + timedelta(microseconds=round(self.start_utc_s * 1e6))
        stamp = start.strftime("%Y%m%dT%H%M%S.%fZ")
        return f"{self.camera}/{start:%Y-%m-%d}/{start:%H}/{stamp}_{self.id}.mp4"


def parse_name(path: str) -> SegmentName | None:
    """The name of one of our segments; None for any other file."""
    match = _PATTERN.fullmatch(path)
    if match is None:
        return None
    try:
        start = datetime.strptime(match["start"], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    name = SegmentName(match["camera"], (start - _EPOCH) / timedelta(seconds=1), match["id"])
    return name if name.path == path else None
