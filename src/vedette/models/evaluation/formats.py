"""Readers of ground truth and detections: COCO JSON, MOT text, folders of label files.

They read files that others wrote: what does not fit raises `EvaluationError` with file and line.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from vedette.domain.errors import VedetteError
from vedette.models.evaluation.boxes import FoundBoxes, TrueBoxes, found_boxes, true_boxes
from vedette.models.evaluation.mot import Trajectories

Content = TypeVar("Content")


class EvaluationError(VedetteError):
    """Detections or ground truth that cannot be read, or do not belong together."""


class _Image(msgspec.Struct):
    id: int
    file_name: str = ""


class _Category(msgspec.Struct):
    id: int
    name: str


class _Annotation(msgspec.Struct):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    area: float | None = None
    iscrowd: int = 0


class _Instances(msgspec.Struct):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category] = []


class _Result(msgspec.Struct):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float


class CocoTruth(msgspec.Struct, frozen=True):
    """Annotations of a COCO file: boxes, names of categories by number, file names of pictures by number."""

    boxes: TrueBoxes
    categories: dict[int, str]
    images: dict[int, str]


def read_coco_truth(path: Path) -> CocoTruth:
    """A COCO `instances` file. Raises EvaluationError."""
    content = _decoded(path, _Instances)
    rows = content.annotations
    boxes = true_boxes(
        [row.image_id for row in rows],
        [row.category_id for row in rows],
        [row.bbox for row in rows],
        [row.bbox[2] * row.bbox[3] if row.area is None else row.area for row in rows],
        [bool(row.iscrowd) for row in rows],
    )
    names = {category.id: category.name for category in content.categories}
    return CocoTruth(boxes, names, {image.id: image.file_name for image in content.images})


def read_coco_results(path: Path) -> FoundBoxes:
    """A COCO results file: a list of image_id, category_id, bbox, score. Raises EvaluationError."""
    rows = _decoded(path, list[_Result])
    return found_boxes(
        [row.image_id for row in rows],
        [row.category_id for row in rows],
        [row.bbox for row in rows],
        [row.score for row in rows],
    )


def read_mot(path: Path) -> Trajectories:
    """A MOT challenge text file (motchallenge.net): frame, id, x, y, width, height, confidence, class, ...

    In ground truth a confidence of 0 means that the object does not count. Raises EvaluationError.
    """
    rows = [_numbers(path, number, line.split(",")) for number, line in _lines(path)]
    if any(len(row) < 6 for row in rows):
        raise EvaluationError(
            f"{path} is not a MOT file.", hint="Lines need: frame, id, x, y, width, height."
        )
    filled = np.array([(*row[:8], 1.0, -1.0)[:8] if len(row) < 8 else row[:8] for row in rows])
    table = filled.reshape(-1, 8)
    return Trajectories(
        frame=table[:, 0].astype(np.int64),
        identity=table[:, 1].astype(np.int64),
        boxes=table[:, 2:6],
        confidence=table[:, 6],
        category=table[:, 7].astype(np.int64),
    )


def read_label_folder(folder: Path, names: dict[str, int]) -> FoundBoxes:
    """A folder of text files, one per picture: `class [confidence] x y width height` in pixels.

    Args:
        folder: pictures are numbered by the order of the file names.
        names: numbers of the classes; grows as classes are met.

    Raises:
        EvaluationError: a line is not of this form.
    """
    image, category, boxes, score = [], [], [], []
    for position, path in enumerate(sorted(folder.glob("*.txt"))):
        for number, line in _lines(path):
            name, *fields = line.split()
            values = _numbers(path, number, fields)
            if len(values) not in (4, 5):
                raise EvaluationError(f"{path}:{number} needs: class [confidence] x y width height.")
            image.append(position)
            category.append(names.setdefault(name, len(names)))
            boxes.append(values[-4:])
            score.append(values[0] if len(values) == 5 else 1.0)
    return found_boxes(image, category, boxes, score)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines that hold something."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path} cannot be read: {error}.") from error
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _numbers(path: Path, number: int, fields: list[str]) -> list[float]:
    try:
        values = [float(field) for field in fields if field.strip()]
    except ValueError as error:
        raise EvaluationError(f"{path}:{number} holds something that is not a number: {error}.") from error
    if not np.isfinite(values).all():
        raise EvaluationError(f"{path}:{number} holds a number that is not finite.")
    return values


def _decoded(path: Path, kind: type[Content]) -> Content:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvaluationError(f"{path} cannot be read as COCO JSON: {error}.") from error
