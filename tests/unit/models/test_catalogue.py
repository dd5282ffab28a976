"""The catalogue that comes with the program, and those that users write."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.domain.errors import ModelError
from vedette.models.catalogue import (
    CatalogueEntry,
    built_in_catalogue,
    check_name,
    read_catalogue,
    write_catalogue,
)
from vedette.vision.detectors.base import Preprocessing
from vedette.vision.detectors.labels import COCO
from vedette.vision.detectors.registry import FAMILIES

HASH = "ab" * 32


def test_default_model_is_the_official_release() -> None:
    """Address, size and hash are those that the authors published."""
    entry = built_in_catalogue()["yolox_nano"]
    assert entry.url.startswith("https://github.com/Megvii-BaseDetection/YOLOX/releases/")
    assert entry.size_bytes == 3659407
    assert entry.sha256[0] == "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d"


def test_built_in_entries_are_complete() -> None:
    """Each names its licence, a known family, labels and a hash; downloads are by HTTPS."""
    families = {family.name for family in FAMILIES}
    for entry in built_in_catalogue().values():
        assert entry.licence
        assert entry.family in families
        assert entry.sha256
        assert entry.model_file(Path("x"), HASH).labels == COCO
        assert entry.url.startswith("https://") or not entry.url
        assert 0 < entry.min_score < 1


def test_version_names_the_weights() -> None:
    """Events say which weights saw them."""
    assert CatalogueEntry(name="m").model_file(Path("x"), HASH).version == HASH[:12]


labels = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(labels, min_size=1, max_size=5), st.none() | st.just((96, 64)), labels)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], size: tuple[int, int] | None, about: str
) -> None:
    """Labels may hold any character; nothing is lost on the way through the file."""
    path = tmp_path_factory.mktemp("catalogue") / "catalogue.toml"
    entry = CatalogueEntry(
        name="m.1",
        sha256=(HASH,),
        labels=tuple(names),
        input_size=size,
        about=about,
        preprocessing=Preprocessing(fit="centre", mean=(1, 2.5, 3)),
        own=True,
    )
    write_catalogue(path, [entry, CatalogueEntry(name="n", labels="coco")])
    assert read_catalogue(path) == {"m.1": entry, "n": CatalogueEntry(name="n", labels="coco")}
    assert [file.name for file in path.parent.iterdir()] == ["catalogue.toml"]


@pytest.mark.parametrize(
    "text",
    [
        "not toml at all",
        "[[model]]\nurl = 'x'",
        "[[model]]\nname = 5",
        "[[model]]\nname = 'm'\nunknown = 1",
        "[[model]]\nname = '../../etc/passwd'",
        "[[model]]\nname = 'm'\nsha256 = ['short']",
        "[[model]]\nname = 'm'\nlabels = 'no such set'",
        "model = 1",
        "a = " + "[" * 2000,
    ],
)
def test_broken_catalogues_are_refused_by_name(tmp_path: Path, text: str) -> None:
    """The message names the file, so that it can be repaired."""
    path = tmp_path / "catalogue.toml"
    path.write_text(text)
    with pytest.raises(ModelError, match=r"catalogue\.toml|cannot be the name"):
        read_catalogue(path)


def test_catalogue_that_is_missing_or_unreadable(tmp_path: Path) -> None:
    """None is an empty one; a folder or binary file in its place is an error."""
    assert read_catalogue(tmp_path / "none.toml") == {}
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\xfa")
    for path in (tmp_path, tmp_path / "binary.toml"):
        with pytest.raises(ModelError, match="cannot be read"):
            read_catalogue(path)


@pytest.mark.parametrize("name", ["", "a/b", "..", "a..b", ".hidden", "x" * 65, "a b", "a\n"])
def test_names_that_are_no_file_names(name: str) -> None:
    """A name becomes a file name and an argument, so it is plain."""
    with pytest.raises(ModelError, match="cannot be the name"):
        check_name(name)
