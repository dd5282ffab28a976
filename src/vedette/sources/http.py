"""Motion JPEG cameras and video files over HTTP and HTTPS, with Basic or Digest credentials."""

from dataclasses import replace
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx
from av.container import InputContainer

from vedette.domain.camera import StreamSpec
from vedette.domain.errors import SourceError, Trouble, VedetteError
from vedette.sources.address import Address
from vedette.sources.base import Setting, Source
from vedette.sources.libav import LibavSource, Opening
from vedette.sources.reach import check_same_host, unverified

ARRIVAL_FORMATS = frozenset({"mpjpeg", "mjpeg", "jpeg_pipe"})
"""Pictures one after the other, without timestamps."""
LIVE_FORMATS = frozenset({"flv", "hls", "mpegts"})
MOST_REDIRECTS = 3
_ASK_S = 2.0
_LEADING_ON = frozenset({Trouble.UNREACHABLE, Trouble.OTHER})
"""How libav fails at a redirect that it may not follow, among others."""
PROTOCOLS = "http,https,tcp,tls,crypto,httpproxy,data"
"""A playlist from the network must not open local files."""


def source(spec: StreamSpec, setting: Setting) -> Source:
    """A source for http:// and https:// addresses; what it is shows when it is opened."""
    address = Address.of(spec)
    opening = Opening(
        address.with_credentials(),
        address.shown,
        options={
            "protocol_whitelist": PROTOCOLS,
            "user_agent": "vedette",
            "analyzeduration": "2000000",
            "max_redirects": "0",
        },
        live_formats=LIVE_FORMATS,
        arrival_formats=ARRIVAL_FORMATS,
    )
    return HttpSource((opening,), setting)


class HttpSource(LibavSource):
    """Follows redirects that stay on the camera's own host, and no others: libav would follow any."""

    def _open_first(self) -> InputContainer:
        for _ in range(MOST_REDIRECTS):
            try:
                return super()._open_first()
            except SourceError as error:
                may_lead_on = error.trouble in _LEADING_ON and not self._interrupt.ended.is_set()
                target = self._redirected(self._openings[0]) if may_lead_on else None
                if target is None:
                    raise
                self._openings = (replace(self._openings[0], url=target),)
        return super()._open_first()

    def _redirected(self, opening: Opening) -> str | None:
        """Where the address leads, with its credentials; None when it leads nowhere else."""
        try:
            with (
                httpx.Client(transport=unverified(), timeout=_ASK_S) as client,
                client.stream("GET", opening.url) as answer,
            ):
                location = str(answer.headers.get("location", "")) if answer.is_redirect else ""
        except (httpx.HTTPError, httpx.InvalidURL, VedetteError):
            return None
        if not location:
            return None
        check_same_host(opening.url, location, opening.shown)
        user_info, at, _ = urlsplit(opening.url).netloc.rpartition("@")
        parts = urlsplit(urljoin(opening.url, location))
        return urlunsplit(
            parts._replace(netloc=user_info + at + parts.netloc.rpartition("@")[2], fragment="")
        )
