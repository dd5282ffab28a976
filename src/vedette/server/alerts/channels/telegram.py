"""Telegram: the Bot API (core.telegram.org/bots/api), or a server of one's own that speaks it."""

import json
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from vedette.server.alerts.channels.base import Config, Line, Message, SendError, Sent
from vedette.server.alerts.channels.http import Answer, client, post
from vedette.server.alerts.channels.tls import Authority

_MOST_CAPTION = 1024
_MOST_TEXT = 4096


def _base(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.query:
        raise ValueError("an address looks like https://api.telegram.org")
    return address.rstrip("/")


def _token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if not text.replace(":", "").replace("-", "").replace("_", "").isalnum() or not text.isascii():
        raise ValueError("a token looks like 123456:ABC-DEF; @BotFather gives it")
    return token


class TelegramConfig(Config):
    """A bot and a chat.

    Attributes:
        chat: its number, or @name of a public channel.
        api: base address of the Bot API.
    """

    token: Annotated[SecretStr, Field(min_length=8, max_length=200), AfterValidator(_token)]
    chat: Annotated[Line, Field(min_length=1, max_length=64)]
    api: Annotated[Line, AfterValidator(_base)] = "https://api.telegram.org"
    authority: Authority = ""


class TelegramSender:
    """Sends a photo with a caption; an update edits it, silently."""

    def __init__(self, config: TelegramConfig) -> None:
        self._config = config
        self._client = client(config.authority)

    def send(self, message: Message, handle: str) -> Sent:
        """Send, or edit what was sent."""
        kind, _, number = handle.partition(":")
        if number:
            return self._edit(message, kind, number)
        return self._new(message)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _new(self, message: Message) -> Sent:
        common = {"chat_id": self._config.chat, "disable_notification": "false", **_buttons(message)}
        if message.picture:
            photo = {"photo": ("picture.jpg", message.picture, "image/jpeg")}
            answer = self._call("sendPhoto", common | {"caption": _text(message, _MOST_CAPTION)}, photo)
            return Sent("200 sent", f"photo:{_number(answer)}")
        answer = self._call("sendMessage", common | {"text": _text(message, _MOST_TEXT)})
        return Sent("200 sent", f"text:{_number(answer)}")

    def _edit(self, message: Message, kind: str, number: str) -> Sent:
        common = {"chat_id": self._config.chat, "message_id": number, **_buttons(message)}
        try:
            if kind == "photo":
                self._call("editMessageCaption", common | {"caption": _text(message, _MOST_CAPTION)})
            else:
                self._call("editMessageText", common | {"text": _text(message, _MOST_TEXT)})
        except SendError as error:
            if "not modified" not in str(error):
                raise
        return Sent("200 changed", f"{kind}:{number}")

    def _call(self, method: str, fields: dict[str, str], files: dict[str, Any] | None = None) -> Answer:
        url = f"{self._config.api}/bot{self._config.token.get_secret_value()}/{method}"
        return post(self._client, url, data=fields, files=files)


def _text(message: Message, most: int) -> str:
    return f"{message.title}\n{message.text}"[:most]


def _buttons(message: Message) -> dict[str, str]:
    links = (("Look", message.url), ("Snooze", message.snooze_url))
    row = [{"text": word, "url": url} for word, url in links if url.startswith("https://")]
    return {"reply_markup": json.dumps({"inline_keyboard": [row]})} if row else {}


def _number(answer: Answer) -> str:
    try:
        return str(int(json.loads(answer.body)["result"]["message_id"]))
    except (ValueError, KeyError, TypeError):
        raise SendError(f"This is not an answer of the Bot API: {answer.words}") from None
