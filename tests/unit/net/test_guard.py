"""Where the server connects to on somebody's behalf."""

import asyncio
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from vedette.domain.errors import ConfigurationError
from vedette.net.guard import AsyncGuardedTransport, ForbiddenAddressError, GuardedTransport, allowed, resolve
from vedette.testing.certificate import self_signed


class Hooks(BaseHTTPRequestHandler):
    """Answers with the Host header that was sent; `/away` leads to the metadata service."""

    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
        self.end_headers()
        self.wfile.write(self.headers["Host"].encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def hooks(context: ssl.SSLContext | None = None) -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Hooks) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "100.100.100.200", "168.63.129.16",
     "fd00:ec2::254", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255"],
)  # fmt: skip
def test_metadata_and_odd_addresses_are_refused(address: str) -> None:
    """However they are written: by themselves, and inside an IPv6 address."""
    assert not allowed(ipaddress.ip_address(address))
    with pytest.raises(ForbiddenAddressError):
        resolve(address)


@pytest.mark.parametrize("text", ["2852039166", "0xa9fea9fe", "169.254.43518"])
def test_odd_spellings_are_refused(text: str) -> None:
    """The system takes numbers for addresses; what they resolve to counts."""
    with pytest.raises(ConfigurationError):
        resolve(text)


@pytest.mark.parametrize("address", ["192.168.1.20", "10.0.0.1", "127.0.0.1", "fd12::1", "93.184.216.34"])
def test_cameras_may_be_asked(address: str) -> None:
    """Private addresses are where cameras live."""
    assert resolve(address) == address


def test_a_missing_host_is_explained() -> None:
    """One sentence, no traceback of the resolver."""
    with pytest.raises(ConfigurationError, match=r"no host nowhere\.invalid"):
        resolve("nowhere.invalid")


def test_a_request_keeps_its_name_and_redirects_are_checked() -> None:
    """The server sees the host that was asked for; a redirect to the metadata service is refused."""
    with hooks() as port, httpx.Client(transport=GuardedTransport(), follow_redirects=True) as client:
        assert client.get(f"http://localhost:{port}/").text == f"localhost:{port}"
        with pytest.raises(ForbiddenAddressError):
            client.get(f"http://localhost:{port}/away")


def test_certificates_are_checked_for_the_name(tmp_path: Path) -> None:
    """The connection goes to the address, the certificate must be that of the name."""
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with hooks(context) as port, httpx.Client(transport=GuardedTransport(verify=trusting)) as client:
        assert client.get(f"https://localhost:{port}/").status_code == 200


def test_the_asynchronous_transport_does_the_same() -> None:
    """One answer, one refusal."""

    async def ask(url: str) -> int:
        async with httpx.AsyncClient(transport=AsyncGuardedTransport()) as client:
            return (await client.get(url)).status_code

    with hooks() as port:
        assert asyncio.run(ask(f"http://localhost:{port}/")) == 200
    with pytest.raises(ForbiddenAddressError):
        asyncio.run(ask("http://169.254.169.254/"))
