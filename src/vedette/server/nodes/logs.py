"""Log lines of all processes of this machine, newest first, read backwards from their files."""

import heapq
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from vedette.node.log_file import files_of, processes_in

LEVELS = ("debug", "info", "warning", "error", "critical")
_SHOWN = frozenset({"event", "level", "logger", "timestamp"})
_CHUNK_BYTES = 64 * 1024
MOST_READ_BYTES = 8_000_000
"""Of each process; older lines are not searched."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class Line:
    """One log line.

    Attributes:
        event: what happened.
        details: all else that was said, as text by name.
    """

    time: datetime
    process: str
    level: str
    logger: str
    event: str
    camera: str
    details: dict[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines; empty means all.

    Attributes:
        level: this level and those above.
        text: part of the event or of a detail, in any case.
        before: only older lines.
        hidden: cameras that the one who asks may not see: no line about them.
    """

    camera: str = ""
    process: str = ""
    level: str = ""
    text: str = ""
    before: datetime | None = None
    hidden: frozenset[str] = frozenset()

    def fits(self, line: Line) -> bool:
        """Whether the line was asked for."""
        if (self.camera and self.camera != line.camera) or line.camera in self.hidden:
            return False
        if self.level in LEVELS and _rank(line.level) < LEVELS.index(self.level):
            return False
        if self.before is not None and line.time >= self.before:
            return False
        words = (line.event, *line.details.values())
        return not self.text or any(self.text.casefold() in word.casefold() for word in words)


def read_lines(folder: Path, asked: Asked, limit: int) -> list[Line]:
    """The newest lines that fit, of every process or of one."""
    names = [name for name in processes_in(folder) if asked.process in {"", name}]
    newest = heapq.merge(*(_lines(folder, name) for name in names), key=lambda line: line.time, reverse=True)
    found = []
    for line in newest:
        if asked.fits(line):
            found.append(line)
            if len(found) >= limit:
                break
    return found


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else 0


def _lines(folder: Path, process: str) -> Iterator[Line]:
    left = MOST_READ_BYTES
    for file in files_of(folder, process):
        for raw in _backwards(file):
            left -= len(raw)
            if left < 0:
                return
            if (line := _parse(process, raw)) is not None:
                yield line


def _backwards(file: Path) -> Iterator[bytes]:
    """The lines of a file, last first, whatever its size."""
    try:
        with file.open("rb") as source:
            position, rest = source.seek(0, os.SEEK_END), b""
            while position > 0:
                size = min(_CHUNK_BYTES, position)
                position = source.seek(position - size)
                rest, *lines = (source.read(size) + rest).split(b"\n")
                yield from reversed(lines)
            yield rest
    except FileNotFoundError:  # it was rotated away meanwhile
        return


def _parse(process: str, raw: bytes) -> Line | None:
    """A line as it was written; None for what is none, such as one that a crash cut short."""
    try:
        said = _decode(raw)
        time = datetime.fromisoformat(str(said["timestamp"])).astimezone(UTC)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, ValueError, RecursionError):
        return None
    details = {name: _text(value) for name, value in said.items() if name not in _SHOWN}
    return Line(
        time=time,
        process=process,
        level=str(said.get("level", "info")),
        logger=str(said.get("logger", "")),
        event=str(said.get("event", "")),
        camera=_camera(said.items()),
        details=details,
    )


def _camera(said: Iterable[tuple[str, Any]]) -> str:
    return next((str(value) for name, value in said if name == "camera"), "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
