"""OpenVINO's own runtime, where the extra is installed."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.onnx_models import write_model
from vedette.domain.errors import ModelError
from vedette.domain.geometry import Box
from vedette.media.planes import BgrPicture
from vedette.vision.detectors.base import DetectorSettings, ModelFile
from vedette.vision.detectors.openvino import _device
from vedette.vision.detectors.registry import load_detector

OPENVINO = DetectorSettings(backend="openvino")


@pytest.mark.parametrize(
    ("devices", "chosen"),
    [
        ((), "CPU"),
        (("CPUExecutionProvider",), "CPU"),
        (("cuda", "gpu"), "GPU"),
        (("GPU.1", "cpu"), "GPU.1"),
        (("auto:gpu,cpu",), "AUTO:GPU,CPU"),
    ],
)
def test_devices_are_those_that_openvino_knows(devices: tuple[str, ...], chosen: str) -> None:
    """The same setting serves both runtimes; what OpenVINO does not know is passed over."""
    assert _device(devices) == chosen


def test_same_boxes_as_onnx_runtime(tmp_path: Path) -> None:
    """A network of any size and batch gives the same boxes on both."""
    pytest.importorskip("openvino")
    output = np.zeros((7, 84), np.float32)
    output[:, 9] = [24, 40, 16, 32, 0, 0.5, 0]
    path = write_model(tmp_path / "m.onnx", {"o": output}, size=("w", "h"), batch="b")
    model = ModelFile(path=path, name="m", labels=("a", "b", "c"), input_size=(64, 64))
    picture, regions = BgrPicture(np.zeros((128, 128, 3), np.uint8)), [Box(0, 0, 128, 128)] * 2
    both = [load_detector(model, settings).detect(picture, regions) for settings in (OPENVINO, None)]
    assert both[0] == both[1]
    assert len(both[0][1]) == 1


def test_file_that_is_no_model(tmp_path: Path) -> None:
    """One clear sentence, not the places in OpenVINO's source."""
    pytest.importorskip("openvino")
    path = tmp_path / "m.onnx"
    path.write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="cannot be loaded as a model: Unable to read"):
        load_detector(path, OPENVINO)
