"""RTSP and RTSPS cameras."""

from vedette.domain.camera import StreamSpec
from vedette.domain.errors import SourceError
from vedette.sources.address import Address
from vedette.sources.base import Setting, Source
from vedette.sources.libav import LibavSource, Opening

USER_INFO_MAX = 127
"""libav keeps percent-encoded credentials of an RTSP address in a field of 128 bytes."""


def source(spec: StreamSpec, setting: Setting) -> Source:
    """A source for rtsp:// and rtsps:// addresses; RTP over TCP unless the spec says UDP.

    Raises:
        SourceError: the credentials are too long.
    """
    address = Address.of(spec)
    if len(address.user_info) > USER_INFO_MAX:
        raise SourceError(
            f"the credentials for {address.shown} are too long.",
            hint=f"At most {USER_INFO_MAX} characters fit, special ones count three times.",
        )
    options = {
        "rtsp_transport": str(spec.transport),
        "analyzeduration": "2000000",
        "fpsprobesize": "4",
        "user_agent": "vedette",
    }
    opening = Opening(
        address.with_credentials(),
        address.shown,
        format="rtsp",
        options=options,
        live_formats=frozenset({"rtsp"}),
    )
    return LibavSource((opening,), setting)
