"""Every encrypted value of the database: fields whose name ends with `_encrypted`, and some more."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models, transaction

from vedette.server.secrets import SecretError, Vault

SUFFIX = "_encrypted"
ALSO = frozenset({("mfa.authenticator", "data")})
"""Model and field of values with tokens inside."""

_TOKEN = re.compile(r"gAAAAA[\w-]{80,}={0,2}")


class Sealed(NamedTuple):
    """One value with tokens.

    Attributes:
        model: its table.
        key: of the row.
        field: name of the field.
        value: a text, or what JSON is made of.
    """

    model: type[models.Model]
    key: object
    field: str
    value: Any

    @property
    def tokens(self) -> list[str]:
        """All tokens in the value."""
        return [str(found) for found in _TOKEN.findall(json.dumps(self.value))]

    def __str__(self) -> str:
        return f"{self.model._meta.verbose_name} {self.key}"  # noqa: SLF001  Django's public API, in spite of its name


def sealed_values() -> Iterator[Sealed]:
    """All that hold a token."""
    for model in apps.get_models():
        for name in _fields(model):
            rows = model._default_manager.order_by("pk").values_list("pk", name)  # noqa: SLF001  likewise
            found = (Sealed(model, key, name, value) for key, value in rows)
            yield from (sealed for sealed in found if sealed.tokens)


def _fields(model: type[models.Model]) -> list[str]:
    meta = model._meta  # noqa: SLF001  likewise
    names = [field.name for field in meta.concrete_fields]
    return [name for name in names if name.endswith(SUFFIX) or (meta.label_lower, name) in ALSO]


def unreadable(vault: Vault) -> list[str]:
    """What cannot be decrypted, as `camera door`."""
    return [str(sealed) for sealed in sealed_values() if not all(map(vault.opens, sealed.tokens))]


def reencrypt(vault: Vault) -> int:
    """Encrypt everything with the newest key, in one transaction; returns how many values that were.

    Raises:
        SecretError: a value cannot be decrypted; nothing has changed then.
    """
    with transaction.atomic():
        old = [one for one in sealed_values() if not all(map(vault.is_newest, one.tokens))]
        return sum(_reencrypt(sealed, vault) for sealed in old)


def _reencrypt(sealed: Sealed, vault: Vault) -> int:
    try:
        text = _TOKEN.sub(lambda token: vault.rotate(token[0]), json.dumps(sealed.value))
    except SecretError as error:
        raise SecretError(f"{sealed}: {error.args[0]}", hint=error.hint) from None
    rows = sealed.model._default_manager.filter(pk=sealed.key, **{sealed.field: sealed.value})  # noqa: SLF001
    return rows.update(**{sealed.field: json.loads(text)})  # none when it was changed meanwhile
