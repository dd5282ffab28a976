"""The runtime's devices, and batches across threads."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import structlog

from tests.support.onnx_models import write_model
from tests.support.processes import PATIENCE_S
from vedette.domain.errors import ModelError
from vedette.domain.geometry import Box
from vedette.media.planes import BgrPicture
from vedette.vision.detectors.base import ModelFile, Outputs, Tensor
from vedette.vision.detectors.batching import BatchingDetector
from vedette.vision.detectors.network import NetworkDetector
from vedette.vision.detectors.onnx import PROVIDERS, OnnxRuntime
from vedette.vision.detectors.registry import load_detector

PICTURE = BgrPicture(np.full((64, 64, 3), 50, np.uint8))
WHOLE = Box(0, 0, 64, 64)


def load(tmp_path: Path, batch: int | str = "batch") -> NetworkDetector:
    output = np.zeros((7, 84), np.float32)
    output[:, 9] = [24, 40, 16, 32, 0, 0.5, 0]
    path = write_model(tmp_path / f"{batch}.onnx", {"output0": output}, batch=batch)
    detector = load_detector(ModelFile(path=path, name="tiny", labels=("a", "b", "c")))
    assert isinstance(detector, NetworkDetector)
    return detector


def test_sessions_are_single_threaded_and_never_spin(tmp_path: Path) -> None:
    """One thread per session, as the pool has one session per core."""
    options = load(tmp_path)._runtime._session.get_session_options()  # type: ignore[attr-defined]
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_missing_device_falls_back_to_the_cpu_and_says_so_once(tmp_path: Path) -> None:
    """Configuration for a GPU does not stop a machine without one."""
    path = write_model(tmp_path / "m.onnx", {"o": np.zeros((7, 84), np.float32)})
    missing = {"NoSuchExecutionProvider"}
    with structlog.testing.capture_logs() as logs:
        runtimes = [OnnxRuntime(path, tuple(missing)) for _ in range(3)]
    assert {runtime.device for runtime in runtimes} == {"CPUExecutionProvider"}
    assert [entry["missing"] for entry in logs] == [list(missing)]


def test_devices_have_short_names() -> None:
    """`cuda` and the provider's own name mean the same."""
    assert PROVIDERS["cuda"] == "CUDAExecutionProvider"
    assert "CPUExecutionProvider" in onnxruntime.get_available_providers()


def test_wrong_feed_is_a_model_error(tmp_path: Path) -> None:
    """What the runtime refuses comes as our error, with its first line."""
    runtime = load(tmp_path)._runtime
    with pytest.raises(ModelError, match="cannot be run"):
        runtime.run({"nonsense": np.zeros(3)})


@pytest.mark.parametrize("batch", [1, "batch"])
def test_several_regions_of_a_batch(tmp_path: Path, batch: int | str) -> None:
    """Networks for one picture and for many give the same for a batch of three."""
    detector = load(tmp_path, batch)
    tensor, geometry = detector.prepare(PICTURE, WHOLE)
    outputs = detector.infer(np.concatenate([tensor] * 3))
    assert len(outputs) == 3
    boxes = [detector.decode(outputs, index, geometry)[0].box for index in range(3)]
    assert boxes == [Box(16, 24, 16, 32)] * 3


class Recorder:
    """A real detector that notes how large its batches are, and can be made to wait or fail."""

    def __init__(self, detector: NetworkDetector) -> None:
        self.inner = detector
        self.name, self.version = detector.name, detector.version
        self.input_size, self.labels, self.thread_safe = detector.input_size, detector.labels, False
        self.prepare, self.decode, self.detect = detector.prepare, detector.decode, detector.detect
        self.sizes: list[int] = []
        self.go = threading.Event()
        self.error: Exception | None = None

    def infer(self, batch: Tensor) -> Sequence[Outputs]:
        self.go.wait(PATIENCE_S)
        self.sizes.append(len(batch))
        if self.error:
            raise self.error
        return self.inner.infer(batch)


def test_batches_gather_across_threads(tmp_path: Path) -> None:
    """While one batch is computed the regions of all threads come together for the next."""
    recorder = Recorder(load(tmp_path))
    batching = BatchingDetector(recorder, max_batch=4, wait_s=0.2)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(len(batching.detect(PICTURE, [WHOLE])[0])))
        for _ in range(9)
    ]
    for thread in threads:
        thread.start()
    recorder.go.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    batching.close()
    assert found == [1] * 9
    assert sum(recorder.sizes) == 9
    assert max(recorder.sizes) <= 4
    assert len(recorder.sizes) < 9


def test_failure_of_a_batch_reaches_everybody_in_it(tmp_path: Path) -> None:
    """Who waits for a result gets the error, and the next batch works."""
    recorder = Recorder(load(tmp_path))
    recorder.go.set()
    batching = BatchingDetector(recorder, max_batch=2, wait_s=0.0)
    recorder.error = ModelError("the device is gone")
    with pytest.raises(ModelError, match="device is gone"):
        batching.detect(PICTURE, [WHOLE, WHOLE])
    recorder.error = None
    assert len(batching.detect(PICTURE, [WHOLE, WHOLE])) == 2
    batching.close()


def test_closed_batching_refuses_instead_of_hanging(tmp_path: Path) -> None:
    """What was asked before is answered, what comes after is refused."""
    recorder = Recorder(load(tmp_path))
    batching = BatchingDetector(recorder, max_batch=2)
    recorder.go.set()
    tensor, _ = batching.prepare(PICTURE, WHOLE)
    assert len(batching.infer(np.concatenate([tensor, tensor]))) == 2
    batching.close()
    with pytest.raises(RuntimeError, match="closed"):
        batching.detect(PICTURE, [WHOLE])
