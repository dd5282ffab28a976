"""Keys and the vault."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.server.secrets import SecretError, Vault, django_key


def test_keys_are_made_once_for_this_user_only(tmp_path: Path) -> None:
    """Several processes that start at once get the same key; the file is 0600."""
    folder = tmp_path / "secrets"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: django_key(folder), range(16)))
    assert len(keys) == 1
    assert len(keys.pop()) > 60
    assert [path.name for path in folder.iterdir()] == ["django.key"]
    assert stat.S_IMODE((folder / "django.key").stat().st_mode) == 0o600


@given(st.text())
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Any text survives; nothing of it is readable in the token."""
    vault = Vault(tmp_path_factory.getbasetemp() / "vault")
    token = vault.encrypt(text)
    assert vault.decrypt(token) == text
    assert len(text) < 8 or text not in token


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    """The error says what to do and repeats nothing."""
    token = Vault(tmp_path / "one").encrypt("s3cret")
    with pytest.raises(SecretError, match="backup") as caught:
        Vault(tmp_path / "two").decrypt(token)
    assert token not in str(caught.value)
