"""Log lines read back: newest first over all processes, filtered, whatever the files hold."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vedette.server.nodes import logs
from vedette.server.nodes.logs import Asked, read_lines

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def write(folder: Path, process: str, *seconds: float, suffix: str = "", **said: Any) -> None:
    """Lines of a process, so many seconds after noon."""
    fields = {"event": "said", "level": "info", "logger": "t"} | said
    lines = [
        json.dumps(fields | {"timestamp": (NOON + timedelta(seconds=s)).isoformat(), "n": s}) for s in seconds
    ]
    with (folder / f"{process}.jsonl{suffix}").open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def numbers(folder: Path, limit: int = 100, **asked: Any) -> list[str]:
    """The numbers of the lines that are found."""
    return [line.details["n"] for line in read_lines(folder, Asked(**asked), limit)]


def test_newest_first_over_processes_and_older_files(tmp_path: Path) -> None:
    """Lines of several processes and of rotated files come in one order, no more than asked for."""
    write(tmp_path, "server", 1, 4, suffix=".1")
    write(tmp_path, "server", 6, 8)
    write(tmp_path, "worker-1", 2, 5, 7)
    assert numbers(tmp_path) == ["8", "7", "6", "5", "4", "2", "1"]
    assert numbers(tmp_path, limit=2) == ["8", "7"]
    assert numbers(tmp_path, process="worker-1") == ["7", "5", "2"]
    assert numbers(tmp_path, before=NOON + timedelta(seconds=5)) == ["4", "2", "1"]


def test_filters(tmp_path: Path) -> None:
    """By camera, by level and above, by words in the event or a detail."""
    write(tmp_path, "w", 1, camera="door", level="warning", reason="Connection REFUSED")
    write(tmp_path, "w", 2, camera="yard", level="error", event="disk failed")
    write(tmp_path, "w", 3)
    assert numbers(tmp_path, camera="door") == ["1"]
    assert numbers(tmp_path, level="warning") == ["2", "1"]
    assert numbers(tmp_path, level="nonsense") == ["3", "2", "1"]
    assert numbers(tmp_path, text="refused") == ["1"]
    assert numbers(tmp_path, text="DISK") == ["2"]


def test_long_files_are_read_in_pieces(tmp_path: Path, monkeypatch: Any) -> None:
    """Lines across the border of two pieces are whole; the search ends at its bound."""
    monkeypatch.setattr(logs, "_CHUNK_BYTES", 97)
    write(tmp_path, "w", *range(200))
    assert numbers(tmp_path, limit=1000) == [str(n) for n in range(199, -1, -1)]
    monkeypatch.setattr(logs, "MOST_READ_BYTES", 1000)
    assert 5 < len(numbers(tmp_path, limit=1000)) < 15


def test_what_is_no_line_is_left_out(tmp_path: Path) -> None:
    """A line that a crash cut short, or that another program wrote, costs itself only (P7)."""
    write(tmp_path, "w", 1)
    with (tmp_path / "w.jsonl").open("ab") as file:
        file.write(b'{"event": "cut sho\n\xff\xfe\n[1]\n{"event": "no time"}\n{"timestamp": 5}\n')
    write(tmp_path, "w", 2)
    assert numbers(tmp_path) == ["2", "1"]
    assert numbers(tmp_path / "nowhere") == []


@given(st.binary(max_size=300))
def test_any_bytes_are_read(tmp_path_factory: Any, data: bytes) -> None:
    """Whatever a file holds, reading it raises nothing (P7)."""
    folder = tmp_path_factory.mktemp("logs")
    (folder / "w.jsonl").write_bytes(data)
    read_lines(folder, Asked(), 10)
