"""Vedette as a user runs it: the installed command, its processes, its REST interface."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import httpx

from tests.support.processes import PATIENCE_S, Child, wait_until
from vedette.testing.ports import free_port

COMMAND = Path(sys.executable).with_name("vedette")
NOWHERE = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
"""No test reaches a network; a download that is tried fails at once."""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a command, without what belongs to the test run."""
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return {**kept, **NOWHERE, **(extra or {})}


def vedette(
    *arguments: object,
    home: Path | None = None,
    env: Mapping[str, str] | None = None,
    text: str = "",
    timeout_s: float = 120,
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end; `text` is its standard input."""
    where = ["--home", str(home)] if home else []
    return subprocess.run(
        [COMMAND, *map(str, arguments), *where],
        capture_output=True,
        text=True,
        input=text,
        check=False,
        timeout=timeout_s,
        env=environment(env),
    )


def done(*arguments: object, home: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Standard output of a command that must succeed."""
    result = vedette(*arguments, home=home, env=env)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


class Product(Child):
    """A running `vedette run`.

    with Product(home, "clip.mp4") as product:
        product.wait_ready()
        product.get("events")
    """

    def __init__(self, home: Path, *arguments: object, env: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.port = free_port()
        command = [COMMAND, "run", *map(str, arguments), "--home", home, "--port", str(self.port)]
        super().__init__(command, env=environment(env))

    def __enter__(self) -> Self:
        return self

    def end(self, timeout_s: float = 30.0) -> int:
        """Stop in order."""
        if "client" in self.__dict__:
            self.client.close()
        return super().end(timeout_s)

    def wait_ready(self) -> Self:
        """Wait until it says where to look."""
        self.wait_for_line("Vedette watches")
        return self

    @property
    def address(self) -> str:
        """Where browsers and clients go."""
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def token(self) -> str:
        """A token that may do everything."""
        return done("token", "create", "test", "--role", "administrator", home=self.home).strip()

    @cached_property
    def password(self) -> str:
        """The password of the user `admin`, who has changed the generated one."""
        chosen = "correct horse battery"
        result = vedette("user", "password", "--stdin", home=self.home, text=f"{chosen}\n")
        assert result.returncode == 0, result.stderr
        return chosen

    @cached_property
    def client(self) -> httpx.Client:
        """Asks with the token."""
        return httpx.Client(
            base_url=self.address,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=PATIENCE_S,
            trust_env=False,
        )

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of `/api/v1/<path>`."""
        answer = self.client.get(f"/api/v1/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def change(self, path: str, **fields: Any) -> Any:
        """PATCH `/api/v1/<path>`."""
        answer = self.client.patch(f"/api/v1/{path}", json=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def events(self, **query: Any) -> list[dict[str, Any]]:
        """All events, newest first."""
        items: list[dict[str, Any]] = self.get("events", limit=200, **query)["items"]
        return items

    def segments(self, camera: str) -> list[dict[str, Any]]:
        """All segments of a camera, oldest first."""
        items: list[dict[str, Any]] = self.get("recordings", camera=camera, limit=1000)["items"]
        return items[::-1]

    def camera(self, camera: str) -> dict[str, Any]:
        """A camera with its status."""
        found: dict[str, Any] = self.get(f"cameras/{camera}")
        return found

    def wait_streaming(self, camera: str) -> None:
        """Wait until a camera's packets come."""
        wait_until(
            lambda: (self.camera(camera)["status"] or {}).get("state") == "streaming",
            what=f"{camera} streams",
        )

    def reasons(self) -> list[dict[str, str]]:
        """Why not all is well."""
        found: list[dict[str, str]] = self.get("health")["reasons"]
        return found

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels; 0.0 when there is none."""
        text = self.client.get("/metrics").text
        found = re.findall(rf"^vedette_{name}(?:_total)?(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(float(value) for has, value in found if all(want in has for want in wanted))

    def pids(self) -> dict[str, int]:
        """The newest process id of each child by name."""
        found = {}
        for line in self.output.splitlines():
            if '"process started"' in line:
                said = json.loads(line)
                found[said["process"]] = said["pid"]
        return found

    def kill(self, name: str) -> int:
        """kill -9 of a child; returns its process id."""
        pid = self.pids()[name]
        os.kill(pid, signal.SIGKILL)
        return pid
