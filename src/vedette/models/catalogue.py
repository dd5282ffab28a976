"""The catalogue of models: what comes with the program, and what the user has added."""

import json
import os
import re
import tempfile
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import msgspec

from vedette.domain.errors import ModelError
from vedette.vision.detectors.base import ModelFile, Preprocessing, Size
from vedette.vision.detectors.labels import BUILT_IN

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SHA256 = r"^[0-9a-f]{64}$"


class CatalogueEntry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is known about a model.

    Attributes:
        url: where the file comes from; empty when it is not downloaded.
        sha256: hashes of the accepted files; the first is that of `url`.
        size_bytes: of the file at `url`.
        family: see `vedette.vision.detectors.registry`; recognised when absent.
        labels: the name of a built-in set, or the labels by class index; the file's own when empty.
        input_size: width and height.
        min_score: where precision and recall are best balanced; 0 when unknown.
        own: added by the user.
    """

    name: str
    url: str = ""
    sha256: tuple[str, ...] = ()
    size_bytes: int = 0
    licence: str = ""
    family: str | None = None
    labels: str | tuple[str, ...] = ()
    input_size: Size | None = None
    preprocessing: Preprocessing | None = None
    min_score: float = 0.0
    about: str = ""
    own: bool = False

    def model_file(self, path: Path, sha256: str) -> ModelFile:
        """The entry with its file, as detectors are loaded from."""
        labels = BUILT_IN[self.labels] if isinstance(self.labels, str) else self.labels
        return ModelFile(
            path=path,
            name=self.name,
            version=sha256[:12],
            family=self.family,
            labels=labels or None,
            preprocessing=self.preprocessing,
            input_size=self.input_size,
        )


class _Catalogue(msgspec.Struct, forbid_unknown_fields=True):
    model: list[CatalogueEntry] = []


def built_in_catalogue() -> dict[str, CatalogueEntry]:
    """The entries that come with the program, by name."""
    text = resources.files("vedette.models").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return _parse(text, "the built-in catalogue")


def read_catalogue(path: Path) -> dict[str, CatalogueEntry]:
    """The entries of a catalogue file by name; none when there is no file.

    Raises:
        ModelError: the file cannot be read or is not a catalogue.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"The catalogue {path} cannot be read: {error}.") from error
    return _parse(text, str(path))


def _parse(text: str, origin: str) -> dict[str, CatalogueEntry]:
    try:
        entries = msgspec.toml.decode(text, type=_Catalogue).model
    except (msgspec.DecodeError, RecursionError) as error:
        raise ModelError(
            f"{origin} is not a catalogue of models: {error}.", hint="Repair or remove it."
        ) from error
    for entry in entries:
        _check(entry, origin)
    return {entry.name: entry for entry in entries}


def _check(entry: CatalogueEntry, origin: str) -> None:
    """Names become file names, so nothing else may be in them."""
    check_name(entry.name)
    if any(not re.fullmatch(SHA256, digest) for digest in entry.sha256):
        raise ModelError(f"{origin}: the SHA-256 of {entry.name} is not 64 hexadecimal digits.")
    if isinstance(entry.labels, str) and entry.labels not in BUILT_IN:
        raise ModelError(
            f"{origin}: {entry.name} names the unknown label set {entry.labels!r}.",
            hint=f"Known sets: {', '.join(BUILT_IN)}; or a list of labels.",
        )


def check_name(name: str) -> None:
    """Raise ModelError when a model may not be called so."""
    if not NAME.fullmatch(name) or ".." in name:
        raise ModelError(
            f"{name!r} cannot be the name of a model.",
            hint="Use up to 64 letters, digits, points, dashes and underscores.",
        )


def write_catalogue(path: Path, entries: Iterable[CatalogueEntry]) -> None:
    """Replace a catalogue file, durably and atomically."""
    lines = ["# Written by `vedette models add`."]
    for entry in entries:
        lines += ["", "[[model]]", *_assignments(entry)]
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".catalogue-", delete=False) as file:
        file.write(("\n".join(lines) + "\n").encode())
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)


def _assignments(entry: CatalogueEntry) -> list[str]:
    values = msgspec.to_builtins(entry)
    return [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]


def _toml(value: object) -> str:
    """A TOML value; its strings, numbers and flags are written as in JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
