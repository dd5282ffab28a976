"""One look at one picture by the real detection stage, in a process of its own.

For trying zones and profiles out: what would the detector say of this picture? A model that crashes takes
this process and no other.
"""

import subprocess
import sys
from pathlib import Path

import msgspec

from vedette.domain.camera import CameraSpec, Profile, StreamSpec
from vedette.domain.errors import SourceError
from vedette.domain.messages import Detections
from vedette.media.jpeg import decode_jpeg
from vedette.pipeline.detection import DetectionStage
from vedette.pipeline.frames import LUMA_WIDTH, Frame

LIMIT_S = 20.0
"""The first look of an installation may have to download its model."""


class Look(msgspec.Struct, frozen=True):
    """What to look at, and how."""

    home: str
    profile: Profile
    jpeg: bytes


class Seen(msgspec.Struct, frozen=True):
    """What was seen; `message` says when it was not the wanted model that looked."""

    detections: Detections
    message: str = ""


def look_at(look: Look) -> Seen:
    """Have a picture looked at.

    Raises:
        SourceError: it took too long, or the process failed.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "vedette.pipeline.look"],
            input=msgspec.msgpack.encode(look),
            capture_output=True,
            timeout=LIMIT_S,
            check=True,
        )
        return msgspec.msgpack.decode(done.stdout, type=Seen)
    except subprocess.TimeoutExpired:
        raise SourceError(
            f"The detector took more than {LIMIT_S:g} s.", hint="Try again in a moment."
        ) from None
    except (subprocess.CalledProcessError, ValueError):
        raise SourceError(
            "The detector could not look at this picture.", hint="See `vedette models verify`, and the log."
        ) from None


def seen_in(look: Look) -> Seen:
    """Look at a picture in this process."""
    from vedette.models.loader import DetectorLoader  # noqa: PLC0415 -- costs time that callers need not spend
    from vedette.settings import load_settings  # noqa: PLC0415

    loader = DetectorLoader(load_settings(home=Path(look.home)))
    detector = loader.load(look.profile.model)
    spec = CameraSpec(id="look", name="look", main=StreamSpec(url=""), profile=look.profile)
    picture = decode_jpeg(look.jpeg)
    frame = Frame("look", 0.0, 0, picture, picture.luma(LUMA_WIDTH), "start")
    return Seen(DetectionStage(spec).process(frame, detector), loader.message)


if __name__ == "__main__":
    sys.stdout.buffer.write(
        msgspec.msgpack.encode(seen_in(msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Look)))
    )
