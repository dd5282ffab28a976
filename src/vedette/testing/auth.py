"""The server's half of HTTP and RTSP authentication (RFC 7617 Basic, RFC 2617 Digest with MD5)."""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Literal

_PAIR = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets in who knows the credentials.

    Attributes:
        scheme: how the password travels.
    """

    username: str
    password: str
    scheme: Literal["basic", "digest"] = "digest"
    realm: str = "camera"
    nonce: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def challenge(self) -> str:
        """The value of `WWW-Authenticate`."""
        if self.scheme == "basic":
            return f'Basic realm="{self.realm}"'
        return f'Digest realm="{self.realm}", nonce="{self.nonce}", algorithm=MD5'

    def allows(self, method: str, authorization: str | None) -> bool:
        """Whether a request with this `Authorization` header may pass."""
        kind, _, rest = (authorization or "").partition(" ")
        if kind.lower() != self.scheme:
            return False
        return self._basic(rest) if self.scheme == "basic" else self._digest(method, rest)

    def _basic(self, token: str) -> bool:
        expected = base64.b64encode(f"{self.username}:{self.password}".encode())
        return hmac.compare_digest(token.strip().encode(), expected)

    def _digest(self, method: str, fields: str) -> bool:
        given = {name.lower(): quoted or plain for name, quoted, plain in _PAIR.findall(fields)}
        if given.get("nonce") != self.nonce:
            return False
        secret = _md5(f"{self.username}:{self.realm}:{self.password}")
        request = _md5(f"{method}:{given.get('uri', '')}")
        middle = [given[name] for name in ("nc", "cnonce", "qop") if name in given] if "qop" in given else []
        expected = _md5(":".join([secret, self.nonce, *middle, request]))
        return hmac.compare_digest(given.get("response", "").encode(), expected.encode())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
