"""Asking an ONVIF camera for its streams: GetProfiles and GetStreamUri (ONVIF Media, version 1).

Requests go to the one host that was named: services and streams that the camera announces on other hosts are
looked for on this one (cameras behind a router announce addresses that lead nowhere), redirects are not
followed, answers are bounded, and document types are refused.
"""

import base64
import hashlib
import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit, urlunsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

import httpx
import msgspec

from vedette.brands.xml import read_xml
from vedette.domain.errors import SourceError, Trouble, UnauthorizedError
from vedette.sources.failures import unreached
from vedette.sources.reach import PORTS, http_troubles, resolve, unverified

SERVICE: Final = "/onvif/device_service"
PORTS_TRIED: Final = (80, 8000, 8080, 2020, 8899)
"""Where cameras serve ONVIF: the standard's, Reolink's, a common one, TP-Link's, and that of many others."""
_ANSWER_MAX: Final = 512 * 1024
_MOST_PROFILES: Final = 16
_TDS, _TRT, _TT = (
    "http://www.onvif.org/ver10/device/wsdl",
    "http://www.onvif.org/ver10/media/wsdl",
    "http://www.onvif.org/ver10/schema",
)
_WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope">'
    "{header}<e:Body>{body}</e:Body></e:Envelope>"
)


class OnvifProfile(msgspec.Struct, frozen=True):
    """One of the camera's streams; `url` holds no credentials."""

    name: str
    url: str
    encoding: str = ""
    width: int = 0
    height: int = 0


class OnvifCamera(msgspec.Struct, frozen=True):
    """What a camera tells about itself; profiles largest first."""

    name: str
    profiles: tuple[OnvifProfile, ...]


def ask_camera(service: str, username: str, password: str, *, limit_s: float = 6.0) -> OnvifCamera:
    """Ask the device service at this http(s) address for the camera's streams.

    Raises:
        SourceError: it cannot be reached, is no ONVIF camera, or has no stream; `trouble` says which.
        UnauthorizedError: it refuses the credentials.
    """
    parts = urlsplit(service)
    resolve(parts.hostname or "", parts.port or PORTS[parts.scheme], service)
    with _Session(service, username, password, limit_s) as session:
        session.set_clock()
        name = session.name()
        media = session.media_service()
        profiles = session.profiles(media)
    if not profiles:
        raise SourceError(
            f"{service} offers no video stream.", hint="Is a video profile set up in the camera?"
        )
    return OnvifCamera(name, tuple(sorted(profiles, key=lambda one: -one.width * one.height)))


def services(host: str) -> list[str]:
    """Where a camera at this host may serve ONVIF."""
    bracketed = f"[{host}]" if ":" in host else host
    return [f"http://{bracketed}{'' if port == 80 else f':{port}'}{SERVICE}" for port in PORTS_TRIED]


def on_host(url: str, host: str) -> str:
    """The address with this host in place of its own; port and path stay."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    bracketed = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{bracketed}{port}", parts.path, parts.query, ""))


class _Session:
    """A few requests to one camera, within a time for all of them."""

    def __init__(self, service: str, username: str, password: str, limit_s: float) -> None:
        self._service, self._username, self._password = service, username, password
        self._host = urlsplit(service).hostname or ""
        self._deadline_s = time.monotonic() + limit_s
        self._ahead = timedelta()
        digest = httpx.DigestAuth(username, password) if username else None
        self._client = httpx.Client(transport=unverified(), auth=digest)

    def __enter__(self) -> "_Session":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def set_clock(self) -> None:
        """Follow the camera's clock: passwords are salted with the time, and must be of the camera's day."""
        found = self._ask(self._service, f'<GetSystemDateAndTime xmlns="{_TDS}"/>', signed=False)
        utc = found.find(f".//{{{_TT}}}UTCDateTime")
        if utc is None:
            return
        with suppress(ValueError, OverflowError):  # some say year 0
            numbers = [int(utc.findtext(f".//{{{_TT}}}{part}") or 0) for part in _CLOCK]
            hour, minute, second, year, month, day = numbers
            now = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
            self._ahead = now - datetime.now(UTC)

    def name(self) -> str:
        """Brand and model; empty when the camera keeps it to itself."""
        try:
            found = self._ask(self._service, f'<GetDeviceInformation xmlns="{_TDS}"/>')
        except UnauthorizedError:
            raise
        except SourceError:
            return ""
        texts = [found.findtext(f".//{{{_TDS}}}{part}") or "" for part in ("Manufacturer", "Model")]
        return " ".join("".join(c for c in text if c.isprintable()).strip() for text in texts).strip()[:100]

    def media_service(self) -> str:
        """Where its media service is, on its own host."""
        body = f'<GetCapabilities xmlns="{_TDS}"><Category>Media</Category></GetCapabilities>'
        address = self._ask(self._service, body).findtext(f".//{{{_TT}}}Media/{{{_TT}}}XAddr") or ""
        return self._here(address.strip()) or self._service

    def profiles(self, media: str) -> list[OnvifProfile]:
        """The streams; a profile without video or without an address is left out."""
        found = self._ask(media, f'<GetProfiles xmlns="{_TRT}"/>')
        rows = [row for row in found.iter(f"{{{_TRT}}}Profiles") if _encoder(row) is not None]
        made = [self._profile(media, row) for row in rows[:_MOST_PROFILES]]
        return [profile for profile in made if profile.url]

    def _profile(self, media: str, row: Element) -> OnvifProfile:
        token = row.get("token", "")[:200]
        body = (
            f'<GetStreamUri xmlns="{_TRT}" xmlns:t="{_TT}"><StreamSetup><t:Stream>RTP-Unicast</t:Stream>'
            "<t:Transport><t:Protocol>RTSP</t:Protocol></t:Transport></StreamSetup>"
            f"<ProfileToken>{escape(token)}</ProfileToken></GetStreamUri>"
        )
        url = (self._ask(media, body).findtext(f".//{{{_TT}}}Uri") or "").strip()
        encoder = _encoder(row)
        assert encoder is not None
        return OnvifProfile(
            name=(row.findtext(f"{{{_TT}}}Name") or token)[:100],
            url=self._here(url),
            encoding=(encoder.findtext(f"{{{_TT}}}Encoding") or "")[:20],
            width=_number(encoder, "Width"),
            height=_number(encoder, "Height"),
        )

    def _here(self, url: str) -> str:
        """An address that the camera announced, on the camera's own host; empty when it is none."""
        try:
            parts = urlsplit(url)
            known = parts.scheme in PORTS and len(url) <= 1024 and url.isprintable()
            return on_host(url, self._host) if known else ""
        except ValueError:
            return ""

    def _ask(self, address: str, body: str, *, signed: bool = True) -> Element:
        left_s = max(self._deadline_s - time.monotonic(), 0.1)
        header = self._signature() if signed and self._username else ""
        text = _ENVELOPE.format(header=header, body=body)
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        with (
            http_troubles(address),
            self._client.stream(
                "POST", address, content=text.encode(), headers=headers, timeout=min(left_s, 3.0)
            ) as answer,
        ):
            return self._read(answer)

    def _read(self, answer: httpx.Response) -> Element:
        address = str(answer.request.url)
        if answer.is_redirect:
            raise unreached(address, Trouble.REDIRECTED)
        if answer.status_code == 401:
            raise _refused(address)
        data = b""
        for piece in answer.iter_bytes():
            data += piece
            if len(data) > _ANSWER_MAX or time.monotonic() > self._deadline_s:
                raise unreached(address, Trouble.NOT_A_CAMERA)
        if (root := read_xml(data)) is None:
            raise unreached(address, Trouble.NOT_A_CAMERA)
        if root.find(".//{http://www.w3.org/2003/05/soap-envelope}Fault") is not None:
            self._fail(data, address)
        return root

    def _fail(self, fault: bytes, address: str) -> None:
        if any(
            word in fault for word in (b"NotAuthorized", b"FailedAuthentication", b"Sender not Authorized")
        ):
            raise _refused(address)
        raise SourceError(f"{address} does not answer this question.", hint="Is ONVIF set up in the camera?")

    def _signature(self) -> str:
        """A UsernameToken with a password digest (WS-Security UsernameToken Profile 1.0, 3.1)."""
        nonce = secrets.token_bytes(16)
        created = f"{datetime.now(UTC) + self._ahead:%Y-%m-%dT%H:%M:%SZ}"
        digest = hashlib.sha1(
            nonce + created.encode() + self._password.encode(), usedforsecurity=False
        ).digest()
        secext, utility = (f"{_WSSE}wssecurity-{part}-1.0.xsd" for part in ("secext", "utility"))
        kind = quoteattr(f"{_WSSE}username-token-profile-1.0#PasswordDigest")
        coding = quoteattr(f"{_WSSE}soap-message-security-1.0#Base64Binary")
        return (
            f'<e:Header><s:Security xmlns:s="{secext}" xmlns:u="{utility}" e:mustUnderstand="true">'
            f"<s:UsernameToken><s:Username>{escape(self._username)}</s:Username>"
            f"<s:Password Type={kind}>{base64.b64encode(digest).decode()}</s:Password>"
            f"<s:Nonce EncodingType={coding}>{base64.b64encode(nonce).decode()}</s:Nonce>"
            f"<u:Created>{created}</u:Created></s:UsernameToken></s:Security></e:Header>"
        )


_CLOCK = ("Hour", "Minute", "Second", "Year", "Month", "Day")


def _refused(address: str) -> UnauthorizedError:
    return UnauthorizedError(
        f"{address} refuses the credentials.",
        hint="Check user name and password. Many brands want a user of its own for ONVIF: see its settings.",
    )


def _encoder(profile: Element) -> Element | None:
    return profile.find(f"{{{_TT}}}VideoEncoderConfiguration")


def _number(encoder: Element, part: str) -> int:
    text = encoder.findtext(f"{{{_TT}}}Resolution/{{{_TT}}}{part}") or "0"
    return min(int(text), 100_000) if text.isdecimal() else 0
