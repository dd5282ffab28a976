"""Where models are found, how one's own are taken in, and what is refused."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import structlog

from tests.support.onnx_models import write_model
from vedette.domain.errors import ModelError
from vedette.models.catalogue import CatalogueEntry, write_catalogue
from vedette.models.loader import DetectorLoader, fallback_detector, without_model
from vedette.models.store import ModelStore
from vedette.settings import Settings
from vedette.vision.detectors import people
from vedette.vision.detectors.registry import load_detector

LABELS = "ant\nbee\ncow\n"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A tiny detector of three classes."""
    return write_model(tmp_path / "tiny.onnx", {"o": np.zeros((7, 84), np.float32)})


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.txt"
    path.write_text(LABELS)
    return path


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    (tmp_path / "named").mkdir()
    return ModelStore(tmp_path / "home" / "models", [tmp_path / "named"])


def test_added_model_is_found_and_loads(store: ModelStore, model: Path, labels: Path) -> None:
    """The file is copied, its labels and size are kept, and it loads by name."""
    entry = store.add(model, labels, "mine")
    model.unlink()
    found = store.locate("mine")
    assert (entry.labels, entry.input_size) == (("ant", "bee", "cow"), (64, 64))
    assert load_detector(found).labels == ("ant", "bee", "cow")
    assert found.version == entry.sha256[0][:12]
    assert [status.entry.name for status in store.list() if status.entry.own] == ["mine"]


def test_adding_again_replaces(store: ModelStore, model: Path, labels: Path, tmp_path: Path) -> None:
    """A newer file under the same name takes the place of the old one."""
    store.add(model, labels, "mine")
    newer = write_model(
        tmp_path / "newer.onnx", {"o": np.zeros((6, 84), np.float32)}, metadata={"names": "['a', 'b']"}
    )
    store.add(newer, name="mine")
    assert load_detector(store.locate("mine")).labels == ("a", "b")


def test_adding_tries_the_model_first(store: ModelStore, model: Path, tmp_path: Path) -> None:
    """What is no detector, or has labels that do not fit, never gets into the catalogue."""
    (tmp_path / "two.txt").write_text("a\nb\n")
    (tmp_path / "web.onnx").write_text("<html>")
    for file, names in (
        (model, tmp_path / "two.txt"),
        (tmp_path / "web.onnx", None),
        (tmp_path / "no", None),
    ):
        with pytest.raises(ModelError):
            store.add(file, names, "mine")
    assert "mine" not in store.entries()


def test_home_that_cannot_be_written(model: Path, labels: Path, tmp_path: Path) -> None:
    """A file where the folder should be gives a clear message."""
    (tmp_path / "home").write_text("")
    with pytest.raises(ModelError, match="cannot be"):
        ModelStore(tmp_path / "home" / "models").add(model, labels, "mine")


def entry_for(store: ModelStore, name: str, content: bytes, *, own: bool = False) -> None:
    store._home.mkdir(parents=True, exist_ok=True)
    entry = CatalogueEntry(name=name, sha256=(hashlib.sha256(content).hexdigest(),), labels="coco", own=own)
    write_catalogue(store._own_catalogue, [entry])


def test_named_folders_come_before_the_home(store: ModelStore, tmp_path: Path) -> None:
    """A file in a folder of VEDETTE_MODELS is used even when the home has one."""
    entry_for(store, "m", b"content")
    (tmp_path / "home/models/m.onnx").write_bytes(b"content")
    assert store.locate("m").path == tmp_path / "home/models/m.onnx"
    (tmp_path / "named/m.onnx").write_bytes(b"content")
    assert store.locate("m").path == tmp_path / "named/m.onnx"


def test_wrong_file_is_refused_and_the_next_folder_tried(store: ModelStore, tmp_path: Path) -> None:
    """A file of the right name and the wrong content is passed over with a warning."""
    entry_for(store, "m", b"content")
    (tmp_path / "named/m.onnx").write_bytes(b"something else")
    with structlog.testing.capture_logs() as logs, pytest.raises(ModelError, match="not the file that"):
        store.locate("m")
    assert logs[0]["path"] == str(tmp_path / "named/m.onnx")
    (tmp_path / "home/models/m.onnx").write_bytes(b"content")
    with structlog.testing.capture_logs():
        assert store.locate("m").path == tmp_path / "home/models/m.onnx"


def test_own_model_may_be_replaced_by_its_user(store: ModelStore, tmp_path: Path) -> None:
    """For a user's own entry another file is a warning, and `verify` tells."""
    entry_for(store, "m", b"content", own=True)
    (tmp_path / "named/m.onnx").write_bytes(b"retrained")
    with structlog.testing.capture_logs() as logs:
        assert store.locate("m").path == tmp_path / "named/m.onnx"
        with pytest.raises(ModelError, match="not the file that"):
            store.verify("m")
    assert logs


def test_verify_reads_the_file_again(store: ModelStore, tmp_path: Path) -> None:
    """A flipped byte is found even when size and time are as before."""
    entry_for(store, "m", b"content")
    path = tmp_path / "named/m.onnx"
    path.write_bytes(b"content")
    assert store.verify("m") == path
    path.write_bytes(b"c0ntent")
    with structlog.testing.capture_logs(), pytest.raises(ModelError, match="SHA-256"):
        store.verify("m")
    path.unlink()
    with pytest.raises(ModelError, match="no file of the model m"):
        store.verify("m")


def test_unknown_and_missing_models_say_what_to_do(store: ModelStore) -> None:
    """The known names are listed; a known one without a file names the command."""
    for call in (store.locate, store.pull, store.verify):
        with pytest.raises(ModelError, match=r"no model 'nope'.*yolox_nano"):
            call("nope")
    with pytest.raises(ModelError, match="vedette models pull yolox_nano"):
        store.locate("yolox_nano")
    with pytest.raises(ModelError, match="picodet_s_416_w16 cannot be downloaded"):
        store.pull("picodet_s_416_w16")


def test_file_by_path_with_labels_beside_it(store: ModelStore, model: Path) -> None:
    """An ONNX file can be named directly; `NAME.labels` lies next to it."""
    model.with_suffix(".labels").write_text(LABELS)
    assert store.locate(str(model)).labels == ("ant", "bee", "cow")
    with pytest.raises(ModelError, match="does not exist"):
        store.locate("/nowhere/x.onnx")


def test_unlisted_file_in_a_named_folder(store: ModelStore, model: Path, tmp_path: Path) -> None:
    """A file that the user drops into the folder can be used by its name."""
    (tmp_path / "named/dropped.onnx").write_bytes(model.read_bytes())
    assert store.locate("dropped").name == "dropped"


def loader(tmp_path: Path, *folders: Path) -> DetectorLoader:
    return DetectorLoader(Settings(home=tmp_path / "home", models=folders))


def test_loader_falls_back_with_one_line(tmp_path: Path) -> None:
    """Without the model people are found, and the user is told once, in one line."""
    loading = loader(tmp_path)
    with structlog.testing.capture_logs() as logs:
        detectors = [loading.load("picodet_s_416_w16") for _ in range(3)]
    assert all(detector is not None and detector.name == people.NAME for detector in detectors)
    assert loading.active == people.NAME
    assert loading.message.startswith("Without the model picodet_s_416_w16 only people are found")
    assert "\n" not in loading.message
    assert len(logs) == 1
    with pytest.raises(ModelError):
        loading.load_strictly("picodet_s_416_w16")
    assert loading.fetch("picodet_s_416_w16") == loading.message


def test_loader_loads_what_is_there(tmp_path: Path, model: Path) -> None:
    """A dropped file and the people detector load by name and leave no message."""
    (tmp_path / "named").mkdir()
    model.with_suffix(".labels").write_text(LABELS)
    loading = loader(tmp_path, tmp_path)
    detector = loading.load("tiny")
    assert detector is not None
    assert (detector.name, loading.active, loading.message) == ("tiny", "tiny", "")
    assert loading.load_strictly("people").name == "people"
    assert loading.fetch("tiny") == ""


def test_fallback_is_none_where_opencv_lacks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV 5 has no people detector: then motion alone makes events, and the line says so."""
    monkeypatch.setattr(people, "is_available", lambda: False)
    assert fallback_detector() is None
    assert "only motion makes events" in without_model("m", ModelError("no network."))
