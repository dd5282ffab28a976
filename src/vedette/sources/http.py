"""Motion JPEG cameras and video files over HTTP and HTTPS, with Basic or Digest credentials."""

from vedette.domain.camera import StreamSpec
from vedette.sources.address import Address
from vedette.sources.base import Setting, Source
from vedette.sources.libav import LibavSource, Opening

ARRIVAL_FORMATS = frozenset({"mpjpeg", "mjpeg", "jpeg_pipe"})
"""Pictures one after the other, without timestamps."""
LIVE_FORMATS = frozenset({"flv", "hls", "mpegts"})
PROTOCOLS = "http,https,tcp,tls,crypto,httpproxy,data"
"""A playlist from the network must not open local files."""


def source(spec: StreamSpec, setting: Setting) -> Source:
    """A source for http:// and https:// addresses; what it is shows when it is opened."""
    address = Address.of(spec)
    opening = Opening(
        address.with_credentials(),
        address.shown,
        options={"protocol_whitelist": PROTOCOLS, "user_agent": "vedette", "analyzeduration": "2000000"},
        live_formats=LIVE_FORMATS,
        arrival_formats=ARRIVAL_FORMATS,
    )
    return LibavSource((opening,), setting)
