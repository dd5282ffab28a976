"""RTSP cameras for the tests: the farm of `vedette.testing.rtsp`."""

from urllib.parse import quote

from vedette.testing.auth import Guard
from vedette.testing.rtsp import Camera, CameraFarm, Fault, Media, load_media

__all__ = ["Camera", "CameraFarm", "Fault", "Guard", "Media", "load_media", "with_credentials"]


def with_credentials(url: str, username: str, password: str) -> str:
    """The address with the credentials in it, escaped."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{quote(username, safe='')}:{quote(password, safe='')}@{rest}"
