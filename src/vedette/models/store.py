"""Where model files are: folders that the user names, then the home."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from vedette.domain.errors import ModelError
from vedette.models.catalogue import (
    CatalogueEntry,
    built_in_catalogue,
    check_name,
    read_catalogue,
    write_catalogue,
)
from vedette.models.download import OnProgress, Source, download, sha256_of
from vedette.vision.detectors.base import ModelFile
from vedette.vision.detectors.labels import read_labels
from vedette.vision.detectors.registry import load_detector

log = structlog.get_logger(__name__)

SUFFIX = ".onnx"
LABELS_SUFFIX = ".labels"


class ModelStatus(msgspec.Struct, frozen=True):
    """A catalogue entry and its file: `path` is None when there is none, `problem` says what is wrong."""

    entry: CatalogueEntry
    path: Path | None = None
    problem: str = ""


class ModelStore:
    """Finds, downloads, adds and verifies model files.

    Args:
        home_models: downloads and the user's own models; `catalogue.toml` there lists the latter.
        search: folders that are looked through first (`VEDETTE_MODELS`).
    """

    def __init__(self, home_models: Path, search: Sequence[Path] = ()) -> None:
        self._home = home_models
        self._folders = (*search, home_models)
        self._digests: dict[tuple[Path, int, int], str] = {}

    def entries(self) -> dict[str, CatalogueEntry]:
        """All entries by name; the user's own replace built-in ones. Raises ModelError."""
        return built_in_catalogue() | read_catalogue(self._own_catalogue)

    def list(self) -> list[ModelStatus]:
        """Every entry with its file or what is wrong with it. Raises ModelError for a broken catalogue."""
        return [self._status(entry) for entry in self.entries().values()]

    def locate(self, name: str) -> ModelFile:
        """The model of this name, or the ONNX file of this path.

        A file in the folders that no entry names is taken as it is, with labels from `NAME.labels`.

        Raises:
            ModelError: there is no such model, its file is missing, or not the one it should be.
        """
        if name.endswith(SUFFIX) or os.sep in name:
            return self._unlisted(Path(name))
        check_name(name)
        entry = self.entries().get(name)
        if entry is not None:
            return self._found(entry)
        for path in self._candidates(name):
            return self._unlisted(path)
        raise ModelError(f"There is no model {name!r}.", hint=f"Known: {', '.join(self.entries())}.")

    def pull(self, name: str, progress: OnProgress | None = None) -> Path:
        """The model's file, downloaded when it is not there.

        Raises:
            ModelError: it is not known, has no address, or cannot be downloaded.
        """
        entry = self._entry(name)
        if (path := self._status(entry).path) is not None:
            return path
        if not entry.url or not entry.sha256:
            raise ModelError(
                f"The model {name} cannot be downloaded.",
                hint=f"Put {name}{SUFFIX} into a folder that VEDETTE_MODELS names.",
            )
        target = self._home / f"{name}{SUFFIX}"
        download(Source(entry.url, entry.size_bytes, entry.sha256[0]), target, progress)
        return target

    def add(
        self, file: Path, labels: Path | None = None, name: str = "", family: str | None = None
    ) -> CatalogueEntry:
        """Take in a user's own ONNX file, after trying it out.

        Args:
            file: is copied into the home.
            labels: one a line; the file's own labels when absent.
            name: of the new entry; the file's when empty.
            family: see the registry; recognised when absent.

        Raises:
            ModelError: the file is not a detector, its labels do not fit, or the name is not possible.
        """
        name = name or file.stem
        check_name(name)
        own_labels = read_labels(labels) if labels is not None else None
        digest = self._digest(_existing(file))
        detector = load_detector(ModelFile(path=file, name=name, family=family, labels=own_labels))
        entry = CatalogueEntry(
            name=name,
            sha256=(digest,),
            size_bytes=file.stat().st_size,
            family=family,
            labels=detector.labels,
            input_size=detector.input_size,
            own=True,
        )
        self._take_in(file, entry)
        return entry

    def verify(self, name: str) -> Path:
        """The model's file, read and compared with the catalogue again.

        Raises:
            ModelError: it is missing, or has another hash than it should.
        """
        self._digests.clear()
        status = self._status(self._entry(name))
        if status.path is None or status.problem:
            raise ModelError(
                status.problem or f"There is no file of the model {name}.", hint=_how_to_get(name)
            )
        return status.path

    # -- files ----------------------------------------------------------------------------------------

    @property
    def _own_catalogue(self) -> Path:
        return self._home / "catalogue.toml"

    def _entry(self, name: str) -> CatalogueEntry:
        entries = self.entries()
        if name not in entries:
            raise ModelError(f"There is no model {name!r}.", hint=f"Known: {', '.join(entries)}.")
        return entries[name]

    def _candidates(self, name: str) -> Sequence[Path]:
        paths = [folder / f"{name}{SUFFIX}" for folder in self._folders]
        return [path for path in paths if path.is_file()]

    def _status(self, entry: CatalogueEntry) -> ModelStatus:
        """The first file that is accepted; a user's own model may have been replaced, others may not."""
        problem = ""
        for path in self._candidates(entry.name):
            digest = self._digest(path)
            if digest in entry.sha256:
                return ModelStatus(entry, path)
            problem = f"{path} is not the file that the catalogue names: its SHA-256 is {digest}."
            log.warning("model file is not the one in the catalogue", model=entry.name, path=str(path))
            if entry.own:
                return ModelStatus(entry, path, problem)
        return ModelStatus(entry, None, problem)

    def _found(self, entry: CatalogueEntry) -> ModelFile:
        status = self._status(entry)
        if status.path is None:
            problem = status.problem or f"There is no file of the model {entry.name}."
            raise ModelError(problem, hint=_how_to_get(entry.name))
        return entry.model_file(status.path, self._digest(status.path))

    def _unlisted(self, path: Path) -> ModelFile:
        digest = self._digest(_existing(path))
        labels = path.with_suffix(LABELS_SUFFIX)
        known = read_labels(labels) if labels.is_file() else None
        return ModelFile(path=path, name=path.stem, version=digest[:12], labels=known)

    def _digest(self, path: Path) -> str:
        """The file's SHA-256, read again only when the file has changed."""
        try:
            status = path.stat()
            key = path, status.st_size, status.st_mtime_ns
            if key not in self._digests:
                self._digests[key] = sha256_of(path)
            return self._digests[key]
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error}.") from error

    def _take_in(self, file: Path, entry: CatalogueEntry) -> None:
        target = self._home / f"{entry.name}{SUFFIX}"
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            if not (target.exists() and target.samefile(file)):
                copy = target.with_name(f".{target.name}.new")
                shutil.copyfile(file, copy)
                copy.replace(target)
            own = read_catalogue(self._own_catalogue) | {entry.name: entry}
            write_catalogue(self._own_catalogue, own.values())
        except OSError as error:
            raise ModelError(f"{self._home} cannot be written: {error}.") from error


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ModelError(f"The model file {path} does not exist.")
    return path


def _how_to_get(name: str) -> str:
    return f"`vedette models pull {name}` downloads it; VEDETTE_MODELS names folders that are searched first."
