"""One camera of a farm: what it serves, to whom, and what is wrong with it."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from vedette.testing.auth import Guard
from vedette.testing.rtsp.media import Media


class Fault(StrEnum):
    """What a camera does wrong; it may be set and taken back while clients are connected."""

    NONE = "none"
    STALL = "stall"
    """Stays connected and sends nothing more."""
    GARBAGE = "garbage"
    """Sends random bytes in place of RTP packets."""
    CORRUPT = "corrupt"
    """Sends proper RTP packets with random bytes in the pictures."""
    HALF_PICTURE = "half_picture"
    """Loses the second half of every picture."""
    SILENT = "silent"
    """Accepts the connection and never answers a request."""
    UNAUTHORIZED = "unauthorized"
    """Answers 401 whatever the credentials."""
    NOT_FOUND = "not_found"
    """Answers 404."""


@dataclass
class Camera:
    """A path of the farm. All attributes may be changed from any thread while it serves.

    Attributes:
        media: what it plays in a loop; another one is taken over at its next keyframe (first picture), as
            when somebody changes the resolution in the camera's settings.
        guard: who may watch; None lets everybody in.
        sprop: whether the description carries the parameter sets.
        shift_s: added to the timestamps from now on: a clock that jumps.
        counters: `connections`, `refused`, `units` and `bytes` sent, `units_skipped` because a client was
            too slow.
    """

    path: str
    media: Media
    guard: Guard | None = None
    fault: Fault = Fault.NONE
    sprop: bool = True
    shift_s: float = 0.0
    counters: Counter[str] = field(default_factory=Counter)
