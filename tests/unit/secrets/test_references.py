"""Where secrets come from."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vedette.domain.errors import ConfigurationError
from vedette.secrets import credentials, onepassword
from vedette.secrets.references import is_reference, reveal, reveal_stored

SDK = """
class Client:
    @classmethod
    async def authenticate(cls, auth, integration_name, integration_version):
        assert auth == "ops_token" and integration_name and integration_version
        client = cls()
        client.secrets = cls
        return client

    @staticmethod
    async def resolve(reference):
        calls.append(reference)
        if "gone" in reference or len(calls) > 1:
            raise Exception(f"no such item; ops_token\\nstack trace")
        return "from the vault"

calls = []
"""


@pytest.fixture
def credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemd credential `door`."""
    (tmp_path / "door").write_text("s3cret\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path


def test_every_scheme_gives_its_secret(credential: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variable, file and credential; line breaks at the end belong to the file, not to the secret."""
    monkeypatch.setenv("DOOR", "p@ss word")
    assert reveal("env:DOOR") == "p@ss word"
    assert reveal(f"file:{credential / 'door'}") == "s3cret"
    assert reveal("credential:door") == "s3cret"


@pytest.mark.parametrize(
    "text", ["", "plain", "env:", "env:a b", "file:x", "op://vault/item", "rtsp://a", "credential:a/b"]
)
def test_anything_else_is_the_secret_itself(text: str) -> None:
    """Passwords may look odd."""
    assert reveal(text) == text
    assert not is_reference(text)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:NOT_THERE", "NOT_THERE is not set"),
        ("file:/nowhere/x", "No such file"),
        ("credential:nobody", "LoadCredential=nobody"),
        ("credential:..", "no credential"),
    ],
)
def test_what_is_missing_is_named(credential: Path, reference: str, words: str) -> None:
    """And what to do; a credential's name is no path."""
    with pytest.raises(ConfigurationError) as caught:
        reveal(reference)
    assert words in str(caught.value)


def test_a_large_file_is_no_secret(tmp_path: Path) -> None:
    """A recording given by mistake is not read into memory, nor is a device that never ends."""
    (tmp_path / "x").write_text("x" * (credentials.LARGEST_BYTES + 1))
    for path in (tmp_path / "x", Path("/dev/zero")):
        with pytest.raises(ConfigurationError, match="larger than a secret"):
            reveal(f"file:{path}")


def test_stored_values_reach_no_files_and_no_other_variables(
    credential: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P6: whoever may set a password by REST cannot read the machine with it."""
    monkeypatch.setenv("VEDETTE_DATABASE_URL", "postgresql://u:p@h/x")
    monkeypatch.setenv("VEDETTE_SECRET_DOOR", "open")
    for text in ("file:/etc/passwd", "env:VEDETTE_DATABASE_URL", "env:PATH"):
        assert reveal_stored(text) == text
    assert reveal_stored("env:VEDETTE_SECRET_DOOR") == "open"
    assert reveal_stored("credential:door") == "s3cret"


def test_one_password_without_its_sdk_or_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each says what to do."""
    monkeypatch.delenv(onepassword.TOKEN, raising=False)
    with pytest.raises(ConfigurationError, match="service account"):
        reveal("op://home/door/password")
    monkeypatch.setitem(sys.modules, "onepassword.client", None)
    with pytest.raises(ConfigurationError, match=r"vedette\[onepassword\]"):
        reveal("op://home/door/password")


def test_the_real_sdk_refuses_a_wrong_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own words are passed on, the token is not."""
    pytest.importorskip("onepassword.client", reason="onepassword-sdk is not installed")
    monkeypatch.setenv(onepassword.TOKEN, "ops_notatoken")
    with pytest.raises(ConfigurationError, match="invalid service account token") as caught:
        reveal("op://home/door/password")
    assert "ops_notatoken" not in str(caught.value)


def test_what_one_password_gave_is_kept(tmp_path: Path) -> None:
    """Asked once; after the time it asks again, and when that fails, the old value goes on.

    In a process with a stand-in for the SDK: the service itself cannot be had.
    """
    (tmp_path / "onepassword").mkdir()
    (tmp_path / "onepassword" / "__init__.py").touch()
    (tmp_path / "onepassword" / "client.py").write_text(SDK)
    code = (
        "from vedette.secrets import onepassword\n"
        "from vedette.secrets.references import reveal\n"
        "print([reveal('op://home/door/password') for _ in range(2)])\n"
        "onepassword.KEPT_S = 0\n"
        "print(reveal('op://home/door/password'))\n"
        "try: reveal('op://home/gone/password')\n"
        "except Exception as error: print(error)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path), onepassword.TOKEN: "ops_token"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[:2] == ["['from the vault', 'from the vault']", "from the vault"]
    assert "no such item; ***." in lines[2]
