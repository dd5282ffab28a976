"""Cells of the grids on which most detectors predict."""

from collections.abc import Sequence

import numpy as np

from vedette.vision.detectors.base import Size, Tensor


def shapes(size: Size, strides: Sequence[int]) -> list[Size]:
    """Columns and rows of the grid of each stride."""
    return [(-(-size[0] // stride), -(-size[1] // stride)) for stride in strides]


def cell_counts(size: Size, strides: Sequence[int]) -> list[int]:
    """Cells of each grid."""
    return [columns * rows for columns, rows in shapes(size, strides)]


def cells(size: Size, strides: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Column and row of every cell (N, 2), and its stride (N, 1), row by row and grid by grid."""
    positions, steps = [], []
    for (columns, rows), stride in zip(shapes(size, strides), strides, strict=True):
        grid = np.indices((rows, columns))[::-1].reshape(2, -1).T
        positions.append(grid)
        steps.append(np.full((len(grid), 1), stride))
    return np.concatenate(positions).astype(np.float32), np.concatenate(steps).astype(np.float32)
