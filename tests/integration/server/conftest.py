"""A real server database, real requests, a real server process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.test import Client

from vedette.server.accounts.models import Role, User
from vedette.server.accounts.tokens import create_token

PASSWORD = "correct horse battery"


@pytest.fixture
def administrator(db: None) -> User:
    """A user who may do everything."""
    return User.objects.create_user("ada", PASSWORD, Role.ADMINISTRATOR)


@pytest.fixture
def bearer(db: None) -> Callable[[str], Client]:
    """Clients with a token: `bearer("viewer")`."""

    def make(role: str) -> Client:
        return Client(headers={"Authorization": f"Bearer {create_token(f'test {role}', role)}"})

    return make


@pytest.fixture
def admin_api(bearer: Callable[[str], Client]) -> Client:
    """A client with an administrator's token."""
    return bearer(Role.ADMINISTRATOR)


@dataclass
class ServerProcess:
    """A server of its own, with its own home and an administrator's token."""

    home: Path
    port: int
    token: str = ""
    process: "subprocess.Popen[str] | None" = None

    def python(self, code: str) -> str:
        """Run Python against the same home, after Django is set up; returns what it prints."""
        preamble = (
            "from pathlib import Path\nfrom vedette.settings import load_settings\n"
            "from vedette.server.setup import setup_django\nsetup_django(load_settings())\n"
        )
        command = [sys.executable, "-c", preamble + code]
        done = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "vedette.server", "--home", str(self.home), "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=self._environment(), text=True)
        deadline = time.monotonic() + 20
        while not self._answers():
            assert self.process.poll() is None, "the server has ended"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """End it; returns its exit status."""
        assert self.process is not None
        self.process.send_signal(signal_number)
        return self.process.wait(timeout=8)

    def client(self, *, token: str | None = None) -> httpx.Client:
        """An HTTP client with the administrator's (or the given) token; an empty one sends none."""
        token = self.token if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=10)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/login").status_code == 200
        except httpx.TransportError:
            return False

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VEDETTE_")}
        return kept | {"VEDETTE_HOME": str(self.home), "PYTHONWARNINGS": "error"}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A running server; its home is empty but for the token."""
    running = ServerProcess(tmp_path / "home", free_port())
    running.token = running.python(
        "from vedette.server.accounts.tokens import create_token\nprint(create_token('t', 'administrator'))"
    )
    running.start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.process.kill()
        running.process.wait()
