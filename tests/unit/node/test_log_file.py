"""The ring of files of a process's log lines, and how they are read back."""

import io
import logging
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from vedette.domain.camera import Secret
from vedette.node import log_file
from vedette.node.log_file import LogFile, files_of, processes_in
from vedette.node.logging import configure_logging


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave the logging of the test process as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_lines_are_kept_private_and_without_secrets(tmp_path: Path) -> None:
    """What is written is JSON, readable for this user only, redacted like the lines on the screen."""
    file = tmp_path / "logs" / "worker-1.jsonl"
    configure_logging(stream=io.StringIO(), file=file)
    structlog.get_logger("t").warning("lost rtsp://ada:s3cret@cam/1", camera="door", key=Secret("hunter2"))
    text = file.read_text()
    assert '"camera": "door"' in text
    assert "s3cret" not in text
    assert "hunter2" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_files_are_a_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is said, the newest lines are there and the oldest files go."""
    monkeypatch.setattr(log_file, "SIZE_BYTES", 1000)
    handler = LogFile(tmp_path / "server.jsonl")
    for number in range(500):
        handler.handle(logging.makeLogRecord({"msg": f"line {number}"}))
    handler.close()
    files = files_of(tmp_path, "server")
    assert len(files) == 4
    assert all(file.stat().st_size <= 1000 for file in files)
    assert "line 499" in files[0].read_text()
    assert processes_in(tmp_path) == ["server"]


def test_a_disk_that_refuses_lines_stops_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Lines that cannot be written are counted; nothing is raised or printed."""
    handler = LogFile(tmp_path / "server.jsonl")
    handler.baseFilename = "/dev/full"
    handler.handle(logging.makeLogRecord({"msg": "x" * 10}))
    assert handler.lost == 1
    assert capfd.readouterr().err == ""
    with suppress(OSError):
        handler.close()
