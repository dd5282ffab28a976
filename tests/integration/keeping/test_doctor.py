"""`vedette doctor`: what keeps Vedette from working, and what to do."""

import datetime as dt
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.product import vedette
from tests.integration.keeping.program import run
from vedette.node.home import Home
from vedette.server import doctor
from vedette.server.doctor import Finding, examine
from vedette.settings import Settings, load_settings
from vedette.testing.certificate import self_signed
from vedette.testing.ports import free_port

pytestmark = pytest.mark.django_db


def found(settings: Settings, subject: str) -> list[Finding]:
    """What is said of one thing."""
    return [finding for finding in examine(settings) if finding.subject == subject]


def states(settings: Settings, subject: str) -> set[str]:
    return {finding.state for finding in found(settings, subject)}


@pytest.fixture
def mine(home: Path) -> Settings:
    """Settings of a fresh home with a free port."""
    return load_settings(home=home, port=free_port(), database_url="", retention={})


def test_a_sound_home_has_no_problem(home: Path) -> None:
    """Every thing is named, and the status is 0; a broken database changes that."""
    run(home, "")
    said = vedette("doctor", home=home, env={"VEDETTE_PORT": "0"})
    lines = said.stdout.splitlines()
    for subject in ("home", "disk", "database", "keys", "address", "libraries", "clock", "backups"):
        assert any(f" {subject}: " in line for line in lines), said.stdout + said.stderr
    assert [line for line in lines if line.startswith("bad")] == []
    assert said.returncode == 0
    with (home / "vedette.sqlite3").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40960)
    said = vedette("doctor", home=home, env={"VEDETTE_PORT": "0"})
    assert said.returncode == 1
    assert "bad   database: " in said.stdout
    assert "Traceback" not in said.stderr


def test_what_others_may_read_is_a_problem(mine: Settings) -> None:
    """With the command that closes it."""
    home = mine.layout().prepare()
    (home.secrets / "fernet.key").write_text("x")
    (home.secrets / "fernet.key").chmod(0o644)
    problem = next(finding for finding in found(mine, "home") if finding.state == "problem")
    assert problem.hint == f"chmod go= {home.secrets / 'fernet.key'}"


def test_a_full_disk_is_a_problem(mine: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured where home and recordings lie."""
    assert states(mine, "disk") == {"well"}
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 10**18)
    monkeypatch.setattr(doctor, "LEAST_FREE_SHARE", 1.1)
    assert states(mine, "disk") == {"problem"}


def test_a_taken_port_is_a_problem_unless_it_is_ours(mine: Settings) -> None:
    """Another program's is named; while Vedette runs its process is."""
    home: Home = mine.layout().prepare()
    with closing(socket.create_server(("127.0.0.1", mine.port))):
        assert "already in use" in found(mine, "address")[0].words
        lock = home.lock()
        assert "Vedette runs as process" in found(mine, "address")[0].words
        lock.release()


def test_plain_text_on_the_network_is_a_problem(mine: Settings) -> None:
    """Not behind a proxy, not with a certificate, not on loopback."""
    assert states(mine.model_copy(update={"host": "0.0.0.0"}), "address") == {"well", "problem"}
    proxied = {"host": "0.0.0.0", "trusted_proxies": ("10.0.0.1",)}
    assert states(mine.model_copy(update=proxied), "address") == {"well"}


def test_a_certificate_about_to_expire_is_a_problem(
    mine: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One for a day is too short; one that is no certificate is explained."""
    certificate, key = self_signed(tmp_path)
    mine = mine.model_copy(update={"tls_cert": certificate, "tls_key": key})
    assert found(mine, "certificate")[0].hint == "Renew it."
    monkeypatch.setattr(doctor, "RENEW_DAYS", 0)
    assert states(mine, "certificate") == {"well"}
    certificate.write_text("x")
    assert "no certificate" in found(mine, "certificate")[0].words


def test_a_missing_model_is_worth_a_note(mine: Settings) -> None:
    """It says how to get it; the start gets it by itself."""
    wrong = mine.detector.model_copy(update={"model": "nothing_of_that_name"})
    assert states(mine.model_copy(update={"detector": wrong}), "model") == {"note"}


def test_a_wrong_clock_is_a_problem(mine: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a battery begins in the past; one without NTP drifts."""
    monkeypatch.setattr(doctor, "_timedatectl", lambda: "no")
    assert states(mine, "clock") == {"note"}
    monkeypatch.setattr(doctor, "_MADE", dt.datetime(2999, 1, 1, tzinfo=dt.UTC))
    assert states(mine, "clock") == {"problem"}


def test_backups_are_looked_for(mine: Settings, tmp_path: Path) -> None:
    """None, one, and whether they lie on the disk that they should save from."""
    assert "none yet" in found(mine, "backups")[0].words
    (mine.layout().path / "backups").mkdir()
    (mine.layout().path / "backups" / "a.vedette-backup").touch()
    said = found(mine, "backups")
    assert (said[0].state, said[1].state) == ("well", "note")


def test_what_fails_to_be_looked_at_is_a_finding(mine: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, and the rest is looked at all the same."""

    def fails(*_: Any) -> Any:
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr("shutil.disk_usage", fails)
    assert found(mine, "disk") == [Finding("disk", "problem", "/somewhere: Permission denied.")]
    assert found(mine, "clock") != []
