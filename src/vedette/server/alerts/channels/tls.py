"""TLS contexts for channels: the system's authorities, or one that the channel brings along."""

import ssl
from typing import Annotated

from pydantic import AfterValidator, Field

from vedette.server.alerts.channels.base import SendError


def _certificate(text: str) -> str:
    if text:
        try:
            ssl.create_default_context(cadata=text)
        except (ssl.SSLError, ValueError):
            raise ValueError("this is no certificate in PEM form") from None
    return text


Authority = Annotated[str, Field(max_length=65536), AfterValidator(_certificate)]
"""A certificate authority as PEM text; empty means the system's."""


def client_context(authority: str) -> ssl.SSLContext:
    """A context that checks names and certificates."""
    context = ssl.create_default_context()
    if authority:
        context.load_verify_locations(cadata=authority)
    return context


def explain(error: ssl.SSLError) -> SendError:
    """What went wrong with the encryption, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return SendError(f"The certificate is not trusted: {error.verify_message}.")
    return SendError(f"No encrypted connection: {error.reason or error}.")
