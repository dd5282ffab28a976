"""Camera addresses as people paste them: credentials are taken out before anything is stored or shown."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, unquote_plus, urlsplit

from django.core.exceptions import ValidationError

from vedette.net.guard import is_forbidden
from vedette.server.cameras.limits import URL_LENGTH

NETWORK_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
LOCAL_SCHEMES = frozenset({"file", "v4l2", "scene"})

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//)?")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%a-z]+\]|[\w.-]+)(:\d{1,5})?(?=[/?#]|\Z)")
_QUERY_SECRET = re.compile(
    r"([?&])(user|usr|username|loginuse|password|pwd|pass|passwd|loginpas)=([^&#]*)", re.IGNORECASE
)
_USER_KEYS = frozenset({"user", "usr", "username", "loginuse"})


@dataclass(frozen=True, slots=True)
class Address:
    """An address without credentials, and the credentials that were in it.

    Credentials in the query become the placeholders `{username}` and `{password}`
    (`StreamSpec.filled_url` puts them back when the stream is opened).
    """

    url: str
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Address({self.url!r})"


def split_address(text: str) -> Address:
    """Check an address and take its credentials out.

    A path becomes absolute. The password may contain any character, encoded or not.

    Raises:
        ValidationError: it is no address that Vedette can open; the message never repeats credentials.
    """
    text = text.strip()
    if not text or len(text) > URL_LENGTH or any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise ValidationError(f"An address has 1 to {URL_LENGTH} characters and no control characters.")
    match = _SCHEME.match(text)
    scheme = match[1].lower() if match else ""
    if scheme in NETWORK_SCHEMES:
        return _network(scheme, text[match.end() :] if match and match[2] else "")
    if scheme in LOCAL_SCHEMES:
        return Address(text)
    if scheme and "://" in text:
        known = ", ".join(sorted(NETWORK_SCHEMES | LOCAL_SCHEMES))
        raise ValidationError(
            f"Addresses beginning with {scheme}:// are not known. Known: {known}, or a path."
        )
    return Address(str(Path(text).expanduser().absolute()))


def without_secrets(text: str) -> str:
    """What somebody pasted, for logs: its address without credentials, or nothing when it is none."""
    try:
        return split_address(text).url
    except ValidationError:
        return ""


def _network(scheme: str, rest: str) -> Address:
    userinfo, location = _split_userinfo(rest)
    if not _HOST.match(location):
        raise ValidationError("The address names no host. Example: rtsp://192.168.1.20:554/stream1")
    try:
        parts = urlsplit(f"{scheme}://{location}")
        parts.port  # noqa: B018  raises when out of range
    except ValueError:
        raise ValidationError("The address has a port that does not exist.") from None
    if is_forbidden(parts.hostname or ""):
        raise ValidationError("No camera is asked at link-local, multicast or unspecified addresses.")
    username, _, password = userinfo.partition(":")
    return _take_query(Address(f"{scheme}://{location}", unquote(username), unquote(password)))


def _split_userinfo(rest: str) -> tuple[str, str]:
    """Everything before the last `@` that a host follows is credentials, unless a host stands first."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        userinfo, _, host = authority.rpartition("@")
        return userinfo, host + rest[len(authority) :]
    if _HOST.match(rest) or "@" not in rest:
        return "", rest
    # A raw `/`, `?` or `#` in the password: what precedes it is no host with a port.
    ends = [at for at, char in enumerate(rest) if char == "@" and _HOST.match(rest, at + 1)]
    return (rest[: ends[0]], rest[ends[0] + 1 :]) if ends else ("", rest)


def _take_query(address: Address) -> Address:
    found = {"username": address.username, "password": address.password}

    def replace(match: re.Match[str]) -> str:
        name = "username" if match[2].lower() in _USER_KEYS else "password"
        value = unquote_plus(match[3])
        if value not in {"", "{" + name + "}"}:
            found[name] = value
        return f"{match[1]}{match[2]}={{{name}}}"

    url = _QUERY_SECRET.sub(replace, address.url)
    return Address(url, found["username"], found["password"])
