"""Log lines of a process in a ring of files, for the pages: bounded, private, and never in the way."""

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

SIZE_BYTES = 2_000_000
OLDER_FILES = 3
"""A process keeps at most `SIZE_BYTES` times one more than this."""


class LogFile(RotatingFileHandler):
    """Appends lines; a disk that refuses them costs the lines, and nothing else.

    Attributes:
        lost: lines that could not be written.
    """

    def __init__(self, path: Path) -> None:
        self.lost = 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(path, maxBytes=SIZE_BYTES, backupCount=OLDER_FILES, encoding="utf-8", delay=True)

    def _open(self) -> Any:
        return open(self.baseFilename, "a", encoding="utf-8", opener=_private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  named by logging
        """Count; the same line went to standard error."""
        self.lost += 1


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def files_of(folder: Path, process: str) -> list[Path]:
    """The files of a process, newest first."""
    current = folder / f"{process}.jsonl"
    files = [current, *(current.with_name(f"{current.name}.{n}") for n in range(1, OLDER_FILES + 1))]
    return [file for file in files if file.exists()]


def processes_in(folder: Path) -> list[str]:
    """The processes that have a file there."""
    return sorted(path.name.removesuffix(".jsonl") for path in folder.glob("*.jsonl"))
