"""Class scores: which candidates are worth decoding."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating[Any]]
Indices = NDArray[np.intp]


def sigmoid(logits: Scores) -> Scores:
    """1 / (1 + exp(-x)) without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))


def logit(score: float) -> float:
    """The value whose sigmoid is `score`."""
    score = min(max(score, 1e-6), 1 - 1e-6)
    return float(np.log(score / (1 - score)))


def top_class(scores: Scores, min_score: float) -> tuple[Indices, Indices]:
    """Rows of (N, classes) whose best class reaches the score, and that class."""
    rows = np.flatnonzero(scores.max(axis=1) >= min_score)
    return rows, scores[rows].argmax(axis=1)


def every_class(scores: Scores, min_score: float) -> tuple[Indices, Indices]:
    """Row and class of every entry of (N, classes) that reaches the score: a row may count several times."""
    rows, classes = np.nonzero(scores >= min_score)
    return rows, classes


def around(centres: Scores, sizes: Scores) -> Scores:
    """Corners (N, 4) of boxes with these centres (N, 2) and sizes (N, 2)."""
    return np.concatenate((centres - sizes / 2, centres + sizes / 2), axis=1)
