"""MQTT 5: JSON to a topic, QoS 1, over one connection that is kept (extra `mqtt`)."""

import json
import threading
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from vedette.domain.errors import ConfigurationError
from vedette.net.guard import resolve
from vedette.server.alerts.channels.base import TIMEOUT_S, Config, Line, Message, Secret, SendError, Sent
from vedette.server.alerts.channels.http import plain
from vedette.server.alerts.channels.tls import Authority, client_context

if TYPE_CHECKING:
    from paho.mqtt.client import Client

_KEEPALIVE_S = 15
_ROOM_BYTES = 512
"""What a packet holds besides topic and payload, generously."""


def _topic(text: str) -> str:
    if any(character in text for character in "#+") or text.startswith(("/", "$")) or text.endswith("/"):
        raise ValueError("a topic looks like vedette/alerts, without # and +")
    return text


class MqttConfig(Config):
    """A broker and a topic; the picture, if wanted, goes to TOPIC/picture as JPEG."""

    host: Annotated[Line, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    tls: bool = True
    username: Line = ""
    password: Secret = SecretStr("")
    topic: Annotated[Line, Field(min_length=1), AfterValidator(_topic)] = "vedette/alerts"
    picture: bool = False
    authority: Authority = ""


class MqttSender:
    """Publishes and waits for the broker's acknowledgement."""

    def __init__(self, config: MqttConfig) -> None:
        self._config = config
        self._client: Client | None = None
        self._most_bytes = 0
        self._connected = threading.Event()
        self._refusal = ""

    def send(self, message: Message, handle: str) -> Sent:  # noqa: ARG002
        """Publish; readers know a repeated one by `delivery` and `revision`."""
        client = self._ready()
        if self._config.picture and message.picture:
            self._publish(client, f"{self._config.topic}/picture", message.picture)
        self._publish(client, self._config.topic, json.dumps(message.payload()).encode())
        return Sent("Acknowledged by the broker")

    def close(self) -> None:
        """Say goodbye, so that the broker knows."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client, self._refusal = None, ""
            self._connected.clear()

    def _ready(self) -> "Client":
        if self._client is None:
            self._client = self._start()
        if not self._connected.wait(TIMEOUT_S) or self._refusal:
            reason = self._refusal or f"no answer within {TIMEOUT_S:g} s"
            self.close()
            raise SendError(f"No connection to {self._config.host}:{self._config.port}: {reason}.")
        return self._client

    def _start(self) -> "Client":
        config = self._config
        client = new_client()
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        if config.username:
            client.username_pw_set(config.username, config.password.get_secret_value())
        if config.tls:
            client.tls_set_context(client_context(config.authority))
        try:
            resolve(config.host, config.port)
            client.connect(config.host, config.port, keepalive=_KEEPALIVE_S)
        except (OSError, ConfigurationError) as error:
            raise SendError(f"No connection to {config.host}:{config.port}: {plain(str(error))}") from None
        client.loop_start()
        return client

    def _publish(self, client: "Client", topic: str, data: bytes) -> None:
        if self._most_bytes and len(data) + len(topic) + _ROOM_BYTES > self._most_bytes:
            # The broker would hang up, and the client send it again for ever.
            raise SendError(f"The broker takes at most {self._most_bytes} bytes.", permanent=True)
        handed = client.publish(topic, data, qos=1)
        try:
            handed.wait_for_publish(TIMEOUT_S)
        except (RuntimeError, ValueError) as error:
            raise SendError(f"Not published: {error}") from None
        if not handed.is_published():
            self.close()  # else it would be sent once more when the connection is back
            raise SendError(f"The broker did not acknowledge within {TIMEOUT_S:g} s.")

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refusal = str(reason)
            self._connected.set()  # whoever waits need not wait for more
            return
        self._most_bytes = int(getattr(properties, "MaximumPacketSize", 0) or 0)
        self._connected.set()

    def _on_disconnect(self, *_: Any) -> None:
        self._connected.clear()


def new_client() -> "Client":
    """A client of version 5 that sends nothing again by itself.

    Raises:
        SendError: the extra is not installed.
    """
    try:
        from paho.mqtt import client as paho  # noqa: PLC0415  an extra
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415
    except ImportError:
        words = "MQTT needs the extra: pip install 'vedette[mqtt]'."
        raise SendError(words, permanent=True) from None
    made = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    made.connect_timeout = TIMEOUT_S
    return made
