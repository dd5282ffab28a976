"""The gate: looks at keyframes while a scene is quiet and says when to decode the rest."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from vedette.vision.change import ChangeModel


class GateLook(msgspec.Struct, frozen=True):
    """What one look found.

    Attributes:
        moved: something moved or stands there that was not there before: decode everything.
        changed_share: of the picture, 0 to 1.
        scene_changed: the light changed; `moved` is False then, whatever happened in the meantime, and the
            new light is what later looks compare with.
    """

    moved: bool
    changed_share: float
    scene_changed: bool


class Gate:
    """Decides from single luma planes, 0.4 to 10 s apart, whether something moved.

    It stays shut on sensor noise, coding artefacts, exposure and lights (see `change` for the statistics).
    What came to stay holds it open until it counts as background, some 15 seconds.
    """

    def __init__(self) -> None:
        self._model = ChangeModel()

    def look(self, luma: NDArray[np.uint8], utc_s: float) -> GateLook:
        """Look at a luma plane (h, w), about 320 wide; the first one only founds the memory."""
        change = self._model.compare(luma, utc_s)
        changed = int(np.count_nonzero(change.cells))
        return GateLook(
            moved=changed > 0,
            changed_share=changed / change.cells.size,
            scene_changed=change.scene_changed,
        )

    def reset(self) -> None:
        """Forget the scene: another stream, another view."""
        self._model.reset()
