"""TLS, slow clients and too many connections, on a real server process."""

import datetime as dt
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from tests.integration.server.conftest import ServerProcess
from tests.support.processes import PATIENCE_S, wait_until
from vedette.domain.errors import ConfigurationError
from vedette.server.edge.certificate import Renewal, tls_context
from vedette.testing.certificate import self_signed

Start = Callable[..., int]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost, and its key."""
    return self_signed(tmp_path)


@pytest.fixture
def start(server_home: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start the server with more settings; returns the port."""

    def run(*arguments: object, **variables: str) -> int:
        server_home.start(*arguments, **variables)
        return server_home.port

    yield run
    server_home.kill()


def test_https_with_a_given_certificate(
    start: Start, server_home: ServerProcess, certificate: tuple[Path, Path]
) -> None:
    """TLS 1.2 at least; cookies are secure and browsers are told to insist, both without being asked."""
    port = start("--tls-cert", certificate[0], "--tls-key", certificate[1])
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    with httpx.Client(base_url=f"https://localhost:{port}", verify=trust, timeout=PATIENCE_S) as browser:
        answer = browser.get("/login")
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"] == "max-age=15552000"
        assert {"Secure", "SameSite=Lax"} <= set(answer.headers["set-cookie"].split("; "))
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://localhost:{port}/login", timeout=PATIENCE_S)
    assert tls_context(*certificate).minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_renewed_certificate_is_taken_over(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """New connections get it; one that does not fit its key is left, and the old one goes on."""
    context = tls_context(*certificate)
    renewal = Renewal(context, *certificate)
    assert not renewal.check()
    first = served(context)
    certificate[0].write_bytes(certificate[0].read_bytes()[:100])
    assert not renewal.check()
    assert served(context) == first
    self_signed(tmp_path)
    assert renewal.check()
    assert served(context) != first


def served(context: ssl.SSLContext) -> int:
    """The serial number of the certificate that a client gets."""
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
    server = context.wrap_bio(ours, theirs, server_side=True)
    client = anyone.wrap_bio(theirs, ours)
    for _ in range(3):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    found = client.getpeercert(binary_form=True)
    assert found is not None
    parsed = x509.load_der_x509_certificate(found)
    assert parsed.not_valid_after_utc > dt.datetime.now(dt.UTC)
    return parsed.serial_number


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [("gone.pem", "key.pem", r"gone\.pem cannot be read"), ("key.pem", "key.pem", "no certificate")],
)
def test_a_certificate_that_cannot_be_used_is_explained(
    tmp_path: Path, certificate: tuple[Path, Path], cert: str, key: str, words: str
) -> None:
    """Before anything starts."""
    with pytest.raises(ConfigurationError, match=words):
        tls_context(tmp_path / cert, tmp_path / key)


def test_a_key_without_its_certificate_is_refused(tmp_path: Path) -> None:
    """`vedette.server --tls-key` alone ends with status 2 and words."""
    command = [sys.executable, "-m", "vedette.server", "--home", tmp_path, "--tls-key", "key.pem"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 2
    assert "tls_cert and tls_key belong together" in done.stderr


def test_connections_of_one_address_are_bounded(start: Start) -> None:
    """The fifth is told so and closed; when one leaves, another may come."""
    port = start(VEDETTE_LIMITS__CONNECTIONS_PER_CLIENT="4")
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
    wait_until(lambda: b"Too many connections" in first_words(port))
    held.pop().close()
    wait_until(lambda: first_words(port).startswith(b"HTTP/1.1 302"))
    for connection in held:
        connection.close()


def first_words(port: int) -> bytes:
    """What the server says to a simple request."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except ConnectionError:
            return b""


def test_large_requests_are_refused_over_the_wire(start: Start) -> None:
    """Address, headers, announced and unannounced bodies; and the server goes on answering."""
    port = start(VEDETTE_LIMITS__BODY_BYTES="2048")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
        assert client.get("/login?" + "x" * 9000).status_code == 414
        assert client.get("/login", headers={"Cookie": "x" * 20000}).status_code == 431
        assert client.post("/login", content=b"x" * 4096).status_code == 413
        assert client.post("/login", content=iter([b"x" * 1500] * 2)).status_code == 413
        assert client.get("/login").status_code == 200


def test_silent_clients_are_sent_away(start: Start) -> None:
    """Neither silence nor headers that never end hold a connection for long (slowloris)."""
    port = start(program="tests.integration.server.impatient")
    for beginning in (b"", b"GET / HTTP/1.1\r\nHost: loc"):
        with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
            connection.sendall(beginning)
            assert connection.recv(1) == b""
