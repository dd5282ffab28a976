"""What is and is not a detector, which labels it has, and how a bad file is refused."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto

from tests.support.onnx_models import write_model
from vedette.domain.errors import ConfigurationError, ModelError
from vedette.domain.geometry import Box
from vedette.media.planes import BgrPicture
from vedette.vision.detectors.base import DetectorSettings, ModelFile, Probe, TensorInfo
from vedette.vision.detectors.inputs import plan_inputs
from vedette.vision.detectors.labels import (
    COCO,
    COCO_91,
    checked_labels,
    default_labels,
    labels_in_metadata,
    read_labels,
)
from vedette.vision.detectors.registry import FAMILIES, load_detector, recognise

PICTURE = BgrPicture(np.zeros((96, 96, 3), np.uint8))


def yolov8(classes: int = 3, cells: int = 84) -> dict[str, NDArray[Any]]:
    return {"output0": np.zeros((4 + classes, cells), np.float32)}


def test_labels_of_ultralytics_metadata(tmp_path: Path) -> None:
    """An export that names its classes needs no label file."""
    path = write_model(tmp_path / "m.onnx", yolov8(), metadata={"names": "{0: 'ant', 1: 'bee', 2: 'cow'}"})
    assert load_detector(path).labels == ("ant", "bee", "cow")


def test_missing_labels_are_asked_for(tmp_path: Path) -> None:
    """Three unnamed classes cannot be guessed, and the message says what to do."""
    with pytest.raises(ModelError, match=r"3 classes apart.*--labels FILE"):
        load_detector(write_model(tmp_path / "m.onnx", yolov8()))


def test_labels_must_fit_the_classes(tmp_path: Path) -> None:
    """A label file of another model is refused instead of naming things wrongly."""
    path = write_model(tmp_path / "m.onnx", yolov8())
    with pytest.raises(ModelError, match="3 classes apart, but there are 2 labels"):
        load_detector(ModelFile(path=path, name="m", labels=("a", "b")))


def test_eighty_classes_are_those_of_coco(tmp_path: Path) -> None:
    """The most common set is assumed when nothing else is known."""
    path = write_model(tmp_path / "m.onnx", yolov8(80, cells=189), size=(96, 96))
    assert load_detector(path).labels == COCO


def test_label_sets_agree_with_the_dataset() -> None:
    """80 classes; by category number there are 91 places, of which eleven are empty."""
    assert len(COCO) == 80
    assert len(COCO_91) == 91
    assert [name for name in COCO_91 if name] == list(COCO)
    assert (COCO_91[1], COCO_91[18], COCO_91[90]) == ("person", "dog", "toothbrush")
    assert default_labels(90) == COCO_91[1:]
    assert default_labels(7) is None


def test_label_file_with_old_names(tmp_path: Path) -> None:
    """Lists from the darknet days get today's names; blank lines at the end are no labels."""
    path = tmp_path / "labels.txt"
    path.write_text("\ufeffperson\nmotorbike\n\nsofa\n\n\n", encoding="utf-8")
    assert read_labels(path) == ("person", "motorcycle", "", "couch")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", b"a\x00b\n"])
def test_label_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    """Empty and binary files are refused with a hint."""
    path = tmp_path / "labels.txt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"(?i)one label a line"):
        read_labels(path)


def test_label_file_that_is_missing_or_huge(tmp_path: Path) -> None:
    """Neither a missing file nor a video given by mistake is read."""
    with pytest.raises(ModelError, match="cannot be read"):
        read_labels(tmp_path / "none.txt")
    (tmp_path / "huge.txt").write_bytes(bytes(5 << 20))
    with pytest.raises(ModelError, match="too large"):
        read_labels(tmp_path / "huge.txt")
    with pytest.raises(ModelError, match="no list of labels"):
        checked_labels(["x"] * 20_001, "the test")


@given(st.text(max_size=200))
def test_metadata_is_read_never_executed(text: str) -> None:
    """Whatever stands in the metadata, the answer is labels or None."""
    labels = labels_in_metadata({"names": text})
    assert labels is None or all(isinstance(label, str) for label in labels)


def test_metadata_that_is_code_is_no_label() -> None:
    """Configuration is data: an expression is not evaluated."""
    assert labels_in_metadata({"names": "__import__('os').listdir('/')"}) is None
    assert labels_in_metadata({"names": "['a', 'b']"}) == ("a", "b")
    assert labels_in_metadata({}) is None


def test_unknown_outputs_name_what_was_found(tmp_path: Path) -> None:
    """A classifier is no detector: the message shows its outputs and the known families."""
    path = write_model(tmp_path / "m.onnx", {"logits": np.zeros((1000,), np.float32)})
    with pytest.raises(ModelError, match=r"logits \(1, 1000\).*64x64.*yolox"):
        load_detector(path)


def test_named_family_must_fit(tmp_path: Path) -> None:
    """A family that is given is believed over recognition, and checked."""
    path = write_model(tmp_path / "m.onnx", yolov8())
    with pytest.raises(ModelError, match="not those of the family yolox"):
        load_detector(ModelFile(path=path, name="m", family="yolox"))
    with pytest.raises(ModelError, match="no detector family 'nonsense'"):
        load_detector(ModelFile(path=path, name="m", family="nonsense"))


@given(
    st.lists(
        st.lists(st.integers(0, 90), min_size=0, max_size=3).map(lambda shape: np.zeros(shape, np.float32)),
        max_size=8,
    )
)
def test_any_outputs_are_recognised_or_refused(outputs: list[NDArray[Any]]) -> None:
    """No shapes of outputs make recognition fail in another way."""
    probe = Probe((64, 64), tuple(f"o{number}" for number in range(len(outputs))), outputs)
    try:
        family, head = recognise(probe)
    except ModelError:
        return
    assert family in FAMILIES
    assert head.classes >= 0


def test_dynamic_size_follows_wish_metadata_or_default(tmp_path: Path) -> None:
    """A network that takes any size is run at the one that is wanted, else the one it was made for."""
    info = [TensorInfo("images", (None, 3, None, None))]
    assert plan_inputs(info, {"imgsz": "[320, 480]"}, (96, 64)).size == (96, 64)
    assert plan_inputs(info, {"imgsz": "[320, 480]"}).size == (480, 320)
    assert plan_inputs(info, {"imgsz": "nonsense"}).size == (640, 640)
    path = write_model(tmp_path / "m.onnx", yolov8(), size=("width", "height"), batch="batch")
    detector = load_detector(ModelFile(path=path, name="m", labels=("a", "b", "c"), input_size=(64, 64)))
    assert detector.input_size == (64, 64)


@pytest.mark.parametrize("size", [(100_000, 100_000), (0, 64)])
def test_impossible_sizes_are_refused_before_memory_is_asked_for(size: tuple[int, int]) -> None:
    """A file that wants pictures of 120 GB costs a message."""
    info = [TensorInfo("images", (1, 3, size[1], size[0]))]
    with pytest.raises(ModelError, match=r"wants pictures of \d+x\d+.*4096"):
        plan_inputs(info, {})


@pytest.mark.parametrize(
    "infos",
    [
        [],
        [TensorInfo("x", (1, 10))],
        [TensorInfo("x", (1, 64, 64, 3))],
        [TensorInfo("x", (1, 3, 64, 64), "tensor(string)")],
        [TensorInfo("x", (1, 3, 64, 64)), TensorInfo("y", (1, 3, 64, 64))],
        [TensorInfo("x", (1, 3, 64, 64)), TensorInfo("y", (1, 5))],
        [TensorInfo("x", (1, 3, 64, 64)), TensorInfo("y", (1, 2)), TensorInfo("z", (1, 2))],
    ],
)
def test_inputs_that_nobody_can_fill_are_refused(infos: list[TensorInfo]) -> None:
    """The message lists the inputs that were found."""
    with pytest.raises(ModelError, match="not those of a detector"):
        plan_inputs(infos, {})


def test_half_precision_input(tmp_path: Path) -> None:
    """A network of 16-bit floats gets 16-bit floats."""
    outputs = {"output0": np.zeros((7, 84), np.float16)}
    outputs["output0"][:, 9] = [24, 40, 16, 32, 0, 0.5, 0]
    path = write_model(tmp_path / "m.onnx", outputs, dtype=TensorProto.FLOAT16)
    detector = load_detector(ModelFile(path=path, name="m", labels=("a", "b", "c")))
    assert detector.detect(PICTURE, [Box(0, 0, 96, 96)])[0][0].label == "b"


@pytest.mark.parametrize(
    "content", [b"", b"not a model", b"<html>log in</html>", bytes(1000), b"\x08\x08\x12" + b"\xff" * 64]
)
def test_file_that_is_no_model(tmp_path: Path, content: bytes) -> None:
    """A web page or zeros in place of a model give a message with what to do."""
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        load_detector(path)


def test_truncated_model(tmp_path: Path) -> None:
    """Half a download is no model, wherever it was cut."""
    path = write_model(tmp_path / "m.onnx", yolov8())
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ModelError):
            load_detector(path)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    """The path is named."""
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(ModelError, match=f"{path} does not exist"):
            load_detector(path)


def test_openvino_that_is_not_installed_says_how_to_get_it(tmp_path: Path) -> None:
    """An extra that is missing is named with the command that installs it."""
    if importlib.util.find_spec("openvino"):
        pytest.skip("OpenVINO is installed")
    path = write_model(tmp_path / "m.onnx", yolov8())
    with pytest.raises(ConfigurationError, match=r"vedette\[openvino\]"):
        load_detector(path, DetectorSettings(backend="openvino"))
