"""A Kalman filter over many boxes at once.

The axes of a box (centre x, centre y, width, height) move independently, so each is its own filter of
position and velocity and all of them are arrays of shape (N, 4): no matrices, no loop over objects.

The motion is a nearly constant velocity that fades with time (the integrated Ornstein-Uhlenbeck process,
Singer 1970 with velocity in place of acceleration): over short steps it is the usual constant-velocity
model, over gaps the prediction stays within reach of where the object was.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import BoxArray

Array = NDArray[np.float64]

# Of centre x, centre y, width, height. Speeds in object sizes per second: a walker makes about 1.5, a
# cyclist 3; sizes change by perspective and at the picture's border. Noise: jitter of small detectors.
_SPEED: Final = np.array([2.0, 2.0, 0.7, 0.7])
_FIRST_SPEED: Final = np.array([5.0, 5.0, 1.0, 1.0])
_MEMORY_S: Final = np.array([2.0, 2.0, 0.7, 0.7])
_NOISE: Final = np.array([0.06, 0.06, 0.1, 0.1])
_SMALLEST_PX: Final = 1.0
GAP_S: Final = 5.0
"""Nobody looked for so long: the gate was closed, so what was there stood still."""


class BoxFilter:
    """Predicts and corrects N boxes; row i of every array belongs to box i."""

    def __init__(self) -> None:
        self._position: Array = np.empty((0, 4))
        self._velocity: Array = np.empty((0, 4))
        self._pp: Array = np.empty((0, 4))
        self._pv: Array = np.empty((0, 4))
        self._vv: Array = np.empty((0, 4))

    def __len__(self) -> int:
        return len(self._position)

    @property
    def boxes(self) -> BoxArray:
        """The estimated boxes, shape (N, 4): x, y, width, height."""
        size = self._position[:, 2:]
        return np.hstack([self._position[:, :2] - size / 2, size])

    @property
    def spread(self) -> Array:
        """The standard deviation of the centres in pixels, shape (N,)."""
        result: Array = np.sqrt(self._pp[:, :2].mean(axis=1))
        return result

    @property
    def scale(self) -> Array:
        """The sizes in pixels, shape (N,)."""
        return _scale(self._position[:, 2:])

    def add(self, boxes: BoxArray) -> None:
        """Append boxes seen for the first time: any velocity is possible."""
        scale = _scale(boxes[:, 2:])[:, None]
        zeros = np.zeros((len(boxes), 4))
        self._position = np.vstack([self._position, _centred(boxes)])
        self._velocity = np.vstack([self._velocity, zeros])
        self._pp = np.vstack([self._pp, (_NOISE * scale) ** 2])
        self._pv = np.vstack([self._pv, zeros])
        self._vv = np.vstack([self._vv, (_FIRST_SPEED * scale) ** 2])

    def predict(self, step_s: float) -> None:
        """Move every box on by `step_s` seconds; after a gap they are where they were, at rest."""
        if step_s > GAP_S:
            self._rest()
            return
        keep = np.exp(-step_s / _MEMORY_S)
        reach = _MEMORY_S * (1 - keep)
        speed_var = (_SPEED * self.scale[:, None]) ** 2
        drift = 2 * step_s / _MEMORY_S - 3 + 4 * keep - keep**2
        self._position = self._position + reach * self._velocity
        self._position[:, 2:] = np.maximum(self._position[:, 2:], _SMALLEST_PX)
        self._velocity = keep * self._velocity
        self._pp = self._pp + 2 * reach * self._pv + reach**2 * self._vv + speed_var * _MEMORY_S**2 * drift
        self._pv = keep * self._pv + keep * reach * self._vv + speed_var * _MEMORY_S * (1 - keep) ** 2
        self._vv = keep**2 * self._vv + speed_var * (1 - keep**2)

    def _rest(self) -> None:
        self._velocity = np.zeros_like(self._velocity)
        self._pv = np.zeros_like(self._pv)
        self._vv = (_SPEED * self.scale[:, None]) ** 2

    def correct(self, rows: NDArray[np.intp], boxes: BoxArray) -> None:
        """Take over what was measured for some rows."""
        noise = (_NOISE * _scale(boxes[:, 2:])[:, None]) ** 2
        pp, pv = self._pp[rows], self._pv[rows]
        total = pp + noise
        surprise = _centred(boxes) - self._position[rows]
        self._position[rows] += pp / total * surprise
        self._position[:, 2:] = np.maximum(self._position[:, 2:], _SMALLEST_PX)
        self._velocity[rows] += pv / total * surprise
        self._vv[rows] -= pv**2 / total
        self._pv[rows] = pv * noise / total
        self._pp[rows] = pp * noise / total

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget the boxes whose entry in `rows`, shape (N,), is false."""
        for name in ("_position", "_velocity", "_pp", "_pv", "_vv"):
            setattr(self, name, getattr(self, name)[rows])

    def rescale(self, x_factor: float, y_factor: float) -> None:
        """Go over to a picture of another size."""
        factors = np.array([x_factor, y_factor, x_factor, y_factor])
        self._position = self._position * factors
        self._velocity = self._velocity * factors
        for name in ("_pp", "_pv", "_vv"):
            setattr(self, name, getattr(self, name) * factors**2)


def _scale(sizes: Array) -> Array:
    """One length per box: the root of its area, but for slivers at the border at least half the long side."""
    result: Array = np.maximum(np.sqrt(np.prod(sizes, axis=1)), sizes.max(axis=1, initial=1.0) / 2)
    return result


def _centred(boxes: BoxArray) -> Array:
    return np.hstack([boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:]])
