"""Compares the index with the disk, and repairs the differences (`vedette check`, promise P1).

Rows and files are walked side by side in the order of their paths, so that millions need no memory. Only
files whose path has the form of a segment's are ours; all others are left alone.
"""

import os
import time
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

import msgspec

from vedette.domain.errors import StorageError
from vedette.domain.messages import SegmentMessage
from vedette.recording.boxes import DamagedSegmentError
from vedette.recording.disk import in_use
from vedette.recording.fmp4 import parse_segment
from vedette.recording.naming import parse_name
from vedette.recording.repair import GARBAGE_SUFFIX, orphan_message, repaired_message

SETTLED_S = 30.0
"""A file written to more recently belongs to a recorder that is at work."""


class FindingKind(StrEnum):
    """A difference between index and disk."""

    MISSING_FILE = "missing_file"
    ORPHAN_FILE = "orphan_file"
    HALF_WRITTEN = "half_written"
    WRONG_SIZE = "wrong_size"
    STALE_OPEN = "stale_open"
    GARBAGE = "garbage"


class RepairStep(StrEnum):
    """What is done about a finding."""

    DELETE_ROW = "delete the index row"
    ADD_ROW = "finish the file and add an index row"
    FINISH_FILE = "cut the file to its last complete fragment and correct the index row"
    CORRECT_ROW = "correct the index row"
    REPORT = "nothing: look at it, then delete it"


class SegmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An index row that is not deleted; `path` is relative to the recordings folder."""

    id: str
    camera: str
    path: str
    state: str
    start_utc_s: float
    end_utc_s: float
    size_bytes: int
    has_motion: bool = False
    has_event: bool = False
    activity: bytes = b""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One difference."""

    kind: FindingKind
    path: str
    message: str
    row: SegmentRow | None = None


_STEPS = {
    FindingKind.MISSING_FILE: RepairStep.DELETE_ROW,
    FindingKind.ORPHAN_FILE: RepairStep.ADD_ROW,
    FindingKind.HALF_WRITTEN: RepairStep.FINISH_FILE,
    FindingKind.STALE_OPEN: RepairStep.FINISH_FILE,
    FindingKind.WRONG_SIZE: RepairStep.CORRECT_ROW,
    FindingKind.GARBAGE: RepairStep.REPORT,
}


def plan(finding: Finding) -> RepairStep:
    """What `repair` will do."""
    return _STEPS[finding.kind]


def compare(
    rows: Iterable[SegmentRow], root: Path, *, thorough: bool = False, now_utc_s: float | None = None
) -> list[Finding]:
    """All differences, in the order of the paths.

    Args:
        rows: sorted by path, byte by byte (in SQL: `ORDER BY path COLLATE "C"` on Postgres).
        root: the recordings folder.
        thorough: read every file, not only those whose size differs.
        now_utc_s: the time; files written to just before belong to a recorder at work.

    Raises:
        ValueError: the rows are not sorted.
        StorageError: the folder cannot be read.
    """
    return list(differences(rows, root, thorough=thorough, now_utc_s=now_utc_s))


def differences(
    rows: Iterable[SegmentRow], root: Path, *, thorough: bool = False, now_utc_s: float | None = None
) -> Iterator[Finding]:
    """Like `compare`, one at a time."""
    if not Path(root).is_dir():
        raise StorageError(f"There is no folder {root}.", hint="Is the disk mounted?")
    now = time.time() if now_utc_s is None else now_utc_s
    for path, row, file in _side_by_side(_checked(rows), _files(Path(root))):
        finding = _compare_one(Path(root), path, row, file, now, thorough=thorough)
        if finding is not None:
            yield finding


def repair(finding: Finding, root: Path) -> SegmentMessage | None:
    """Do what `plan` says; the message is to be stored in the index. None when there is nothing to store.

    Raises:
        StorageError: the disk refuses, or a recorder is writing this very file.
    """
    if plan(finding) is RepairStep.REPORT:
        return None
    if finding.kind is FindingKind.MISSING_FILE and (Path(root) / finding.path).exists():
        return None  # it was made, or its disk mounted, in the meantime
    message = _row_message(finding.row) if finding.row else orphan_message(finding.path)
    return None if message is None else repaired_message(Path(root), message)


def _compare_one(
    root: Path, path: str, row: SegmentRow | None, file: os.stat_result | None, now: float, *, thorough: bool
) -> Finding | None:
    if file is None:
        return Finding(kind=FindingKind.MISSING_FILE, path=path, message="The file is gone.", row=row)
    if path.endswith(GARBAGE_SUFFIX):
        return Finding(kind=FindingKind.GARBAGE, path=path, message="A damaged segment was set aside here.")
    if row is None or row.state == "open":
        return None if _at_work(root / path, file, now) else _left_behind(path, row)
    if row.size_bytes == file.st_size and not thorough:
        return None
    return _look_inside(root, path, row, file.st_size)


def _at_work(path: Path, file: os.stat_result, now: float) -> bool:
    """Whether a recorder writes it, or its message is still on the way to the index."""
    return now - file.st_mtime < SETTLED_S or in_use(path)


def _left_behind(path: str, row: SegmentRow | None) -> Finding:
    if row is None:
        return Finding(kind=FindingKind.ORPHAN_FILE, path=path, message="No index row knows the file.")
    return Finding(kind=FindingKind.STALE_OPEN, path=path, row=row, message="Nobody writes it any more.")


def _look_inside(root: Path, path: str, row: SegmentRow, size_bytes: int) -> Finding | None:
    try:
        complete = parse_segment(root / path).complete
    except DamagedSegmentError as error:
        return Finding(kind=FindingKind.HALF_WRITTEN, path=path, row=row, message=str(error))
    if not complete:
        return Finding(kind=FindingKind.HALF_WRITTEN, path=path, row=row, message="The file has no end mark.")
    if row.size_bytes == size_bytes:
        return None
    message = f"The file has {size_bytes} bytes, its row says {row.size_bytes}."
    return Finding(kind=FindingKind.WRONG_SIZE, path=path, row=row, message=message)


def _row_message(row: SegmentRow) -> SegmentMessage:
    return SegmentMessage(
        id=row.id,
        camera=row.camera,
        path=row.path,
        state="open",
        start_utc_s=row.start_utc_s,
        end_utc_s=row.end_utc_s,
        has_motion=row.has_motion,
        has_event=row.has_event,
        activity=row.activity,
    )


def _checked(rows: Iterable[SegmentRow]) -> Iterator[tuple[str, SegmentRow]]:
    before = ""
    for row in rows:
        if row.path <= before:
            raise ValueError(f"index rows are not sorted by path: {row.path!r} after {before!r}")
        before = row.path
        yield row.path, row


def _side_by_side(
    rows: Iterator[tuple[str, SegmentRow]], files: Iterator[tuple[str, os.stat_result]]
) -> Iterator[tuple[str, SegmentRow | None, os.stat_result | None]]:
    """Merge two sorted streams by path."""
    row, file = next(rows, None), next(files, None)
    while row is not None or file is not None:
        if file is None or (row is not None and row[0] < file[0]):
            assert row is not None
            yield row[0], row[1], None
            row = next(rows, None)
        elif row is None or file[0] < row[0]:
            yield file[0], None, file[1]
            file = next(files, None)
        else:
            yield row[0], row[1], file[1]
            row, file = next(rows, None), next(files, None)


def _files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Our files below the root in the order of their paths: camera, day, hour, file."""
    for camera in _folders(root):
        for day in _folders(camera):
            for hour in _folders(day):
                yield from _segments(root, hour)


def _segments(root: Path, hour: Path) -> Iterator[tuple[str, os.stat_result]]:
    for entry in sorted(_entries(hour), key=lambda entry: entry.name):
        path = f"{hour.relative_to(root).as_posix()}/{entry.name}"
        if parse_name(path.removesuffix(GARBAGE_SUFFIX)) is None or not entry.is_file(follow_symlinks=False):
            continue
        try:
            yield path, entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # retention was faster


def _folders(parent: Path) -> list[Path]:
    """Sorted as the paths below them sort: `door-2/` comes before `door/`."""
    folders = [entry for entry in _entries(parent) if entry.is_dir(follow_symlinks=False)]
    return [Path(entry.path) for entry in sorted(folders, key=lambda entry: entry.name + "/")]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"Cannot read the folder {folder}: {error.strerror}.") from error
