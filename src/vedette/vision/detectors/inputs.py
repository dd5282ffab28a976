"""What a network wants to be fed: one picture, and for some the picture's size."""

import ast
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.domain.errors import ModelError
from vedette.vision.detectors.base import Size, Tensor, TensorInfo

MAX_SIDE = 4096
DEFAULT_SIZE = (640, 640)
"""For networks that take any size and do not say which they were trained for."""
FLOATS = ("float32", "float16")


class InputPlan(msgspec.Struct, frozen=True):
    """The names of the inputs and how to fill them.

    Attributes:
        size_input: takes width and height of the network's input for each picture, shape (N, 2).
        batched: whether several pictures can be computed at once.
    """

    image: str
    dtype: str
    size: Size
    batched: bool
    size_input: str = ""
    size_dtype: str = "int64"

    def feeds(self, batch: Tensor) -> dict[str, NDArray[Any]]:
        """Values for all inputs from pictures (N, 3, height, width)."""
        feeds: dict[str, NDArray[Any]] = {self.image: batch.astype(self.dtype, copy=False)}
        if self.size_input:
            feeds[self.size_input] = np.tile(np.array(self.size, dtype=self.size_dtype), (len(batch), 1))
        return feeds


def plan_inputs(
    inputs: Sequence[TensorInfo], metadata: Mapping[str, str], wanted: Size | None = None
) -> InputPlan:
    """Find the picture among a network's inputs and settle its size.

    Args:
        inputs: as the network declares them.
        metadata: may hold the size that the network was exported for (Ultralytics `imgsz`).
        wanted: width and height for a network that takes any size.

    Raises:
        ModelError: there is no input for a picture, or one that nobody here can fill.
    """
    images = [info for info in inputs if len(info.shape) == 4]
    others = [info for info in inputs if len(info.shape) != 4]
    if len(images) != 1 or images[0].shape[1] not in (3, None) or images[0].dtype not in FLOATS:
        raise _refused(inputs, "one input of shape (N, 3, height, width) of floats is expected")
    if len(others) > 1 or any(not _is_size(info) for info in others):
        raise _refused(inputs, "only the picture and its size (N, 2) can be given")
    image = images[0]
    size = _settled(image.shape, wanted or _exported_for(metadata) or DEFAULT_SIZE)
    second = others[0] if others else TensorInfo("", ())
    return InputPlan(image.name, image.dtype, size, image.shape[0] is None, second.name, second.dtype)


def _is_size(info: TensorInfo) -> bool:
    return len(info.shape) == 2 and info.shape[1] == 2


def _settled(shape: tuple[int | None, ...], free: Size) -> Size:
    width = free[0] if shape[3] is None else shape[3]
    height = free[1] if shape[2] is None else shape[2]
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ModelError(
            f"The model wants pictures of {width}x{height}.",
            hint=f"Sides of 1 to {MAX_SIDE} pixels are supported; export it for a smaller size.",
        )
    return width, height


def _exported_for(metadata: Mapping[str, str]) -> Size | None:
    try:
        height, width = ast.literal_eval(metadata.get("imgsz", ""))
        return int(width), int(height)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _refused(inputs: Sequence[TensorInfo], why: str) -> ModelError:
    found = ", ".join(f"{info.name} {info.shape} {info.dtype}" for info in inputs)
    return ModelError(f"The model's inputs ({found}) are not those of a detector: {why}.")
