"""The fields of each kind of channel, as a form asks for them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vedette.server.alerts.models import Channel


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes:
        kind: text, number, secret, choice, switch, lines or pem.
        choices: value and word.
        stored: of a secret: one is stored.
    """

    name: str
    label: str
    kind: str = "text"
    help: str = ""
    value: Any = ""
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    stored: bool = False


_AUTHORITY = Field(
    "authority",
    "Certificate authority",
    "pem",
    "Only for a server with a certificate of its own: paste it as PEM.",
)
_SECURITY = (
    ("starttls", "STARTTLS (port 587)"),
    ("tls", "TLS (port 465)"),
    ("none", "None: only on your own network"),
)
_PICTURES = (("link", "As a link"), ("attach", "Attached (multipart)"), ("none", "None"))

FIELDS: dict[str, tuple[Field, ...]] = {
    "mail": (
        Field("host", "Mail server", help="The SMTP server of your provider.", required=True),
        Field("port", "Port", "number", value=587, required=True),
        Field("security", "Encryption", "choice", value="starttls", choices=_SECURITY),
        Field("username", "User name"),
        Field("password", "Password", "secret"),
        Field("sender", "From", help="The address that mails come from.", required=True),
        Field("recipients", "To", "lines", "One address a line.", required=True),
        _AUTHORITY,
    ),
    "webhook": (
        Field(
            "url", "Address", "secret", "https://… It is kept encrypted: many hold a token.", required=True
        ),
        Field(
            "secret",
            "Signing secret",
            "secret",
            "Base64; `openssl rand -base64 32` makes one. Empty: unsigned.",
        ),
        Field("authorization", "Authorization header", "secret", "Such as: Bearer …"),
        Field("picture", "Picture", "choice", value="link", choices=_PICTURES),
        _AUTHORITY,
    ),
    "telegram": (
        Field("token", "Token of the bot", "secret", "@BotFather gives it to you.", required=True),
        Field(
            "chat",
            "Chat",
            help="Its number; @userinfobot tells yours. Write to your bot once first.",
            required=True,
        ),
        Field("api", "Address of the Bot API", value="https://api.telegram.org", required=True),
        _AUTHORITY,
    ),
    "mqtt": (
        Field("host", "Broker", required=True),
        Field("port", "Port", "number", value=8883, required=True),
        Field("tls", "Encrypt with TLS", "switch", value=True),
        Field("username", "User name"),
        Field("password", "Password", "secret"),
        Field("topic", "Topic", value="vedette/alerts", required=True),
        Field("picture", "Publish the picture to TOPIC/picture", "switch"),
        _AUTHORITY,
    ),
    "push": (),
}


def fields_of(channel: Channel, stored: Mapping[str, str], typed: Mapping[str, str]) -> list[Field]:
    """The fields with what is set, or was typed a moment ago; secrets are never among it."""
    return [_filled(field, channel, stored, typed) for field in FIELDS[channel.kind]]


def _filled(field: Field, channel: Channel, stored: Mapping[str, str], typed: Mapping[str, str]) -> Field:
    if field.kind == "secret":
        return replace(field, stored=field.name in stored)
    value = typed.get(field.name, "") if typed else channel.config.get(field.name, field.value)
    return replace(field, value="\n".join(value) if isinstance(value, list) else value)


def read_fields(kind: str, sent: Mapping[str, str]) -> dict[str, Any]:
    """What was filled in, as the settings of the kind; secrets that are empty stay as they are."""
    values: dict[str, Any] = {}
    for field in FIELDS[kind]:
        text = sent.get(field.name, "").strip()
        if field.kind == "switch":
            values[field.name] = field.name in sent
        elif field.kind == "lines":
            values[field.name] = [
                line.strip() for line in text.replace(",", "\n").splitlines() if line.strip()
            ]
        elif field.kind == "secret" and (not text or sent.get(f"forget_{field.name}") == "on"):
            values |= {field.name: ""} if sent.get(f"forget_{field.name}") == "on" else {}
        else:
            values[field.name] = text
    return values
