"""ONNX Runtime: one thread per session, never spinning, quiet."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from vedette.domain.errors import ModelError
from vedette.vision.detectors.base import TensorInfo

log = structlog.get_logger(__name__)

CPU = "CPUExecutionProvider"
PROVIDERS = {
    "cpu": CPU,
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
ONLY_FATAL = 4
DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
}


class OnnxRuntime:
    """Implements `Runtime` with a session of ONNX Runtime (imported here, not before it is needed).

    Args:
        path: the ONNX file.
        devices: best first, see `PROVIDERS`; the CPU is always last.

    Raises:
        ModelError: the file is not a model, or one that the runtime cannot load.
    """

    def __init__(self, path: Path, devices: Sequence[str] = ()) -> None:
        self._session = _open(path, devices)
        self.inputs = tuple(_info(node) for node in self._session.get_inputs())
        self.outputs = tuple(_info(node) for node in self._session.get_outputs())
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        self.device: str = self._session.get_providers()[0]

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """See `Runtime`."""
        try:
            outputs = self._session.run(None, dict(feeds))
        except Exception as error:  # the runtime's own errors share no base class
            raise ModelError(f"The model cannot be run: {_brief(error)}.") from error
        if not all(isinstance(output, np.ndarray) for output in outputs):
            raise ModelError("The model gives outputs that are not arrays.", hint="It is not a detector.")
        return list(outputs)


def _open(path: Path, devices: Sequence[str]) -> Any:
    import onnxruntime  # noqa: PLC0415 -- 50 ms that programs without a detector should not pay

    onnxruntime.set_default_logger_severity(ONLY_FATAL)
    try:
        return onnxruntime.InferenceSession(path, _options(onnxruntime), providers=_providers(tuple(devices)))
    except Exception as error:  # the runtime's own errors share no base class
        raise ModelError(
            f"{path} cannot be loaded as a model: {_brief(error)}.",
            hint="It may be damaged or not an ONNX file; `vedette models verify` checks known models.",
        ) from error


def _options(onnxruntime: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = ONLY_FATAL
    for key in ("session.intra_op.allow_spinning", "session.inter_op.allow_spinning"):
        options.add_session_config_entry(key, "0")
    return options


@functools.cache
def _providers(devices: tuple[str, ...]) -> list[str]:
    """The wanted execution providers that this installation has, then the CPU; says once what is missing."""
    import onnxruntime  # noqa: PLC0415

    available = onnxruntime.get_available_providers()
    wanted = [PROVIDERS.get(device.lower(), device) for device in devices]
    if missing := [provider for provider in wanted if provider not in available]:
        log.warning(
            "inference device is not available, using what there is",
            missing=missing,
            available=available,
            hint="Install the onnxruntime build for the device, for example onnxruntime-gpu.",
        )
    return [*dict.fromkeys(provider for provider in wanted if provider in available and provider != CPU), CPU]


def _info(node: Any) -> TensorInfo:
    shape = tuple(side if isinstance(side, int) and side >= 0 else None for side in node.shape)
    return TensorInfo(node.name, shape, DTYPES.get(node.type, node.type))


def _brief(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
