"""The kinds of channels: one module each, one line here each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vedette.domain.errors import ConfigurationError
from vedette.server.alerts.channels.base import Config, Sender
from vedette.server.alerts.channels.mail import MailConfig, MailSender
from vedette.server.alerts.channels.mqtt import MqttConfig, MqttSender
from vedette.server.alerts.channels.push import PushConfig, PushSender
from vedette.server.alerts.channels.telegram import TelegramConfig, TelegramSender
from vedette.server.alerts.channels.webhook import WebhookConfig, WebhookSender


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of channel.

    Attributes:
        word: for people, after "by" or "to".
        replaces: whether an update takes the place of what was sent; else only the first is sent.
    """

    word: str
    config: type[Config]
    make: Callable[[Any], Sender]
    replaces: bool = True


KINDS: dict[str, Kind] = {
    "push": Kind("Browser", PushConfig, PushSender),
    "mail": Kind("Mail", MailConfig, MailSender, replaces=False),
    "webhook": Kind("Webhook", WebhookConfig, WebhookSender),
    "telegram": Kind("Telegram", TelegramConfig, TelegramSender),
    "mqtt": Kind("MQTT", MqttConfig, MqttSender),
}


def kind_of(name: str) -> Kind:
    """The kind of this name.

    Raises:
        ConfigurationError: there is none.
    """
    if name not in KINDS:
        raise ConfigurationError(
            f"There is no kind of channel {name[:32]!r}.", hint=f"Kinds: {', '.join(KINDS)}."
        )
    return KINDS[name]


def replaces(name: str) -> bool:
    """Whether channels of this kind can change what they have said."""
    return name in KINDS and KINDS[name].replaces
