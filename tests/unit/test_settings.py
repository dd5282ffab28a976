"""The settings of an installation."""

from pathlib import Path

import pytest

from vedette.domain.errors import ConfigurationError
from vedette.settings import load_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings in the environment but an empty home."""
    for name in ("VEDETTE_PORT", "VEDETTE_WORKERS", "VEDETTE_CONFIG", "VEDETTE_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VEDETTE_HOME", str(tmp_path))


def test_defaults_are_safe(tmp_path: Path) -> None:
    """Loopback only, recordings bounded by the disk, everything below the home."""
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.retention.max_disk_share == 0.9
    assert settings.layout().database.parent == tmp_path


def test_arguments_win_over_environment_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Precedence as documented; the file of the home is found by itself."""
    (tmp_path / "vedette.yaml").write_text("port: 1\nworkers: 1\nhost: '::1'\nretention: {max_age_days: 3}\n")
    monkeypatch.setenv("VEDETTE_PORT", "2")
    monkeypatch.setenv("VEDETTE_WORKERS", "2")
    monkeypatch.setenv("VEDETTE_RETENTION__MAX_SIZE_BYTES", "5")
    settings = load_settings(port=3, host=None)
    assert (settings.port, settings.workers, settings.host) == (3, 2, "::1")
    assert (settings.retention.max_age_days, settings.retention.max_size_bytes) == (3, 5)


def test_lists_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts by comma, model folders as a path list; what is not ours is ignored."""
    monkeypatch.setenv("VEDETTE_ALLOWED_HOSTS", "cam.example, other.example")
    monkeypatch.setenv("VEDETTE_MODELS", "/a:/b")
    monkeypatch.setenv("VEDETTE_TEST_DATA", "/somewhere")
    settings = load_settings()
    assert settings.allowed_hosts == ("cam.example", "other.example")
    assert settings.models == (Path("/a"), Path("/b"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot: 1", "prot: is not a setting"),
        ("retention: {max_days: 1}", "retention.max_days: is not a setting"),
        ("port: many", "port:"),
        ("port: 70000", "port:"),
        ("- port", "names and values"),
        ("port: [", "not valid YAML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    """Unknown names and wrong values are errors that say which and where."""
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    assert words in str(caught.value)
    assert "mine.yaml" in str(caught.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A file that was asked for must be there."""
    with pytest.raises(ConfigurationError, match=r"gone\.yaml"):
        load_settings(tmp_path / "gone.yaml")


def test_the_database_password_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    """P6: settings can be logged."""
    monkeypatch.setenv("VEDETTE_DATABASE_URL", "postgresql://u:s3cret@h/x")
    assert "s3cret" not in repr(load_settings())


def test_workers_have_names() -> None:
    """At least one, numbered from 1."""
    assert load_settings(workers=2).worker_names() == ("worker-1", "worker-2")
    assert load_settings().worker_names()[0] == "worker-1"
