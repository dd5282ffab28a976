"""Non-maximum suppression: of boxes that show the same object only the best stays."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vedette.vision.detectors.base import Candidates


def best(candidates: Candidates, count: int) -> Candidates:
    """The `count` candidates with the highest scores, best first."""
    order = np.argsort(-candidates.scores, kind="stable")[:count]
    return pick(candidates, order)


def pick(candidates: Candidates, chosen: NDArray[Any]) -> Candidates:
    """The candidates at these indices."""
    return Candidates(candidates.corners[chosen], candidates.scores[chosen], candidates.classes[chosen])


def suppress(candidates: Candidates, max_iou: float) -> Candidates:
    """Drop every box that overlaps a better one of its class by more than `max_iou`; best first.

    Uses OpenCV's batched suppression, greedy per class as in the models' own programs.
    """
    if len(candidates.scores) < 2:
        return candidates
    boxes = candidates.corners.astype(np.float64)
    boxes[:, 2:] -= boxes[:, :2]
    scores = candidates.scores.astype(np.float32)
    classes = candidates.classes.astype(np.int32)
    kept = cv2.dnn.NMSBoxesBatched(boxes.tolist(), scores.tolist(), classes.tolist(), 0.0, max_iou)
    chosen = np.asarray(kept, dtype=np.intp).reshape(-1)
    return pick(candidates, chosen[np.argsort(-scores[chosen], kind="stable")])
