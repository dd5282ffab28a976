"""Boxes of many pictures as columns, so that evaluation stays vectorised."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import BoxArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


class TrueBoxes(NamedTuple):
    """Ground truth, one row per object.

    Attributes:
        image: number of the picture or frame (N,).
        category: number of the class (N,).
        boxes: x, y, width, height in pixels (N, 4).
        area: square pixels of the object itself, which COCO takes from its outline (N,).
        crowd: a group that is not told apart (COCO) or an object that does not count (N,).
    """

    image: Integers
    category: Integers
    boxes: BoxArray
    area: Floats
    crowd: Flags

    def pick(self, rows: Integers) -> "TrueBoxes":
        """These rows."""
        return TrueBoxes._make(column[rows] for column in self)


class FoundBoxes(NamedTuple):
    """Detections, one row each; `score` is 0 to 1, the rest as in `TrueBoxes`."""

    image: Integers
    category: Integers
    boxes: BoxArray
    score: Floats

    def pick(self, rows: Integers) -> "FoundBoxes":
        """These rows."""
        return FoundBoxes._make(column[rows] for column in self)


def true_boxes(
    image: object, category: object, boxes: object, area: object = None, crowd: object = None
) -> TrueBoxes:
    """Columns from any sequences; the area is that of the box and nothing is a crowd where not given."""
    found = found_boxes(image, category, boxes, None)
    extent = np.prod(found.boxes[:, 2:], axis=1)
    return TrueBoxes(
        found.image,
        found.category,
        found.boxes,
        extent if area is None else np.asarray(area, np.float64),
        np.zeros(len(extent), bool) if crowd is None else np.asarray(crowd, bool),
    )


def found_boxes(image: object, category: object, boxes: object, score: object) -> FoundBoxes:
    """Columns from any sequences; every score is 1 where none are given."""
    array = np.asarray(boxes, np.float64).reshape(-1, 4)
    return FoundBoxes(
        np.asarray(image, np.int64).reshape(-1),
        np.asarray(category, np.int64).reshape(-1),
        array,
        np.ones(len(array)) if score is None else np.asarray(score, np.float64).reshape(-1),
    )


def groups(column: Integers) -> Iterator[tuple[int, Integers]]:
    """Each value of the column with the rows that hold it, rows in their order."""
    order = np.argsort(column, kind="stable")
    values, starts = np.unique(column[order], return_index=True)
    yield from zip(values.tolist(), np.split(order, starts[1:]), strict=False)
