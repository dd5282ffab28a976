"""What a detector is, and the parts that every network detector is made of.

A network detector is a runtime (who computes), a preprocessing (how pixels become a tensor) and a head (how
outputs become boxes). Families differ only in the last two.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import Box
from vedette.domain.messages import Detection

if TYPE_CHECKING:
    from vedette.media.planes import Picture

Tensor = NDArray[np.float32]
"""Shape (N, 3, height, width): the pixels of N regions as the network wants them."""

Outputs = Sequence[NDArray[Any]]
"""The network's outputs for one region, in the order of its declaration, without the batch axis."""

Size = tuple[int, int]
"""Width, height."""


class Geometry(msgspec.Struct, frozen=True):
    """Where a region lies in the picture and in the network's input.

    Attributes:
        region: picture pixels, whole numbers.
        x_scale: picture pixels per input pixel.
        y_scale: likewise.
        x_offset: input pixels left of the region (centred letterbox).
        y_offset: likewise, above.
    """

    region: Box
    x_scale: float
    y_scale: float
    x_offset: float = 0.0
    y_offset: float = 0.0

    def to_picture(self, corners: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Corners (N, 4: left, top, right, bottom) in input pixels as boxes (N, 4) in picture pixels.

        Boxes are clipped to the region.
        """
        scale = np.array([self.x_scale, self.y_scale] * 2)
        offset = np.array([self.x_offset, self.y_offset] * 2)
        edges = np.array([self.region.width, self.region.height] * 2)
        clipped = np.clip((corners - offset) * scale, 0, edges)
        clipped[:, 2:] -= clipped[:, :2]
        clipped[:, :2] += (self.region.x, self.region.y)
        return np.asarray(clipped, np.float64)


class Candidates(NamedTuple):
    """Boxes as a head reads them: corners (N, 4) in input pixels, scores (N,), classes (N,)."""

    corners: NDArray[np.floating[Any]]
    scores: NDArray[np.floating[Any]]
    classes: NDArray[np.integer[Any]]


class ClassChoice(Protocol):
    """Which classes of a box are reported: the best, or every one that reaches the score."""

    def __call__(
        self, scores: NDArray[np.floating[Any]], min_score: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and classes of the entries of (N, classes) to report."""
        ...


class TensorInfo(msgspec.Struct, frozen=True):
    """Name, shape (None where it may vary) and element type of a network's input or output."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"


class Runtime(Protocol):
    """Something that computes a network on one device."""

    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    metadata: Mapping[str, str]
    device: str

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Compute all outputs. Raises ModelError when the network cannot be run."""
        ...


class Head(Protocol):
    """Reads the outputs of one family of networks.

    Attributes:
        classes: how many classes the network tells apart.
        nms_iou: boxes of a class that overlap more are one object; None when the network saw to that.
    """

    classes: int
    nms_iou: float | None

    def read(self, outputs: Outputs, min_score: float, choose: ClassChoice, /) -> Candidates:
        """The boxes that reach the score, before suppression."""
        ...


class Preprocessing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How pixels become the network's input: (colour - mean) / std.

    Attributes:
        fit: `stretch`, or keep the aspect ratio and put the picture `top_left` or in the `centre`.
        mean: per channel in the network's order, 0 to 255.
        std: likewise.
        fill: grey value around a picture that keeps its aspect ratio, 0 to 255.
    """

    fit: Literal["stretch", "top_left", "centre"] = "stretch"
    color: Literal["rgb", "bgr"] = "rgb"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (255.0, 255.0, 255.0)
    fill: float = 114.0


class ModelFile(msgspec.Struct, frozen=True, kw_only=True):
    """A model on disk and what is known about it; what is None is recognised from the file.

    Attributes:
        version: names these weights, for example the first digits of the SHA-256.
        labels: by class index; an empty label means that the class is not reported.
        input_size: for networks that take any size.
    """

    path: Path
    name: str
    version: str = ""
    family: str | None = None
    labels: tuple[str, ...] | None = None
    preprocessing: Preprocessing | None = None
    input_size: Size | None = None


class DetectorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to run detectors.

    Attributes:
        min_score: boxes below it are not reported; the tracker wants to see weak ones too.
        nms_iou: replaces the family's own value.
        every_label: report a box once for every class that reaches the score, as benchmarks do; else only
            for its best.
        max_boxes: the best so many of a region are kept.
        backend: `onnxruntime` or `openvino` (an extra).
        devices: best first: `cuda`, `tensorrt`, `openvino`, or a provider's own name; then the CPU.
        max_batch: regions computed at once on accelerators; a CPU gains nothing by it.
        batch_wait_s: how long a batch waits for regions of other cameras.
    """

    min_score: float = 0.1
    nms_iou: float | None = None
    every_label: bool = False
    max_boxes: int = 300
    backend: Literal["onnxruntime", "openvino"] = "onnxruntime"
    devices: tuple[str, ...] = ()
    max_batch: int = 8
    batch_wait_s: float = 0.003


class Detector(Protocol):
    """Finds objects in regions of a picture.

    `detect` does everything; `prepare`, `infer` and `decode` are its steps, so that regions of several
    pictures can be computed together. Only a `thread_safe` one may serve several threads.
    """

    thread_safe: bool
    name: str
    version: str
    input_size: Size
    labels: tuple[str, ...]

    def detect(self, picture: "Picture", regions: Sequence[Box]) -> list[list[Detection]]:
        """What is in each region: boxes in picture pixels, best first, after the model's suppression."""
        ...

    def prepare(self, picture: "Picture", region: Box) -> tuple[Tensor, Geometry]:
        """The region as a tensor of shape (1, 3, height, width)."""
        ...

    def infer(self, batch: Tensor) -> Sequence[Outputs]:
        """The network's outputs for each region of the batch."""
        ...

    def decode(self, outputs: Sequence[Outputs], index: int, geometry: Geometry) -> list[Detection]:
        """The objects of one region of a batch."""
        ...


class Probe(NamedTuple):
    """What a network gave for one grey picture of `size` (w, h); `names` are those of its outputs."""

    size: Size
    names: tuple[str, ...]
    outputs: Outputs


class Family(NamedTuple):
    """A family of networks: how to prepare its input and how to recognise it.

    Attributes:
        recognise: makes the head; None when the network is of another family.
    """

    name: str
    preprocessing: Preprocessing
    recognise: Callable[[Probe], Head | None]
