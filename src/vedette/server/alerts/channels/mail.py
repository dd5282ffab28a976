"""Mail by SMTP (RFC 5321) with STARTTLS or TLS, the picture inside."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from vedette.domain.errors import ConfigurationError
from vedette.net.guard import resolve
from vedette.server.alerts.channels.base import TIMEOUT_S, Config, Line, Message, Secret, SendError, Sent
from vedette.server.alerts.channels.http import plain
from vedette.server.alerts.channels.tls import Authority, client_context, explain


def _mailbox(text: str) -> str:
    local, _, host = text.rpartition("@")
    if not local or not host or any(character in text for character in ' <>,;"') or not text.isascii():
        raise ValueError(f"{text[:60]!r} is no mail address")
    return text


Mailbox = Annotated[Line, AfterValidator(_mailbox)]


class MailConfig(Config):
    """An SMTP server, and whom to write to."""

    host: Annotated[Line, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Line = ""
    password: Secret = SecretStr("")
    sender: Mailbox
    recipients: Annotated[list[Mailbox], Field(min_length=1, max_length=20)]
    authority: Authority = ""


class MailSender:
    """A connection per mail: they are rare, and servers hang up on the idle."""

    def __init__(self, config: MailConfig) -> None:
        self._config = config

    def send(self, message: Message, handle: str) -> Sent:  # noqa: ARG002
        """Send one mail; the same delivery has the same Message-ID in every try."""
        mail = compose(message, self._config)
        try:
            with self._connect() as server:
                refused = server.send_message(mail)
        except ssl.SSLError as error:
            raise explain(error) from None
        except smtplib.SMTPException as error:
            raise _explained(error) from None
        except (OSError, ConfigurationError) as error:
            raise SendError(
                f"No connection to {self._config.host}:{self._config.port}: {plain(str(error))}"
            ) from None
        taken = len(self._config.recipients) - len(refused)
        return Sent(f"Taken for {taken} of {len(self._config.recipients)}")

    def close(self) -> None:
        """Nothing is kept."""

    def _connect(self) -> smtplib.SMTP:
        config = self._config
        resolve(config.host, config.port)
        if config.security == "tls":
            context = client_context(config.authority)
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                config.host, config.port, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(config.host, config.port, timeout=TIMEOUT_S)
        try:
            if config.security == "starttls":
                server.starttls(context=client_context(config.authority))
            if config.username:
                server.login(config.username, config.password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server


def compose(message: Message, config: MailConfig) -> EmailMessage:
    """The mail of a notification."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.title.split())[:200]
    mail["From"] = formataddr(("Vedette", config.sender))
    mail["To"] = ", ".join(config.recipients)
    mail["Date"] = format_datetime(message.opened)
    mail["Message-ID"] = f"<{message.delivery}@{config.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(_words(message))
    if message.picture:
        mail.add_attachment(message.picture, "image", "jpeg", filename="picture.jpg")
    return mail


def _words(message: Message) -> str:
    lines = [message.title, message.text, ""]
    lines += [f"Look: {message.url}"] if message.url else []
    lines += [f"Snooze this: {message.snooze_url}"] if message.snooze_url else []
    return "\n".join(lines) + "\n"


def _explained(error: smtplib.SMTPException) -> SendError:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return SendError("The server refused the user name or password.", permanent=True)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        lasting = all(code >= 500 for code in codes)
        return SendError(f"The server refused every recipient ({min(codes)}).", permanent=lasting)
    if isinstance(error, smtplib.SMTPResponseException):
        said = (
            error.smtp_error.decode(errors="replace")
            if isinstance(error.smtp_error, bytes)
            else error.smtp_error
        )
        return SendError(
            f"The server answered {error.smtp_code} {said}"[:300], permanent=error.smtp_code >= 500
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return SendError(f"The server cannot do that: {error}", permanent=True)
    return SendError(f"The server broke off: {error}"[:300])
