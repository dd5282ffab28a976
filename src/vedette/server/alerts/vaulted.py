"""The secrets of channels: encrypted with the key of this home, written and never shown."""

import json

import structlog

from vedette.domain.errors import ConfigurationError
from vedette.secrets.references import reveal_stored
from vedette.server.alerts.models import Channel
from vedette.server.secrets import SecretError, home_vault

_log = structlog.get_logger(__name__)


def keep(channel: Channel, secrets: dict[str, str]) -> None:
    """Encrypt them; the caller saves."""
    kept = {name: value for name, value in secrets.items() if value}
    channel.secrets_encrypted = home_vault().encrypt(json.dumps(kept)) if kept else ""


def secrets_of(channel: Channel, *, quietly: bool = False) -> dict[str, str]:
    """The secrets by name.

    Args:
        channel: whose.
        quietly: no secrets, rather than an error, when the key is another.

    Raises:
        ConfigurationError: they were stored with another key.
    """
    try:
        text = home_vault().decrypt(channel.secrets_encrypted)
    except SecretError as error:
        if quietly:
            return {}
        raise ConfigurationError(str(error.args[0]), hint=error.hint) from None
    return {name: reveal_stored(value) for name, value in json.loads(text or "{}").items()}
