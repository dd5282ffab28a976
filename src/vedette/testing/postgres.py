"""A Postgres server of one's own, for tests and benchmarks: a real one, as installed on the machine."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vedette.testing.ports import free_port


class MissingError(Exception):
    """There is no Postgres that could be started; the message says why."""


@contextmanager
def postgres(*settings: str) -> Iterator[str]:
    """The URL of an empty database in a cluster of its own, which is gone afterwards.

    Args:
        settings: such as `fsync=off`.

    Raises:
        MissingError: Postgres is not installed, or may not run as this user.
    """
    binaries, as_user = _binaries(), _as_user()
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        if as_user:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        data, port = f"{folder}/data", free_port()
        initdb = [
            str(binaries / "initdb"),
            "-D",
            data,
            "-U",
            "vedette",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
        ]
        _run([*as_user, *initdb])
        options = [
            f"port={port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={folder}",
            *settings,
        ]
        control = [*as_user, str(binaries / "pg_ctl"), "-D", data, "-w"]
        _run([*control, "-o", " ".join(f"-c {option}" for option in options), "-l", f"{folder}/log", "start"])
        try:
            yield f"postgresql://vedette@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "fast", "stop"])


def _binaries() -> Path:
    """Where initdb is."""
    folders = [Path(found).parent] if (found := shutil.which("initdb")) else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not folders:
        raise MissingError("no Postgres server on this machine: install postgresql")
    return folders[0]


def _as_user() -> list[str]:
    """Postgres refuses to run as root."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise MissingError("Postgres does not run as root, and there is no user postgres") from None
    return ["runuser", "-u", "postgres", "--"]


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd="/")
