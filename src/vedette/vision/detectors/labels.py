"""Names of classes: the COCO set, a text file, or the metadata of an ONNX file."""

import ast
from collections.abc import Mapping
from pathlib import Path

from vedette.domain.errors import ModelError

MAX_LABELS = 20_000
MAX_FILE_BYTES = 4 << 20

# fmt: off
COCO = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard",
    "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair drier", "toothbrush",
)
# fmt: on
"""The 80 classes of COCO in the order that networks number them."""

_UNUSED = frozenset((0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83))
COCO_CATEGORY_IDS = tuple(number for number in range(91) if number not in _UNUSED)
"""The dataset's own category number of each of the 80 classes."""

COCO_91 = tuple(
    COCO[COCO_CATEGORY_IDS.index(number)] if number not in _UNUSED else "" for number in range(91)
)
"""By category number, as the DETR family counts; empty where the dataset has no such class."""

BUILT_IN = {"coco": COCO, "coco91": COCO_91, "person": ("person",)}

_OTHER_NAMES = {
    "motorbike": "motorcycle",
    "aeroplane": "airplane",
    "tvmonitor": "tv",
    "sofa": "couch",
    "pottedplant": "potted plant",
    "diningtable": "dining table",
}


def read_labels(path: Path) -> tuple[str, ...]:
    """Labels of a text file, one a line in class order; older names of COCO classes become today's.

    Raises:
        ModelError: the file cannot be read or is not a list of labels.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelError(
                f"{path} is too large for a list of labels.", hint="One label a line is expected."
            )
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        hint = "A text file with one label a line is expected."
        raise ModelError(f"The labels in {path} cannot be read: {error}.", hint=hint) from error
    return checked_labels([line.strip() for line in lines], str(path))


def checked_labels(lines: list[str], origin: str) -> tuple[str, ...]:
    """Labels without trailing empty ones; raises ModelError when none or far too many are left."""
    while lines and not lines[-1]:
        lines.pop()
    if not 0 < len(lines) <= MAX_LABELS or any("\0" in line for line in lines):
        raise ModelError(f"{origin} holds no list of labels.", hint="One label a line is expected.")
    return tuple(_OTHER_NAMES.get(line, line) for line in lines)


def labels_in_metadata(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    """The labels that Ultralytics writes into its exports as `names`: a Python dict or list as text."""
    try:
        names = ast.literal_eval(metadata.get("names", ""))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(names, dict):
        names = [names.get(number, "") for number in range(len(names))]
    if not isinstance(names, list | tuple) or not 0 < len(names) <= MAX_LABELS:
        return None
    return tuple(str(name) for name in names)


def default_labels(classes: int) -> tuple[str, ...] | None:
    """The set that a network with so many classes most probably knows, None when there is no telling."""
    return {80: COCO, 90: COCO_91[1:], 91: COCO_91}.get(classes)
