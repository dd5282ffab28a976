"""Under which names the server answers: a foreign name in a request is DNS rebinding."""

import ipaddress
import socket
from urllib.parse import urlsplit

import psutil

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_WILDCARDS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  compared, not bound


def allowed_hosts(host: str, configured: tuple[str, ...], public_url: str = "") -> list[str]:
    """Loopback, what is configured, and where the server listens (on all addresses: every one it has)."""
    known = [
        *LOOPBACK,
        *configured,
        *([_bracketed(urlsplit(public_url).hostname or "")] if public_url else []),
    ]
    if host not in _WILDCARDS:
        return [*known, _bracketed(host)]
    return [*known, *_own_addresses(), socket.gethostname(), f"{socket.gethostname()}.local"]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _own_addresses() -> list[str]:
    families = {socket.AF_INET, socket.AF_INET6}
    found = [
        a.address for addresses in psutil.net_if_addrs().values() for a in addresses if a.family in families
    ]
    return [_bracketed(address.partition("%")[0]) for address in found]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
