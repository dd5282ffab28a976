"""Web push: to a browser by its push service (RFC 8030), encrypted (RFC 8291), signed (VAPID, RFC 8292)."""

import base64
import binascii
import json
import time
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from py_vapid import Vapid02
from pydantic import AfterValidator, Field, SecretStr

from vedette.server.alerts.channels.base import Config, Line, Message, SendError, Sent
from vedette.server.alerts.channels.http import client, post
from vedette.server.alerts.channels.tls import Authority
from vedette.server.secrets import key_file

SERVICES = (
    "fcm.googleapis.com",
    "android.googleapis.com",
    "updates.push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
    "push.microsoft.com",
)
"""Push services of the browsers: what a browser asks to be told by must be one of these, or below it."""

_TTL_S = 6 * 3600
_SIGNED_S = 12 * 3600
_MOST_BYTES = 3800
"""Services take 4096 bytes, encryption included."""


def _base64url(text: str, length: int) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise ValueError("this is not what a browser gives") from None
    if len(data) != length:
        raise ValueError("this is not what a browser gives")
    return data


def _public_key(text: str) -> str:
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _base64url(text, 65))
    return text


def _authentication(secret: SecretStr) -> SecretStr:
    _base64url(secret.get_secret_value(), 16)
    return secret


def _endpoint(url: SecretStr) -> SecretStr:
    if not trusted(url.get_secret_value()):
        raise ValueError("this is not a push service that is known here; see push_services in the settings")
    return url


def trusted(url: str) -> bool:
    """Whether the address is one of a push service: nobody makes the server ask anything else."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    more = tuple(getattr(settings.VEDETTE, "push_services", ()))
    if f"{parts.scheme}://{parts.netloc}" in more:
        return True
    known = any(host == service or host.endswith(f".{service}") for service in (*SERVICES, *more))
    return parts.scheme == "https" and parts.port in {None, 443} and not parts.username and known


class PushConfig(Config):
    """A browser's subscription.

    Attributes:
        endpoint: whoever has it could send to the browser: only written.
        key, authentication: of the browser (`p256dh` and `auth`).
    """

    endpoint: Annotated[SecretStr, Field(max_length=2048), AfterValidator(_endpoint)]
    key: Annotated[Line, AfterValidator(_public_key)]
    authentication: Annotated[SecretStr, Field(max_length=64), AfterValidator(_authentication)]
    browser: Annotated[Line, Field(max_length=120)] = ""
    authority: Authority = ""


class PushSender:
    """Sends to one browser; a newer message of the same notification takes the place of the one before."""

    def __init__(self, config: PushConfig) -> None:
        self._config = config
        self._client = client(config.authority)

    def send(self, message: Message, handle: str) -> Sent:
        """Encrypt, sign, and hand to the push service."""
        url = self._config.endpoint.get_secret_value()
        headers = {
            "TTL": str(_TTL_S),
            "Urgency": "high" if message.urgent or message.revision == 1 else "normal",
            "Topic": base64.urlsafe_b64encode(bytes.fromhex(message.id.replace("-", "")))
            .decode()
            .rstrip("="),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            **vapid_headers(url),
        }
        try:
            answer = post(
                self._client, url, headers=headers, content=self._encrypted(message, again=bool(handle))
            )
        except SendError as error:
            if "answered 404" in str(error) or "answered 410" in str(error):
                raise SendError("This browser is not connected any more.", gone=True) from None
            raise
        return Sent(answer.words, "pushed")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _encrypted(self, message: Message, *, again: bool) -> bytes:
        return http_ece.encrypt(  # type: ignore[no-any-return]
            payload(message, again=again),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=_base64url(self._config.key, 65),
            auth_secret=_base64url(self._config.authentication.get_secret_value(), 16),
            version="aes128gcm",
        )


def payload(message: Message, *, again: bool) -> bytes:
    """What the service worker (`push-worker.js`) shows; cut until it fits."""
    shown: dict[str, Any] = {
        "title": message.title,
        "body": message.text,
        "tag": message.id,
        "revision": message.revision,
        "again": again,
        "urgent": message.urgent,
        "url": message.path,
        "picture": message.picture_path,
        "snooze": message.snooze_path,
    }
    data = json.dumps(shown, ensure_ascii=False).encode()
    while len(data) > _MOST_BYTES and shown["body"]:
        shown["body"] = shown["body"][: len(shown["body"]) // 2]
        data = json.dumps(shown, ensure_ascii=False).encode()
    return data


def vapid_headers(url: str) -> dict[str, str]:
    """Who sends: signed with the key that the browser was given."""
    parts = urlsplit(url)
    contact = getattr(settings.VEDETTE, "public_url", "") or "https://vedette.invalid"
    contact = contact if contact.startswith("https://") else "mailto:nobody@vedette.invalid"
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(time.time()) + _SIGNED_S, "sub": contact}
    return dict(_vapid().sign(claims))


def application_key() -> str:
    """The server's public key, as browsers want it (`applicationServerKey`)."""
    point = _vapid().public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


@cache
def _vapid() -> Vapid02:
    return Vapid02.from_string(key_file(settings.HOME.secrets, "vapid.key", _new_key))


def _new_key() -> str:
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")
