"""A real server database, real requests, a real server process."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from django.test import Client

from tests.support.processes import PATIENCE_S, wait_until
from vedette.server.accounts.models import Role, User
from vedette.server.accounts.tokens import create_token
from vedette.testing.ports import free_port

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
    scheme: str = "http"

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

    def start(self, *arguments: object, program: str = "vedette.server", **variables: str) -> None:
        """Start it, with more arguments and variables, and wait until it answers."""
        command = [sys.executable, "-m", program, "--home", str(self.home), "--port", str(self.port)]
        command += map(str, arguments)
        self.scheme = "https" if "--tls-cert" in command else "http"
        self.process = subprocess.Popen(command, env=self._environment() | variables, text=True)
        wait_until(lambda: self.process.poll() is not None or self._answers(), what="the server answers")
        assert self.process.poll() is None, "the server has ended"

    def kill(self) -> None:
        """End it whatever it does, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """End it; returns its exit status."""
        assert self.process is not None
        self.process.send_signal(signal_number)
        return self.process.wait(PATIENCE_S)

    @property
    def address(self) -> str:
        """Where browsers and clients go."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def client(self, *, token: str | None = None) -> httpx.Client:
        """An HTTP client with the administrator's (or the given) token; an empty one sends none."""
        token = self.token if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=PATIENCE_S)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/login", verify=False, timeout=PATIENCE_S).status_code == 200
        except httpx.TransportError:
            return False

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VEDETTE_")}
        return kept | {"VEDETTE_HOME": str(self.home), "PYTHONWARNINGS": "error"}


@pytest.fixture
def server_home(tmp_path: Path) -> ServerProcess:
    """A server that was not started yet; its home is empty but for the token."""
    waiting = ServerProcess(tmp_path / "home", free_port())
    waiting.token = waiting.python(
        "from vedette.server.accounts.tokens import create_token\nprint(create_token('t', 'administrator'))"
    )
    return waiting


@pytest.fixture
def server(server_home: ServerProcess) -> Iterator[ServerProcess]:
    """A running server; its home is empty but for the token."""
    server_home.start()
    yield server_home
    server_home.kill()
