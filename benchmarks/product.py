"""The whole product as a process, and cameras for it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from benchmarks.footage import CACHE
from benchmarks.result import SkippedError
from vedette.testing.ports import free_port

T = TypeVar("T")
Json = Any
VEDETTE = str(Path(sys.executable).with_name("vedette"))


def wait_until(condition: Callable[[], T], timeout_s: float, what: str) -> T:
    """Wait for something true; gives up with a reason."""
    deadline_s = time.monotonic() + timeout_s
    while not (found := condition()):
        if time.monotonic() > deadline_s:
            raise SkippedError(f"{what}: not within {timeout_s:g} s")
        time.sleep(0.02)
    return found


@contextmanager
def rtsp_cameras(path: Path, count: int) -> Iterator[list[str]]:
    """Addresses of so many cameras, served by a process of its own."""
    command = [sys.executable, "-m", "vedette.testing.rtsp", "--cameras", str(count), str(path)]
    farm = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert farm.stdout is not None
        yield json.loads(farm.stdout.readline())["urls"]
    finally:
        farm.terminate()
        farm.wait(10)


class Product:
    """`vedette run` on a throw-away home."""

    def __init__(self, arguments: Sequence[str], home: Path) -> None:
        self.home = home
        self.port = free_port()
        self._token = ""
        command = [VEDETTE, "run", *arguments, "--home", str(home), "--port", str(self.port)]
        self._log = (home.parent / f"{home.name}.log").open("w")
        self.started_s = time.monotonic()
        self.process = subprocess.Popen(
            command, stdout=self._log, stderr=self._log, env={**os.environ, "VEDETTE_WORKERS": "1"}
        )

    @property
    def token(self) -> str:
        """A token that may do everything."""
        if not self._token:
            command = [VEDETTE, "token", "create", "bench", "--role", "administrator"]
            made = subprocess.run(
                [*command, "--home", str(self.home)], check=True, capture_output=True, text=True
            )
            self._token = made.stdout.strip()
        return self._token

    def client(self) -> httpx.Client:
        """Asks with the token, on a connection that is kept."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=10)

    def get(self, path: str) -> Json:
        """What the REST interface answers; None where it does not."""
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.port}/api/v1/{path}", headers=headers, timeout=10)
            answer.raise_for_status()
        except httpx.HTTPError:
            return None
        return answer.json()

    @property
    def worker(self) -> psutil.Process:
        """The one worker process."""
        found = [
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if "vedette.pipeline.worker" in " ".join(child.cmdline())
        ]
        if not found:
            raise SkippedError("no worker runs; see its log")
        return found[0]

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.wait(20)
        self._log.close()


@contextmanager
def product(*arguments: str) -> Iterator[Product]:
    """The product running, ended and removed afterwards."""
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="home-", dir=CACHE))
    running = Product(arguments, folder / "home")
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()
        shutil.rmtree(folder, ignore_errors=True)
