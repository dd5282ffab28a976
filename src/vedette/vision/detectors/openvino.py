"""OpenVINO's own runtime (extra `vedette[openvino]`): faster on Intel graphics, and reads ONNX files too."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette.domain.errors import ConfigurationError, ModelError
from vedette.vision.detectors.base import TensorInfo

DTYPES = {"f32": "float32", "f16": "float16", "i64": "int64", "i32": "int32"}

KNOWN = {"CPU", "GPU", "NPU", "AUTO", "MULTI", "HETERO"}

ON_CPU = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
"""Left to itself OpenVINO computes in bfloat16 where the CPU can: that cost picodet_s_416 a point of mAP."""


class OpenVinoRuntime:
    """Implements `Runtime` with OpenVINO on the first of `devices` (`CPU` when empty), one thread.

    Raises:
        ConfigurationError: OpenVINO is not installed.
        ModelError: the file is not a model, or one that OpenVINO cannot compile.
    """

    def __init__(self, path: Path, devices: Sequence[str] = ()) -> None:
        self.device = _device(devices)
        self._compiled = _compile(path, self.device)
        self._request = self._compiled.create_infer_request()
        self.inputs = tuple(_info(port) for port in self._compiled.inputs)
        self.outputs = tuple(_info(port) for port in self._compiled.outputs)
        self.metadata: Mapping[str, str] = {}

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """See `Runtime`."""
        try:
            result = self._request.infer(dict(feeds))
        except Exception as error:  # OpenVINO raises plain RuntimeError and its own kinds
            raise ModelError(f"The model cannot be run: {_brief(error)}.") from error
        return [np.array(result[port]) for port in self._compiled.outputs]


def _device(devices: Sequence[str]) -> str:
    """The first that is one of OpenVINO's; names of ONNX Runtime's providers count by their beginning."""
    names = [device.removesuffix("ExecutionProvider").upper() for device in devices]
    return next((name for name in names if name.split(".")[0].split(":")[0] in KNOWN), "CPU")


def _compile(path: Path, device: str) -> Any:
    try:
        import openvino  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise ConfigurationError(
            "OpenVINO is not installed.", hint="pip install 'vedette[openvino]'"
        ) from error
    settings = ON_CPU if device == "CPU" else {}
    try:
        return openvino.Core().compile_model(path, device, settings)
    except Exception as error:  # see above
        raise ModelError(f"{path} cannot be loaded as a model: {_brief(error)}.") from error


def _info(port: Any) -> TensorInfo:
    shape = tuple(side.get_length() if side.is_static else None for side in port.get_partial_shape())
    dtype = port.get_element_type().get_type_name()
    return TensorInfo(port.get_any_name(), shape, DTYPES.get(dtype, dtype))


def _brief(error: Exception) -> str:
    """OpenVINO says where in its source first and what last."""
    lines = [
        line for line in str(error).splitlines() if line.strip() and not line.startswith("Exception from")
    ]
    return lines[0].strip()[:300] if lines else type(error).__name__
