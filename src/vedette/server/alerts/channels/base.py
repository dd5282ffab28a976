"""What every kind of channel has in common: a message in, an answer or a reason out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from vedette.domain.errors import VedetteError
from vedette.server.times import iso

TIMEOUT_S = 10.0
"""A channel that says nothing for so long has failed this time."""

MAX_PICTURE_BYTES = 5 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notification as it is sent.

    Attributes:
        id: of the notification; the same in every revision.
        delivery: of the delivery to this channel; the same in every try.
        revision: higher in an update, which replaces what was sent before.
        base: the server's public address; empty when it does not know it, then there are no links.
        path: where to look; `picture_path` and `snooze_path` work without a login and expire.
        picture: JPEG.
    """

    id: str
    delivery: str
    revision: int
    title: str
    text: str
    about: str
    opened: datetime
    last: datetime
    rule: str = ""
    camera: str = ""
    camera_name: str = ""
    labels: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    count: int = 1
    severity: str = ""
    urgent: bool = False
    base: str = ""
    path: str = ""
    picture_path: str = ""
    snooze_path: str = ""
    picture: bytes = b""

    @property
    def url(self) -> str:
        """Where to look, as a whole address."""
        return self._whole(self.path)

    @property
    def picture_url(self) -> str:
        """The picture, without a login."""
        return self._whole(self.picture_path)

    @property
    def snooze_url(self) -> str:
        """Where to be left alone for a while, without a login."""
        return self._whole(self.snooze_path)

    def _whole(self, path: str) -> str:
        return f"{self.base}{path}" if self.base and path else ""

    def payload(self) -> dict[str, Any]:
        """As JSON: what webhooks and MQTT get."""
        plain = (
            "id",
            "delivery",
            "revision",
            "title",
            "text",
            "about",
            "rule",
            "camera",
            "camera_name",
            "count",
        )
        found: dict[str, Any] = {name: getattr(self, name) for name in plain}
        found |= {"labels": list(self.labels), "events": list(self.events), "severity": self.severity}
        found |= {"urgent": self.urgent, "opened": iso(self.opened), "last": iso(self.last)}
        return found | {"url": self.url, "picture_url": self.picture_url, "snooze_url": self.snooze_url}


@dataclass(frozen=True, slots=True)
class Sent:
    """What the other side answered; `handle` is its name for the message."""

    answer: str
    handle: str = ""


class SendError(VedetteError):
    """The other side did not take the message.

    Attributes:
        permanent: trying again would not help.
        gone: the other side will never be there again (a browser that was disconnected).
        retry_after_s: what it asked for.
    """

    def __init__(
        self, reason: str, *, permanent: bool = False, gone: bool = False, retry_after_s: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.permanent = permanent or gone
        self.gone = gone
        self.retry_after_s = retry_after_s


class Sender(Protocol):
    """Sends to one channel; used by one thread, kept as long as the channel is not changed."""

    def send(self, message: Message, handle: str) -> Sent:
        """Send, or replace what has this handle.

        Raises:
            SendError: it was not taken.
        """

    def close(self) -> None:
        """Let go of connections."""


def without_breaks(text: str) -> str:
    """A text of one line; refused otherwise, since lines are what SMTP, HTTP and MQTT are made of."""
    if any(ord(character) < 32 for character in text):
        raise ValueError("control characters are not allowed")
    return text


Line = Annotated[str, Field(max_length=255), AfterValidator(without_breaks)]
Secret = Annotated[SecretStr, Field(max_length=4096)]


class Config(BaseModel):
    """Base of the settings of a kind; `SecretStr` fields are stored encrypted and never shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def secret_names(cls) -> frozenset[str]:
        """The fields that are secrets."""
        return frozenset(name for name, field in cls.model_fields.items() if field.annotation is SecretStr)

    def shown(self) -> dict[str, Any]:
        """What may be shown, as it is stored."""
        return self.model_dump(mode="json", exclude=set(self.secret_names()))

    def secrets(self) -> dict[str, str]:
        """What may not."""
        return {name: getattr(self, name).get_secret_value() for name in sorted(self.secret_names())}
