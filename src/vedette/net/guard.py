"""Where the server may connect to on somebody's behalf: cameras that are tried out, webhooks, downloads.

Whoever may enter an address must not be able to make the server ask what only the server can reach: the
metadata services of clouds, which give credentials to whoever asks, and neighbours by link-local addresses.
Private addresses are allowed: cameras and home automation live there. A name is resolved once, every address
of it is checked, and the connection goes to the address that was checked: a name that changes its mind in
between (DNS rebinding) gains nothing.
"""

import asyncio
import ipaddress
import socket

import httpx

from vedette.domain.errors import ConfigurationError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16"))
)
"""Metadata services that have no link-local address: AWS, Google, Alibaba, Azure."""


class ForbiddenAddressError(ConfigurationError):
    """An address that the server does not connect to on anybody's behalf."""


def allowed(address: Address) -> bool:
    """Whether the server may connect there."""
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_loopback:  # ::1 counts as reserved
        return True
    odd = plain.is_link_local or plain.is_multicast or plain.is_unspecified or plain.is_reserved
    return not odd and plain not in METADATA


def is_forbidden(text: str) -> bool:
    """Whether a text is an IP address where the server may not connect; a name is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return not allowed(address)


def resolve(host: str, port: int = 0) -> str:
    """The address to connect to.

    Raises:
        ForbiddenAddressError: the host has an address that is not allowed.
        ConfigurationError: there is no such host.
    """
    try:
        found = socket.getaddrinfo(host.strip("[]"), port or None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ConfigurationError(
            f"There is no host {host}.", hint="Check its name, or give its address."
        ) from None
    addresses = [ipaddress.ip_address(str(entry[4][0])) for entry in found]
    if not all(map(allowed, addresses)):
        raise ForbiddenAddressError(
            f"{host} is at an address that Vedette does not connect to (link-local or of a cloud's metadata)."
        )
    return str(addresses[0])


class GuardedTransport(httpx.HTTPTransport):
    """For `httpx.Client(transport=...)`: connects to allowed addresses only, redirects included."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Resolve, check, and ask the address that was checked."""
        address = resolve(request.url.host, request.url.port or 0)
        return super().handle_request(_pinned(request, address))


class AsyncGuardedTransport(httpx.AsyncHTTPTransport):
    """The same for `httpx.AsyncClient`."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Resolve, check, and ask the address that was checked."""
        address = await asyncio.to_thread(resolve, request.url.host, request.url.port or 0)
        return await super().handle_async_request(_pinned(request, address))


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """The same request to the address; the `Host` header and the certificate are still those of the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
