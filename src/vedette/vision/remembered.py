"""Objects that the detector saw lately: where to look for them next."""

from collections.abc import Sequence

import msgspec

from vedette.domain.geometry import Box
from vedette.domain.messages import Detection

SAME_IOU = 0.25
"""A detection that overlaps the prediction so much is the same object."""
STILL_IOU = 0.6
"""An object stands still while its box overlaps the place where it stopped so much."""
STANDING_S = 3.0
FORGET_S = 2.0
"""A moving object missed for so long is gone; thrice that when nobody looked."""
STANDING_MISSES, STANDING_FORGET_S = 4, 10.0
"""A standing object is gone when it was looked for, and missed, so often and for so long."""
FARTHEST_S = 1.0
"""The prediction goes no farther ahead than this."""


class Remembered(msgspec.Struct):
    """One object as last seen, and how it moved between its last two sightings."""

    label: str
    box: Box
    seen_utc_s: float
    anchor: Box
    still_since_utc_s: float
    x_per_s: float = 0.0
    y_per_s: float = 0.0
    misses: int = 0

    @property
    def standing(self) -> bool:
        """Whether it has not moved for some seconds."""
        return self.seen_utc_s - self.still_since_utc_s >= STANDING_S

    def predicted(self, utc_s: float) -> Box:
        """Where it should be: straight on from its last two sightings; standing objects stay."""
        ahead_s = 0.0 if self.standing else min(utc_s - self.seen_utc_s, FARTHEST_S)
        x, y = self.box.x + self.x_per_s * ahead_s, self.box.y + self.y_per_s * ahead_s
        return Box(x, y, self.box.width, self.box.height)

    def see(self, box: Box, utc_s: float) -> None:
        """Take over a new sighting."""
        if (elapsed_s := utc_s - self.seen_utc_s) > 0:
            self.x_per_s = (box.center[0] - self.box.center[0]) / elapsed_s
            self.y_per_s = (box.center[1] - self.box.center[1]) / elapsed_s
        if box.iou(self.anchor) < STILL_IOU:
            self.anchor, self.still_since_utc_s = box, utc_s
        self.box, self.seen_utc_s, self.misses = box, utc_s, 0

    def is_gone(self, utc_s: float) -> bool:
        """Whether to give it up."""
        unseen_s = utc_s - self.seen_utc_s
        if self.standing:
            return self.misses >= STANDING_MISSES and unseen_s > STANDING_FORGET_S
        return unseen_s > (FORGET_S if self.misses else 3 * FORGET_S)


class ObjectMemory:
    """The objects of one camera, kept up to date by what each look found."""

    def __init__(self) -> None:
        self.objects: list[Remembered] = []

    def update(self, found: Sequence[Detection], looked_at: Sequence[Box], utc_s: float) -> None:
        """Match detections to what was expected; what was looked for and not found counts a miss."""
        missing = list(self.objects)
        for detection in sorted(found, key=lambda one: -one.score):
            match = max(missing, key=lambda known: _likeness(known, detection, utc_s), default=None)
            if match is not None and _likeness(match, detection, utc_s) >= SAME_IOU:
                missing.remove(match)
                match.see(detection.box, utc_s)
            else:
                box = detection.box
                self.objects.append(Remembered(detection.label, box, utc_s, box, utc_s))
        for known in missing:
            if any(known.predicted(utc_s).covered_by(region) > 0.9 for region in looked_at):
                known.misses += 1
        self.objects = [known for known in self.objects if not known.is_gone(utc_s)]


def _likeness(known: Remembered, detection: Detection, utc_s: float) -> float:
    if known.label != detection.label:
        return 0.0
    return max(known.predicted(utc_s).iou(detection.box), known.box.iou(detection.box))
