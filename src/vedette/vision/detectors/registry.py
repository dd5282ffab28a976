"""The detector families, and how a model file becomes a detector.

A new family is one module and one line in `FAMILIES`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from vedette.domain.errors import ModelError
from vedette.vision.detectors import detr, fastestdet, nanodet, yolo, yolox
from vedette.vision.detectors.base import (
    Detector,
    DetectorSettings,
    Family,
    Head,
    ModelFile,
    Probe,
    Runtime,
)
from vedette.vision.detectors.batching import BatchingDetector
from vedette.vision.detectors.inputs import InputPlan, plan_inputs
from vedette.vision.detectors.labels import default_labels, labels_in_metadata
from vedette.vision.detectors.network import NetworkDetector, compute
from vedette.vision.detectors.onnx import OnnxRuntime
from vedette.vision.detectors.openvino import OpenVinoRuntime

FAMILIES: tuple[Family, ...] = (
    yolox.FAMILY,
    nanodet.PICODET,
    nanodet.NANODET,
    fastestdet.FAMILY,
    yolo.FAMILY,
    detr.RFDETR,
    detr.FAMILY,
)
"""In the order in which they are tried: the particular before the general."""

RUNTIMES: dict[str, Callable[[Path, Sequence[str]], Runtime]] = {
    "onnxruntime": OnnxRuntime,
    "openvino": OpenVinoRuntime,
}
GREY = 114.0


def load_detector(model: ModelFile | Path, settings: DetectorSettings | None = None) -> Detector:
    """Load a model file; family, input size and labels are recognised where they are not given.

    Raises:
        ModelError: the file is missing, damaged, of no known family, or its labels do not fit.
        ConfigurationError: the backend is not installed.
    """
    settings = settings or DetectorSettings()
    if isinstance(model, Path):
        model = ModelFile(path=model, name=model.stem)
    if not model.path.is_file():
        raise ModelError(
            f"The model file {model.path} does not exist.", hint="`vedette models list` shows all."
        )
    detector = _assemble(model, RUNTIMES[settings.backend](model.path, settings.devices), settings)
    if settings.max_batch > 1 and not detector.device.upper().startswith("CPU"):
        return BatchingDetector(detector, settings.max_batch, settings.batch_wait_s)
    return detector


def _assemble(model: ModelFile, runtime: Runtime, settings: DetectorSettings) -> NetworkDetector:
    plan = plan_inputs(runtime.inputs, runtime.metadata, model.input_size)
    family, head = recognise(probe(runtime, plan), model.family)
    labels = _labels_for(model, runtime, head)
    preprocessing = model.preprocessing or family.preprocessing
    return NetworkDetector(model.name, model.version, runtime, plan, head, preprocessing, labels, settings)


def probe(runtime: Runtime, plan: InputPlan) -> Probe:
    """Run one grey picture: real shapes, and the first, slow run is over."""
    width, height = plan.size
    grey = np.full((1, 3, height, width), GREY, np.float32)
    names = tuple(info.name for info in runtime.outputs)
    return Probe(plan.size, names, compute(runtime, plan, grey)[0])


def recognise(probe: Probe, family: str | None = None) -> tuple[Family, Head]:
    """The family of a network, or the named one, and its head.

    Raises:
        ModelError: the outputs are of no known family, or not of the named one.
    """
    for candidate in _named(family):
        if probe.outputs and (head := candidate.recognise(probe)) is not None:
            return candidate, head
    found = ", ".join(f"{name} {out.shape}" for name, out in zip(probe.names, probe.outputs, strict=False))
    width, height = probe.size
    raise ModelError(
        f"The model's outputs ({found}) for a {width}x{height} input are not those of "
        + (f"the family {family}." if family else "any known family."),
        hint=f"Known families: {', '.join(known.name for known in FAMILIES)}.",
    )


def _named(family: str | None) -> Sequence[Family]:
    chosen = [known for known in FAMILIES if family in (None, known.name)]
    if not chosen:
        names = ", ".join(known.name for known in FAMILIES)
        raise ModelError(f"There is no detector family {family!r}.", hint=f"Known families: {names}.")
    return chosen


def _labels_for(model: ModelFile, runtime: Runtime, head: Head) -> tuple[str, ...]:
    labels = model.labels or labels_in_metadata(runtime.metadata) or default_labels(head.classes or 80)
    if labels is None:
        raise ModelError(
            f"The model {model.name} tells {head.classes} classes apart and does not name them.",
            hint="Give their names, one a line: `vedette models add FILE --labels FILE`.",
        )
    if head.classes and len(labels) != head.classes:
        raise ModelError(
            f"The model {model.name} tells {head.classes} classes apart, but there are {len(labels)} labels.",
            hint="Give a label file with one line for each class.",
        )
    return labels
