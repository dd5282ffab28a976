"""Webhooks: JSON, signed by the Standard Webhooks specification 1.0 (HMAC-SHA256)."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator

from vedette.server.alerts.channels.base import Config, Message, Secret, Sent
from vedette.server.alerts.channels.http import client, post
from vedette.server.alerts.channels.tls import Authority


def _web_address(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.fragment:
        raise ValueError("an address looks like https://example.org/hook")
    if parts.username or parts.password:
        raise ValueError("no user name or password in the address: send them by the authorization header")
    return url


class WebhookConfig(Config):
    """Where to, and what goes along.

    Attributes:
        url: an address of many services is itself a secret: it is only written.
        address: the part of it that may be shown, set by itself.
        secret: signs what is sent; base64, `whsec_` before it or not; empty: unsigned.
        authorization: value of that header, such as `Bearer ...`.
        picture: `link` in the JSON, the JPEG itself beside it (`attach`, multipart), or none.
    """

    url: Annotated[SecretStr, Field(min_length=8, max_length=2048), AfterValidator(_web_address)]
    secret: Secret = SecretStr("")
    authorization: Secret = SecretStr("")
    picture: Literal["link", "attach", "none"] = "link"
    authority: Authority = ""
    address: str = ""

    @field_validator("secret")
    @classmethod
    def _check_secret(cls, value: SecretStr) -> SecretStr:
        key_of(value.get_secret_value())
        return value

    @field_validator("authorization")
    @classmethod
    def _check_header(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().isprintable():
            raise ValueError("a header is one line")
        return value

    def shown(self) -> dict[str, object]:
        """With the part of the address that is no secret."""
        parts = urlsplit(self.url.get_secret_value())
        return super().shown() | {"address": f"{parts.scheme}://{parts.netloc}/…"}


def key_of(secret: str) -> bytes:
    """The key of a secret in the notation of Standard Webhooks.

    Raises:
        ValueError: it is not base64.
    """
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("a signing secret is base64, as `openssl rand -base64 32` makes it") from None


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class WebhookSender:
    """Posts to the configured address and nowhere else."""

    def __init__(self, config: WebhookConfig) -> None:
        self._config = config
        self._client = client(config.authority)

    def send(self, message: Message, handle: str) -> Sent:  # noqa: ARG002
        """Post; an update has the same id and a higher revision."""
        body = self._body(message)
        headers = self._headers(message, body)
        url = self._config.url.get_secret_value()
        if self._config.picture == "attach" and message.picture:
            files = {
                "payload": (None, body, "application/json"),
                "picture": ("picture.jpg", message.picture, "image/jpeg"),
            }
            answer = post(self._client, url, headers=headers, files=files)
        else:
            answer = post(
                self._client, url, headers=headers | {"Content-Type": "application/json"}, content=body
            )
        return Sent(answer.words)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _body(self, message: Message) -> bytes:
        payload = message.payload()
        if self._config.picture != "link":
            payload.pop("picture_url")
        return json.dumps(payload, ensure_ascii=False).encode()

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        timestamp, message_id = int(time.time()), f"{message.delivery}.{message.revision}"
        headers = {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "User-Agent": "Vedette"}
        if key := key_of(self._config.secret.get_secret_value()):
            headers["webhook-signature"] = signature(key, message_id, timestamp, body)
        if authorization := self._config.authorization.get_secret_value():
            headers["Authorization"] = authorization
        return headers
