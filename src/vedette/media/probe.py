"""What a file says about itself, before it is read."""

from pathlib import Path

import av


def duration_s(path: Path) -> float | None:
    """The length that a video file states, in seconds; None when it states none or is none."""
    try:
        with av.open(f"file:{path}") as container:
            return container.duration / av.time_base if container.duration else None
    except (av.FFmpegError, OSError, ValueError):
        return None
