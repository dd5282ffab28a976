"""USB and other local cameras on Linux (Video4Linux2) that give H.264 or motion JPEG."""

from urllib.parse import urlsplit

from vedette.domain.camera import StreamSpec
from vedette.sources.base import Setting, Source
from vedette.sources.libav import LibavSource, Opening

CODECS = ("h264", "mjpeg")
"""Asked for in this order; raw pictures would have to be encoded here."""


def source(spec: StreamSpec, setting: Setting) -> Source:
    """A source for v4l2:///dev/video0."""
    device = urlsplit(spec.url).path or "/dev/video0"
    return LibavSource(tuple(_opening(device, codec) for codec in CODECS), setting)


def _opening(device: str, codec: str) -> Opening:
    names = frozenset({"v4l2", "video4linux2,v4l2"})
    return Opening(device, device, format="v4l2", options={"input_format": codec}, live_formats=names)
