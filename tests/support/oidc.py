"""A small OpenID Connect provider on a real socket (OpenID Connect Core 1.0, code flow with PKCE, RS256).

It asks nobody for a password: whoever comes is `provider.person`.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT_ID, CLIENT_SECRET = "vedette", "s3cret of the client"


@dataclass
class Provider:
    """The provider.

    Attributes:
        person: claims of whoever comes; None: they are turned away.
        issuer_in_tokens: what ID tokens say; another one than the issuer's is a forgery.
        asked: requests so far, by path.
    """

    port: int = 0
    person: dict[str, Any] | None = None
    issuer_in_tokens: str = ""
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def issuer(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def discovery(self) -> dict[str, Any]:
        """What clients read first."""
        paths = {name: f"{self.issuer}/{name}" for name in ("authorize", "token", "userinfo", "jwks")}
        return {
            "issuer": self.issuer,
            "authorization_endpoint": paths["authorize"],
            "token_endpoint": paths["token"],
            "userinfo_endpoint": paths["userinfo"],
            "jwks_uri": paths["jwks"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes from here: back, with a code or an error."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert "openid" in query["scope"].split()
        assert query["code_challenge_method"] == "S256"
        back = {"state": query["state"]}
        if self.person is None:
            return f"{query['redirect_uri']}?{urlencode(back | {'error': 'access_denied'})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode(back | {'code': code})}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Tokens for a code: once, to whom it was given, who can prove it."""
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or proof != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        claims = dict(self.person or {})
        access = secrets.token_urlsafe(16)
        self.tokens[access] = claims
        now = int(time.time())
        content = claims | {"iss": self.issuer_in_tokens or self.issuer, "aud": CLIENT_ID}
        content |= {"iat": now, "exp": now + 60}
        id_token = jwt.encode(content, self.key, algorithm="RS256", headers={"kid": "1"})
        return 200, {"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": id_token}

    def jwks(self) -> dict[str, Any]:
        """The public key."""
        return {
            "keys": [RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True) | {"kid": "1", "use": "sig"}]
        }


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif parts.path == "/userinfo":
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                known = provider.tokens.get(token)
                self._answer(200 if known else 401, known or {"error": "invalid_token"})
            elif parts.path == "/jwks":
                self._answer(200, provider.jwks())
            elif parts.path == "/.well-known/openid-configuration":
                self._answer(200, provider.discovery())
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            self._answer(*provider.token(form))

        def _answer(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler


@contextmanager
def open_provider() -> Iterator[Provider]:
    """A provider that runs while the block does."""
    provider = Provider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
