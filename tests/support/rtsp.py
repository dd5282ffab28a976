"""RTSP cameras for the tests: the farm of `vedette.testing.rtsp`."""

from collections.abc import Callable
from urllib.parse import quote

from tests.support.processes import wait_until
from vedette.testing.auth import Guard
from vedette.testing.rtsp import Camera, CameraFarm, Fault, Media, load_media

__all__ = [
    "Camera",
    "CameraFarm",
    "Fault",
    "Guard",
    "Media",
    "load_media",
    "send_no_more",
    "with_credentials",
]


def with_credentials(url: str, username: str, password: str) -> str:
    """The address with the credentials in it, escaped."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{quote(username, safe='')}:{quote(password, safe='')}@{rest}"


def send_no_more(camera: Camera, taken: Callable[[], float]) -> int:
    """Silence a camera that stays connected, and wait until all it sent has been taken.

    Cutting the connection instead would throw away what a busy machine has not read yet.

    Args:
        taken: how many packets of it the other side has counted.

    Returns:
        Units sent.
    """
    camera.fault = Fault.STALL
    wait_until(lambda: taken() >= camera.counters["units"], what="all that was sent taken")
    return camera.counters["units"]
