"""Secrets in 1Password: `op://vault/item/field`, read by its SDK with the token of a service account.

What was read is kept for a while: cameras ask anew with every change of the configuration, and neither a slow
network nor 1Password's limits on requests may hold them up.
"""

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from vedette import __version__
from vedette.domain.errors import ConfigurationError
from vedette.secrets.credentials import names, read_credential

KEPT_S = 3600.0
DEADLINE_S = 15.0
TOKEN = "OP_SERVICE_ACCOUNT_TOKEN"  # noqa: S105  the name of the variable that 1Password uses itself

_lock = threading.Lock()
_kept: dict[str, tuple[float, str]] = {}


def read_item(rest: str) -> str:
    """The field, from 1Password or from memory; `rest` is what follows `op://`.

    Raises:
        ConfigurationError: the extra or the token is missing, or 1Password refuses or does not answer.
    """
    with _lock:
        at_s, value = _kept.get(rest, (0.0, ""))
        if at_s and time.monotonic() - at_s < KEPT_S:
            return value
        try:
            value = _fetch(f"op://{rest}")
        except ConfigurationError:
            if at_s:
                return value  # what worked an hour ago is better than no camera
            raise
        _kept[rest] = time.monotonic(), value
        return value


def forget() -> None:
    """Ask 1Password again next time."""
    with _lock:
        _kept.clear()


def _fetch(reference: str) -> str:
    try:
        from onepassword.client import Client  # noqa: PLC0415  an extra
    except ImportError:
        raise ConfigurationError(
            "Secrets in 1Password need its SDK.", hint="pip install 'vedette[onepassword]'"
        ) from None
    token = _token()

    async def resolve() -> str:
        async with asyncio.timeout(DEADLINE_S):
            client = await Client.authenticate(token, "Vedette", f"v{__version__}")
            return str(await client.secrets.resolve(reference))

    try:
        with ThreadPoolExecutor(1) as pool:  # the caller's thread may have a loop of its own
            return pool.submit(asyncio.run, resolve()).result()
    except TimeoutError:
        why = "it does not answer"
    except Exception as error:  # noqa: BLE001  the SDK raises plain exceptions of its core
        why = (str(error).splitlines() or [type(error).__name__])[0].replace(token, "***")
    raise ConfigurationError(
        f"1Password does not give {reference}: {why}.",
        hint=f"Check the reference, and that {TOKEN} is of a service account that may read this vault.",
    )


def _token() -> str:
    token = os.environ.get(TOKEN) or (read_credential(TOKEN) if TOKEN in names() else "")
    if not token:
        raise ConfigurationError(
            f"{TOKEN} is not set.",
            hint="Make a service account in 1Password and give its token by environment or credential.",
        )
    return token
