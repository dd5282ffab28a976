"""The file of a backup: what is damaged, cut off, foreign or too new is refused."""

import gzip
import io
import stat
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.domain.errors import StorageError
from vedette.server.backup.archive import Archive, part_of, quiet, write_archive
from vedette.server.backup.manifest import FORMAT, NAME, SQLITE, Manifest, Part

CONTENT = bytes(range(256)) * 40


def manifest_of(*parts: Part) -> Manifest:
    return Manifest(
        version="0.1.0", made="2026-01-01T00:00:00+00:00", engine="sqlite", migrations=(), parts=parts
    )


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with a part."""
    folder = tmp_path_factory.mktemp("backup")
    (folder / SQLITE).write_bytes(CONTENT)
    target = folder / "a.vedette-backup"
    write_archive(target, manifest_of(part_of(folder / SQLITE, SQLITE)), folder, quiet)
    return target


def unpacked(path: Path, folder: Path) -> bytes:
    """What restoring would see."""
    with closing(Archive(path)) as archive:
        archive.unpack(folder)
    return (folder / SQLITE).read_bytes()


def test_what_was_packed_comes_out(backup: Path, tmp_path: Path) -> None:
    """Byte by byte; the file is for this user only."""
    assert unpacked(backup, tmp_path) == CONTENT
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


@given(st.data())
@settings(max_examples=60)
def test_damage_is_found(backup: Path, tmp_path: Path, data: st.DataObject) -> None:
    """A byte that changed anywhere, or an end that is missing, is refused with words, or changes nothing."""
    content = bytearray(backup.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[at:]
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    (tmp_path / "damaged").write_bytes(content)
    try:
        found = unpacked(tmp_path / "damaged", tmp_path)
    except StorageError as error:
        found, words = CONTENT, str(error)
    else:
        words = "cannot be restored"
    assert found == CONTENT
    assert "cannot be restored" in words or "newer" in words


def packed(path: Path, *members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> Path:
    """An archive with any content."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size, entry.type, entry.linkname = (
                len(content),
                kind if name != NAME else b"0",
                "/etc/passwd",
            )
            tar.addfile(entry, io.BytesIO(content))
    return path


def evil() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Archives that somebody made by hand."""
    for name in ("../x", "/etc/x", "tables/../../x", "..", "tables/..", "a/b", "x\n", "tables/"):
        part = Part(name=name, size_bytes=1, sha256="")
        yield "no name of a part", [(NAME, msgspec.json.encode(manifest_of(part))), (name, b"x")]
    fine = Part(name=SQLITE, size_bytes=1, sha256="x")
    yield "not what was saved", [(NAME, msgspec.json.encode(manifest_of(fine))), (SQLITE, b"x")]
    yield "not where it should be", [(NAME, msgspec.json.encode(manifest_of(fine))), (SQLITE, b"xx")]
    yield "not where it should be", [(NAME, msgspec.json.encode(manifest_of(fine)))]
    yield "more than its manifest", [(NAME, msgspec.json.encode(manifest_of())), ("more", b"x")]
    yield "no backup of Vedette", [("other", b"x")]
    yield "no backup of Vedette", []
    yield "newer", [(NAME, msgspec.json.encode({"format": FORMAT + 1}))]
    yield "cannot be restored", [(NAME, b"{}")]
    yield "cannot be restored", [(NAME, b'{"version":"\xba"}')]
    yield "cannot be restored", [(NAME, b"[" * 100_000)]


@pytest.mark.parametrize(("words", "members"), list(evil()))
def test_what_is_no_backup_is_refused(tmp_path: Path, words: str, members: list[tuple[str, bytes]]) -> None:
    """Names that lead elsewhere, wrong sizes and hashes, too much, too little, something else."""
    with pytest.raises(StorageError, match=words):
        unpacked(packed(tmp_path / "a", *members), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"a", SQLITE}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
def test_only_plain_files_are_taken(tmp_path: Path, kind: bytes) -> None:
    """Links and devices in an archive are nothing of ours."""
    part = Part(name=SQLITE, size_bytes=0, sha256="")
    path = packed(tmp_path / "a", (NAME, msgspec.json.encode(manifest_of(part))), (SQLITE, b""), kind=kind)
    with pytest.raises(StorageError, match="not where it should be"):
        unpacked(path, tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"x" * 100, gzip.compress(b""), gzip.compress(b"x" * 100_000)],
    ids=["empty", "text", "empty archive", "archive of one text"],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever somebody gives by mistake."""
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(StorageError, match="cannot be restored"):
        Archive(tmp_path / "a")


def test_a_missing_file_and_a_full_disk_are_explained(tmp_path: Path) -> None:
    """By their names."""
    with pytest.raises(StorageError, match="No such file"):
        Archive(tmp_path / "gone")
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        write_archive(tmp_path / "file" / "a", manifest_of(), tmp_path, quiet)


def test_a_target_appears_complete_or_not_at_all(backup: Path, tmp_path: Path) -> None:
    """When packing fails half-way the old file is still there, and nothing else."""
    target = tmp_path / "a"
    target.write_bytes(b"the one of yesterday")
    gone = Part(name="gone", size_bytes=1, sha256="")
    with pytest.raises(StorageError):
        write_archive(target, manifest_of(gone), tmp_path, quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert target.read_bytes() == b"the one of yesterday"
