"""Finding a camera's streams from whatever somebody has: an address, a host, or a camera found by discovery.

Every path ends in streams that were tried out and gave a picture, or in one sentence that says what is wrong
and what to do. All of it takes about ten seconds at most, and asks nobody but the host that was named.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from vedette.brands import onvif, paths
from vedette.domain.camera import Secret, StreamSpec, Transport
from vedette.domain.errors import ConfigurationError, SourceError, Trouble
from vedette.server.cameras.addresses import Address, split_address
from vedette.sources.probe import Probed, probe_streams

SLOTS = 2
"""Tests that may run at once: each is a process and some network connections."""
_WAIT_S = 4.0
_ONVIF_S = 5.0
_STREAM_S = 9.0
_GUESS_S = 6.0
_SUB_WIDTH = 640
_BARE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w-]+(\.[\w-]+)*)(:\d{1,5})?/?\Z")
_slots = threading.BoundedSemaphore(SLOTS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for: an address as pasted, and how to log in; given credentials win over those in it."""

    address: str
    username: str = ""
    password: str = field(default="", repr=False)
    transport: Transport = Transport.TCP

    def spec(self, url: str) -> StreamSpec:
        """A stream at this address, with the credentials."""
        return StreamSpec(
            url=url, username=self.username, password=Secret(self.password), transport=self.transport
        )


@dataclass(frozen=True, slots=True)
class Stream:
    """An address without credentials, and what was found there."""

    url: str
    probed: Probed


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: a main stream with a picture, or trouble.

    Attributes:
        name: a name for the camera, when one suggests itself.
        message: what is wrong, and what to do is `hint`; with a main stream, what was noticed on the way.
    """

    main: Stream | None = None
    sub: Stream | None = None
    name: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    trouble: Trouble | None = None
    message: str = ""
    hint: str = ""


def find_streams(wanted: Wanted) -> Finding:
    """Try it out.

    Raises:
        ConfigurationError: the text is no address, or too many tests run already.
    """
    text = wanted.address.strip()
    bare = _BARE.match(text) is not None
    plain = re.sub(r"^onvif(s?)://", r"http\1://", f"onvif://{text}" if bare else text)
    try:
        address = split_address(plain)
    except ValidationError as error:
        raise ConfigurationError(" ".join(error.messages)) from None
    wanted = _with_credentials(wanted, address)
    services = _services(address.url, is_onvif=bare or text.startswith("onvif"))
    with _slot():
        if services:
            return _by_device(wanted, urlsplit(address.url).hostname or "", services)
        return _by_address(wanted, address.url)


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=_WAIT_S):
        raise ConfigurationError(
            "Other cameras are being tried out already.", hint="Try again in a few seconds."
        )
    try:
        yield
    finally:
        _slots.release()


def _with_credentials(wanted: Wanted, address: Address) -> Wanted:
    return replace(
        wanted,
        username=wanted.username or address.username,
        password=wanted.password or address.password,
    )


def _services(url: str, *, is_onvif: bool) -> list[str]:
    """ONVIF services to ask, when the address names a device, or its web page, and not a stream."""
    parts = urlsplit(url)
    has_path = bool(parts.path.strip("/") or parts.query)
    if not is_onvif and (parts.scheme not in {"http", "https"} or has_path):
        return []
    if parts.port or has_path:
        return [f"{parts.scheme}://{parts.netloc}{parts.path if has_path else onvif.SERVICE}"]
    return onvif.services(parts.hostname or "")


def _by_device(wanted: Wanted, host: str, services: Sequence[str]) -> Finding:
    """Ask by ONVIF; where nobody speaks it, look at the paths that brands use."""
    answers = _ask_all(wanted, services)
    camera = next((one for one in answers if isinstance(one, onvif.OnvifCamera)), None)
    if camera is not None:
        return _by_profiles(wanted, camera)
    errors = [one for one in answers if isinstance(one, SourceError)]
    worst = min(errors, key=lambda error: _TELLING.index(error.trouble) if error.trouble in _TELLING else 99)
    if worst.trouble in {Trouble.UNAUTHORIZED, Trouble.FORBIDDEN_ADDRESS, Trouble.UNKNOWN_NAME}:
        return _failed(worst)
    guessed = _guess(wanted, host)
    return guessed if guessed is not None else _failed(worst)


_TELLING = (
    Trouble.UNAUTHORIZED,
    Trouble.FORBIDDEN_ADDRESS,
    Trouble.UNKNOWN_NAME,
    Trouble.REDIRECTED,
    Trouble.NOT_A_CAMERA,
    Trouble.SILENT,
    Trouble.REFUSED,
)
"""Which of several failures says most."""


def _ask_all(wanted: Wanted, services: Sequence[str]) -> list[onvif.OnvifCamera | SourceError]:
    def ask(service: str) -> onvif.OnvifCamera | SourceError:
        try:
            return onvif.ask_camera(service, wanted.username, wanted.password, limit_s=_ONVIF_S)
        except SourceError as error:
            return error

    with ThreadPoolExecutor(len(services), thread_name_prefix="onvif") as pool:
        return list(pool.map(ask, services))


def _by_profiles(wanted: Wanted, camera: onvif.OnvifCamera) -> Finding:
    main, *others = camera.profiles
    smaller = [one for one in others if 0 < one.width < main.width and one.encoding.upper() != "JPEG"]
    subs = sorted(smaller, key=lambda one: abs(one.width - _SUB_WIDTH))[:1]
    finding = _tried(wanted, main.url, [sub.url for sub in subs])
    return replace(finding, name=camera.name or finding.name)


def _by_address(wanted: Wanted, url: str) -> Finding:
    scheme = urlsplit(url).scheme
    if scheme not in {"rtsp", "rtsps", "http", "https"} and not url.startswith("scene:"):
        raise ConfigurationError(
            "Only network addresses can be tried out here.",
            hint="A file or device is opened when the camera is added.",
        )
    finding = _tried(wanted, url, paths.sub_urls(url))
    if finding.trouble is not Trouble.NOT_FOUND or scheme != "rtsp":
        return finding
    guessed = _guess(wanted, urlsplit(url).netloc)
    if guessed is None or guessed.main is None:
        return finding
    return replace(guessed, message=f"{finding.message} But {guessed.main.url} gives a picture.")


def _guess(wanted: Wanted, place: str) -> Finding | None:
    """The first path of a known brand that gives a picture; a login that is refused is not tried again."""
    urls = paths.main_urls(place)
    first = probe_streams([wanted.spec(urls[0])], _GUESS_S)[0]
    if first.trouble in {Trouble.REFUSED, Trouble.UNREACHABLE, Trouble.SILENT}:
        return None
    if first.trouble is Trouble.UNAUTHORIZED:
        return Finding(trouble=first.trouble, message=first.message, hint=first.hint)
    probes = [first, *probe_streams([wanted.spec(url) for url in urls[1:]], _GUESS_S)]
    good = next((url for url, probed in zip(urls, probes, strict=True) if not probed.trouble), None)
    return _tried(wanted, good, paths.sub_urls(good)) if good else None


def _tried(wanted: Wanted, url: str, subs: Sequence[str]) -> Finding:
    main, *others = probe_streams([wanted.spec(one) for one in (url, *subs)], _STREAM_S)
    if main.trouble:
        return Finding(trouble=main.trouble, message=main.message, hint=_hint(wanted, main))
    smaller = [
        Stream(sub, probed)
        for sub, probed in zip(subs, others, strict=True)
        if not probed.trouble and probed.width < main.width
    ]
    return Finding(
        main=Stream(url, main),
        sub=smaller[0] if smaller else None,
        name=_name(url),
        username=wanted.username,
        password=wanted.password,
    )


def _hint(wanted: Wanted, probed: Probed) -> str:
    if probed.trouble is Trouble.UNAUTHORIZED and not wanted.username:
        return "It wants a user name and a password. Give them and test again."
    return probed.hint


def _failed(error: SourceError) -> Finding:
    return Finding(trouble=error.trouble, message=str(error.args[0]), hint=error.hint)


def _name(url: str) -> str:
    if url.startswith("scene:"):
        return url.removeprefix("scene:").partition("?")[0].capitalize() or "Scene"
    host = urlsplit(url).hostname or ""
    named = paths.brand_of(url)
    if named or not re.search(r"[a-z]", host) or ":" in host:
        return named or "Camera"
    return host[:100]
