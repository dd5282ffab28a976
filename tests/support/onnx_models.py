"""Tiny ONNX files whose outputs are known: real models to the runtime, written in a millisecond."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8


def write_model(
    path: Path,
    outputs: Mapping[str, NDArray[Any]],
    *,
    size: tuple[int | str, int | str] = (64, 64),
    batch: int | str = 1,
    image: str = "images",
    channels: int = 3,
    dtype: int = TensorProto.FLOAT,
    size_input: str = "",
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a model that gives these outputs (without batch axis) for any picture.

    Args:
        path: of the file.
        outputs: what each output holds for each picture of a batch; arrays of two axes of which the name
            ends in `!` have no batch axis.
        size: width and height; texts are dynamic axes.
        batch: of the input; a text makes it dynamic.
        image: name of the picture's input.
        channels: of the picture.
        dtype: of the picture.
        size_input: name of a second input of shape (N, 2), int64.
        metadata: as exporters leave behind.
    """
    shape = [batch, channels, size[1], size[0]]
    inputs = [helper.make_tensor_value_info(image, dtype, shape)]
    if size_input:
        inputs.append(helper.make_tensor_value_info(size_input, TensorProto.INT64, [batch, 2]))
    nodes = [
        helper.make_node("ReduceMean", [image], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Cast", ["mean"], ["mean32"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["mean32", "zero"], ["zeros"]),
    ]
    constants = [numpy_helper.from_array(np.float32(0), "zero")]
    infos = []
    for number, (name, value) in enumerate(outputs.items()):
        info = _output(name, value, number, batch, nodes, constants)
        infos.append(info)
    graph = helper.make_graph(nodes, "tiny", inputs, infos, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.save(model, str(path))
    return path


def _output(
    name: str, value: NDArray[Any], number: int, batch: int | str, nodes: list[Any], constants: list[Any]
) -> Any:
    """Add the value to zeros that have the batch's length."""
    whole = name.endswith("!")
    name = name.rstrip("!")
    kind = helper.np_dtype_to_tensor_dtype(value.dtype)
    constants.append(numpy_helper.from_array(value if whole else value[None], f"value{number}"))
    if whole:
        nodes.append(helper.make_node("Identity", [f"value{number}"], [name]))
        return helper.make_tensor_value_info(name, kind, list(value.shape))
    axes = np.arange(1, value.ndim + 1, dtype=np.int64)
    constants.append(numpy_helper.from_array(axes, f"axes{number}"))
    nodes += [
        helper.make_node("Unsqueeze", ["zeros", f"axes{number}"], [f"zeros{number}"]),
        helper.make_node("Cast", [f"zeros{number}"], [f"cast{number}"], to=kind),
        helper.make_node("Add", [f"value{number}", f"cast{number}"], [name]),
    ]
    return helper.make_tensor_value_info(name, kind, [batch, *value.shape])
