"""The file of a backup: a tar, compressed by gzip, with the manifest first and a hash of every part."""

import gzip
import hashlib
import os
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO

import msgspec

from vedette.domain.errors import StorageError
from vedette.server.backup.manifest import FORMAT, NAME, Manifest, Part

OnProgress = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""

CHUNK_BYTES = 1 << 20
LARGEST_MANIFEST_BYTES = 1 << 20
_LEVEL = 4
_DAMAGED = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, RecursionError)
"""What reading a damaged file may raise: text that is no JSON, or no UTF-8, is a `ValueError`."""


def quiet(_: float) -> None:
    """Tells nobody about progress."""


def part_of(path: Path, name: str, columns: tuple[str, ...] = ()) -> Part:
    """Describe a file that goes into the archive."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Part(name=name, size_bytes=path.stat().st_size, sha256=digest, columns=columns)


def write_archive(target: Path, manifest: Manifest, folder: Path, on_progress: OnProgress) -> None:
    """Pack the parts, which lie in the folder by their names; the target appears complete or not at all.

    Raises:
        StorageError: it cannot be written.
    """
    total = sum(part.size_bytes for part in manifest.parts) or 1
    done = 0
    with _appearing(target) as out, tarfile.open(fileobj=out, mode="w:gz", compresslevel=_LEVEL) as tar:
        _add(tar, NAME, BytesIO(msgspec.json.format(msgspec.json.encode(manifest))))
        for part in manifest.parts:
            with (folder / part.name).open("rb") as file:
                _add(tar, part.name, file)
            done += part.size_bytes
            on_progress(done / total)


def _add(tar: tarfile.TarFile, name: str, file: IO[bytes]) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = file.seek(0, os.SEEK_END)
    entry.mode = 0o600
    file.seek(0)
    tar.addfile(entry, file)


@contextmanager
def _appearing(target: Path) -> Iterator[IO[bytes]]:
    """A new file for this user only, put in place when it is complete and on the disk."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            temporary = Path(file.name)
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"The backup {target} cannot be written: {error.strerror or error}.") from error


class Archive:
    """A backup that is read from its beginning to its end, once.

    Args:
        path: the file.

    Raises:
        StorageError: it cannot be read, or is no backup that this version understands.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._trouble():
            self._tar = tarfile.open(path, "r|gz")  # noqa: SIM115  closed by close
            self.manifest = self._read_manifest()

    def close(self) -> None:
        """Let go of the file."""
        self._tar.close()

    def unpack(self, folder: Path, on_progress: OnProgress = quiet) -> None:
        """Write every part into the folder, and compare it with the manifest.

        Raises:
            StorageError: the file is damaged, cut off, or was tampered with.
        """
        total = sum(part.size_bytes for part in self.manifest.parts) or 1
        done = 0
        with self._trouble():
            for part in self.manifest.parts:
                self._unpack_one(part, folder)
                done += part.size_bytes
                on_progress(done / total)
            if self._tar.next() is not None:
                raise self._damaged("it holds more than its manifest says")

    def _unpack_one(self, part: Part, folder: Path) -> None:
        entry = self._tar.next()
        if entry is None or not entry.isreg() or (entry.name, entry.size) != (part.name, part.size_bytes):
            raise self._damaged(f"{part.name} is not where it should be")
        source, digest = self._tar.extractfile(entry), hashlib.sha256()
        target = folder / part.name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        assert source is not None
        with target.open("wb") as out:
            while chunk := source.read(CHUNK_BYTES):
                digest.update(chunk)
                out.write(chunk)
        if digest.hexdigest() != part.sha256:
            raise self._damaged(f"{part.name} is not what was saved")

    def _read_manifest(self) -> Manifest:
        entry = self._tar.next()
        if entry is None or not entry.isreg() or entry.name != NAME or entry.size > LARGEST_MANIFEST_BYTES:
            raise self._damaged("it does not begin with a manifest: this is no backup of Vedette")
        file = self._tar.extractfile(entry)
        assert file is not None
        text = file.read()
        if msgspec.json.decode(text, type=_Version).format > FORMAT:
            raise StorageError(
                f"{self._path} was made by a newer Vedette.", hint="Install that version first."
            )
        manifest = msgspec.json.decode(text, type=Manifest)
        if bad := [part.name for part in manifest.parts if not _is_name(part.name)]:
            raise self._damaged(f"{bad[0]!r} is no name of a part")
        return manifest

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except _DAMAGED as error:
            raise self._damaged(str(error) or "it ends too early") from None
        except OSError as error:
            raise StorageError(f"{self._path} cannot be read: {error.strerror or error}.") from None

    def _damaged(self, why: str) -> StorageError:
        return StorageError(
            f"{self._path} cannot be restored: {why}.", hint="Nothing was changed. Take another backup."
        )


class _Version(msgspec.Struct):
    format: int


def _is_name(name: str) -> bool:
    """Only what backups are made of; nothing leads out of a folder."""
    parts = name.split("/")
    table = len(parts) == 2 and parts[0] == "tables"
    return (table or len(parts) == 1) and all(part.strip(".") and part.isprintable() for part in parts)
