"""Real servers that alerts are sent to: HTTP(S), a web push service, SMTP, each on a loopback port."""

import base64
import json
import os
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import http_ece
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass
class Request:
    """What arrived, and when (monotonic seconds)."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float

    def json(self) -> dict[str, Any]:
        """The body as JSON."""
        found: dict[str, Any] = json.loads(self.body)
        return found


Answer = tuple[int, dict[str, str], bytes]


class Receiver:
    """An HTTP server that keeps what it is sent; `answers` says what to answer, `hold` lets it hang.

    with Receiver() as hook:
        hook.url("/here"), hook.requests
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.answers: Callable[[Request], Answer] = lambda _: (200, {}, b"ok")
        self.hold = threading.Event()
        self.arrived = threading.Event()
        self._ended = threading.Event()
        handler = type("Handler", (_Handler,), {"receiver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._scheme = "https" if context else "http"
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.hold.clear()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def origin(self) -> str:
        """Its address."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def url(self, path: str = "/hook") -> str:
        """The address of a path."""
        return self.origin + path

    def take(self, request: Request) -> Answer:
        """Keep it; hang while told to."""
        self.requests.append(request)
        self.arrived.set()
        while self.hold.is_set() and not self._ended.wait(0.01):
            pass
        return self.answers(request)


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class says so
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        got = Request(self.command, self.path, dict(self.headers.items()), body, time.monotonic())
        status, headers, data = self.receiver.take(got)
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True


class Browser:
    """What a browser has: keys of its own, and a subscription at a push service."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)

    def subscription(self) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` gives it."""
        point = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "keys": {"p256dh": _text(point), "auth": _text(self._auth)}}

    def read(self, request: Request) -> dict[str, Any]:
        """Decrypt what the push service handed on (RFC 8291)."""
        plain = http_ece.decrypt(
            request.body, private_key=self._private, auth_secret=self._auth, version="aes128gcm"
        )
        found: dict[str, Any] = json.loads(plain)
        return found


def vapid_claims(request: Request) -> tuple[dict[str, Any], str]:
    """The claims of a push whose signature holds (RFC 8292), and the key that signed it."""
    scheme, _, rest = request.headers["Authorization"].partition(" ")
    parts = dict(part.split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    point = _bytes(parts["k"])
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    signed, _, signature = parts["t"].rpartition(".")
    _check(key, signed, signature)
    claims: dict[str, Any] = json.loads(_bytes(signed.partition(".")[2]))
    return claims, parts["k"]


def _check(key: ec.EllipticCurvePublicKey, signed: str, signature: str) -> None:
    raw = _bytes(signature)
    half = len(raw) // 2
    numbers = (int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
    key.verify(encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(hashes.SHA256()))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class MailServer:
    """A real SMTP server (aiosmtpd) that keeps mails; it can want encryption and a password.

    with MailServer(context=..., password="secret") as server:
        server.mails
    """

    context: ssl.SSLContext | None = None
    tls: bool = False
    password: str = ""
    refuse: str = ""
    mails: list[Envelope] = field(default_factory=list)

    def __enter__(self) -> Self:
        options: dict[str, Any] = {"hostname": "127.0.0.1", "port": 0}
        if self.context is not None and self.tls:
            options["ssl_context"] = self.context
        elif self.context is not None:
            options |= {"tls_context": self.context, "require_starttls": True}
        if self.password:
            options |= {"authenticator": self._authenticate, "auth_required": not self.tls}
            options["auth_require_tls"] = not self.tls
        self._controller = _AnyPort(self, **options)
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._controller.server is not None
        return int(self._controller.server.sockets[0].getsockname()[1])

    def _authenticate(
        self, _server: Any, _session: Session, _envelope: Envelope, _how: str, data: Any
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == self.password.encode()
        return AuthResult(success=right, handled=False)

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:
        """Take a mail, or refuse it."""
        if self.refuse:
            return self.refuse
        self.mails.append(envelope)
        return "250 taken"


class _AnyPort(Controller):
    def _trigger_server(self) -> None:
        """The base class asks its own port for a greeting; only the system knows which it is."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
