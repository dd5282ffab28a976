"""Settings from files and credentials."""

from pathlib import Path

import pytest

from vedette.domain.errors import ConfigurationError
from vedette.settings import load_settings

URL = "postgresql://u:s3cret@h/x"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing but an empty home."""
    for name in ("VEDETTE_DATABASE_URL", "VEDETTE_CONFIG", "VEDETTE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VEDETTE_HOME", str(tmp_path))


def test_a_variable_may_name_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`VEDETTE_X_FILE` gives `VEDETTE_X`, nested names too."""
    (tmp_path / "url").write_text(URL + "\n")
    (tmp_path / "days").write_text("3")
    monkeypatch.setenv("VEDETTE_DATABASE_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("VEDETTE_RETENTION__MAX_AGE_DAYS_FILE", str(tmp_path / "days"))
    settings = load_settings()
    assert settings.reveal("database_url") == URL
    assert settings.retention.max_age_days == 3


def test_credentials_give_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of systemd or Docker, by the name of the variable in any case; a variable wins."""
    for name, value in {
        "vedette_database_url": URL,
        "VEDETTE_PORT": "81",
        "other": "x",
        ".hidden": "x",
    }.items():
        (tmp_path / name).write_text(value)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert load_settings().reveal("database_url") == URL
    assert load_settings().port == 81
    monkeypatch.setenv("VEDETTE_PORT", "82")
    assert load_settings().port == 82


def test_a_secret_setting_may_be_a_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is fetched when it is used, not when the settings are read; the error names the setting."""
    (tmp_path / "vedette.yaml").write_text("database_url: file:/nowhere/url\n")
    settings = load_settings()
    with pytest.raises(ConfigurationError, match="database_url: The secret in /nowhere/url"):
        settings.reveal("database_url")


def test_what_is_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody should have to guess which of the two counts."""
    monkeypatch.setenv("VEDETTE_PORT", "1")
    monkeypatch.setenv("VEDETTE_PORT_FILE", "/nowhere")
    with pytest.raises(ConfigurationError, match="both set"):
        load_settings()


def test_files_of_others_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only names of settings count."""
    monkeypatch.setenv("VEDETTE_SOMETHING_FILE", "/nowhere")
    monkeypatch.setenv("OTHER_FILE", "/nowhere")
    assert load_settings().port == 8080


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"tls_cert": "a.pem"}, "belong together"),
        ({"trusted_proxies": "proxy.example"}, "trusted_proxies"),
        ({"public_url": "cameras.example.org"}, "https://cameras.example.org"),
        ({"public_url": "https://example.org/vedette"}, "https://cameras.example.org"),
    ],
)
def test_mistakes_in_addresses_are_named(values: dict[str, str], words: str) -> None:
    """Before anything listens."""
    with pytest.raises(ConfigurationError, match=words):
        load_settings(**values)


def test_https_is_known() -> None:
    """By a certificate, or by the public address of a proxy."""
    assert not load_settings(public_url="http://cam.lan:8080/").https
    assert load_settings(public_url="https://cam.example").https
    assert load_settings(tls_cert="a", tls_key="b").https
