"""Downloads that can be interrupted, and are trusted only when their hash is right."""

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import httpx
import structlog

from vedette import __version__
from vedette.domain.errors import ModelError

log = structlog.get_logger(__name__)

OnProgress = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes of the whole file."""

ATTEMPTS = 4
PAUSE_S = 0.5
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
OFFLINE = "Check the network, or put the file into a folder that VEDETTE_MODELS names."


class Source:
    """What is to be downloaded: `url`, and the size and SHA-256 that it must have."""

    def __init__(self, url: str, size_bytes: int, sha256: str) -> None:
        self.url, self.size_bytes, self.sha256 = url, size_bytes, sha256


def download(source: Source, target: Path, progress: OnProgress | None = None) -> None:
    """Fetch a file, verify it, and put it in place atomically.

    A part that is left of an interrupted download (`.part`) is continued when the server still has the same
    file. Of several processes one downloads and the others wait.

    Raises:
        ModelError: no network, an HTTP error, a wrong size or hash, or a disk that cannot be written.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not _put_by_another(target, file):
                _fetch(source, file, _tag_file(part), progress)
                _put_in_place(source, part, file, target)
    except OSError as error:
        raise ModelError(
            f"{target} cannot be written: {error}.", hint="Is the disk full or read-only?"
        ) from error


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tag_file(part: Path) -> Path:
    return part.with_name(part.name + ".tag")


def _put_by_another(target: Path, file: BinaryIO) -> bool:
    """Whether the part was renamed to the target while we waited for the lock."""
    return target.exists() and os.path.samestat(target.stat(), os.fstat(file.fileno()))


def _fetch(source: Source, file: BinaryIO, tag: Path, progress: OnProgress | None) -> None:
    """Receive what is missing; an interruption is continued a few times."""
    with httpx.Client(
        follow_redirects=True, timeout=TIMEOUT, headers={"User-Agent": f"vedette/{__version__}"}
    ) as client:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _receive(client, source, file, tag, progress)
            except httpx.HTTPStatusError as error:
                raise _refused(source, f"the server answers {error.response.status_code}") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if attempt == ATTEMPTS or file.tell() == 0:
                    raise _refused(source, str(error) or type(error).__name__) from error
                log.info("download interrupted, continuing", url=source.url, received_bytes=file.tell())
                time.sleep(PAUSE_S * attempt)
        return None


def _receive(
    client: httpx.Client, source: Source, file: BinaryIO, tag: Path, progress: OnProgress | None
) -> None:
    start = file.seek(0, os.SEEK_END)
    if start == source.size_bytes:
        return
    with client.stream("GET", source.url, headers=_range_headers(start, tag)) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            file.truncate(0)
            raise httpx.ReadError("the server has no such part; starting again")
        response.raise_for_status()
        if response.status_code != httpx.codes.PARTIAL_CONTENT or not _continues(response, start):
            file.truncate(0)
        tag.write_text(response.headers.get("ETag") or response.headers.get("Last-Modified") or "")
        for chunk in response.iter_bytes():
            file.write(chunk)
            if file.tell() > source.size_bytes:
                file.truncate(0)
                raise _refused(source, f"it is larger than the expected {source.size_bytes} bytes")
            if progress is not None:
                progress(file.tell(), source.size_bytes)
    if file.tell() < source.size_bytes:
        raise httpx.ReadError("the connection ended early")


def _range_headers(start: int, tag: Path) -> dict[str, str]:
    """Ask for the rest, if the file is still the same (RFC 9110, 13.1.5); all of it when nothing is known."""
    plain = {"Accept-Encoding": "identity"}
    validator = tag.read_text() if start and tag.exists() else ""
    if not validator or validator.startswith("W/"):
        return plain
    return plain | {"Range": f"bytes={start}-", "If-Range": validator}


def _continues(response: httpx.Response, start: int) -> bool:
    return str(response.headers.get("Content-Range", "")).startswith(f"bytes {start}-")


def _put_in_place(source: Source, part: Path, file: BinaryIO, target: Path) -> None:
    file.flush()
    size_bytes, digest = part.stat().st_size, sha256_of(part)
    if digest != source.sha256:
        part.unlink()
        _tag_file(part).unlink(missing_ok=True)
        raise ModelError(
            f"The file from {source.url} is not the expected one: {size_bytes} bytes with SHA-256 {digest}, "
            f"not {source.size_bytes} bytes with {source.sha256}.",
            hint="It was thrown away. Perhaps a login page answered; try again or fetch it by hand.",
        )
    os.fsync(file.fileno())
    part.replace(target)
    _tag_file(part).unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _refused(source: Source, why: str) -> ModelError:
    return ModelError(f"{source.url} cannot be downloaded: {why}.", hint=OFFLINE)


@contextlib.contextmanager
def progress_bar(name: str) -> Iterator[OnProgress]:
    """A bar on standard error that follows a download."""
    from rich.console import Console  # noqa: PLC0415 -- only where there is a person to look
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(f"Downloading {name}", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
