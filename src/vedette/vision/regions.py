"""Which parts of a frame the detector should see.

A detector call costs the same for a crop as for the whole picture, but in a crop of its own input size it
sees native pixels. So crops are laid around what moves and around what was seen lately, as few as possible.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

from vedette.domain.geometry import Box
from vedette.domain.messages import Detection
from vedette.vision.remembered import ObjectMemory

MOST_REGIONS = 4
BUSY_SHARE = 0.4
"""From this share of moving picture on, the whole picture is looked at instead."""
WHOLE_EVERY_S = 5.0
"""While the gate is open the whole picture is looked at so often: for what the motion step missed."""
RELOOK_S = 5.0
"""Standing objects are looked at so often while other things move."""
OVERHEAD, UNDERFOOT, BESIDE = 1.5, 0.5, 0.5
"""What is added to a moving area, in its heights and widths: of a person often only the legs move."""
AROUND = 0.3
"""What is added around a predicted box, in its size."""
COARSER = 1.3
"""Two regions become one when neither is then shrunk more than so many times as much as alone ..."""
INSIDE = 0.7
"""... or when one lies in the other by so much."""

Reason = Literal["motion", "start", "recheck"]
Size = tuple[int, int]


class RegionPlanner:
    """Plans the regions of one camera's frames; it remembers what was found in them."""

    def __init__(self) -> None:
        self._memory = ObjectMemory()
        self._whole_utc_s = float("-inf")
        self._utc_s = 0.0
        self._regions: list[Box] = []
        self._whole = Box(0, 0, 0, 0)

    def plan(
        self, width: int, height: int, utc_s: float, motion: Sequence[Box], reason: Reason, input_size: Size
    ) -> list[Box]:
        """Choose the regions of a frame.

        Args:
            width: of the picture, pixels; likewise `height`.
            height: see above.
            utc_s: capture time of the frame.
            motion: moving areas in picture pixels.
            reason: `start` looks at everything, `recheck` only at what is remembered.
            input_size: width and height of the detector's input; no region is smaller unless the picture is.

        Returns:
            Regions in picture pixels, inside the picture; none when there is nothing to look for.
        """
        layout = _Layout(width, height, input_size)
        self._utc_s, self._whole = utc_s, layout.whole
        self._regions = self._chosen(layout, utc_s, motion, reason)
        if layout.whole in self._regions:
            self._whole_utc_s = utc_s
        return list(self._regions)

    def observe(self, detections: Sequence[Detection]) -> None:
        """Learn what the detector found in the regions planned last.

        Beside crops, the whole picture proves no absence: what is small may vanish in it.
        """
        crops = self._regions if len(self._regions) == 1 else [r for r in self._regions if r != self._whole]
        self._memory.update(detections, crops, self._utc_s)

    def _chosen(self, layout: "_Layout", utc_s: float, motion: Sequence[Box], reason: Reason) -> list[Box]:
        if reason == "start":
            return [layout.whole]
        wanted = self._remembered(layout, utc_s, everything=reason == "recheck")
        if reason == "recheck":
            return layout.regions(wanted)
        if utc_s - self._whole_utc_s >= WHOLE_EVERY_S or layout.share(motion) > BUSY_SHARE:
            return layout.with_whole(wanted)
        return layout.regions([*wanted, *(_whole_object(area) for area in motion)])

    def _remembered(self, layout: "_Layout", utc_s: float, *, everything: bool) -> list[Box]:
        boxes = []
        for known in self._memory.objects:
            if everything or not known.standing or utc_s - known.seen_utc_s >= RELOOK_S:
                box = known.predicted(utc_s).grown(AROUND).clipped(layout.width, layout.height)
                boxes.append(box)
        return [box for box in boxes if box.area > 0]


def _whole_object(area: Box) -> Box:
    """Where the object may be of which this area moves."""
    tall = max(area.height, area.width / 2)
    left, top = area.x - BESIDE * area.width, area.y - OVERHEAD * tall
    return Box(left, top, area.width * (1 + 2 * BESIDE), area.height + (OVERHEAD + UNDERFOOT) * tall)


class _Layout:
    """Lays regions of a detector's shape into a picture."""

    def __init__(self, width: int, height: int, input_size: Size) -> None:
        self.width, self.height = width, height
        self.whole = Box(0, 0, width, height)
        self._input = input_size
        self._coarsest = self._shrink(self.whole)

    def share(self, areas: Sequence[Box]) -> float:
        """Of the picture, that these areas cover (overlaps count twice)."""
        return sum(area.clipped(self.width, self.height).area for area in areas) / self.whole.area

    def with_whole(self, wanted: Sequence[Box]) -> list[Box]:
        """The whole picture, and crops for what would be much smaller in it."""
        crops = self.regions(wanted) if len(wanted) < MOST_REGIONS else []
        return [self.whole, *(crop for crop in crops if crop != self.whole)]

    def regions(self, wanted: Sequence[Box]) -> list[Box]:
        """Few regions around these boxes, or the whole picture where they would cost more than they show."""
        groups = [box.clipped(self.width, self.height) for box in wanted]
        groups = self._merged([box for box in groups if box.area > 0])
        regions = [self._around(box) for box in groups]
        return [self.whole] if any(self._is_nearly_whole(region) for region in regions) else regions

    def _merged(self, groups: list[Box]) -> list[Box]:
        while pair := self._mergeable(groups):
            groups = [box for box in groups if box is not pair[0] and box is not pair[1]]
            groups.append(pair[0].union(pair[1]))
        return groups

    def _mergeable(self, groups: Sequence[Box]) -> tuple[Box, Box] | None:
        """The pair to look at together that shrinks least; any pair while there are too many."""
        pairs = list(combinations(groups, 2))
        if len(groups) <= MOST_REGIONS:
            pairs = [pair for pair in pairs if self._belong_together(*pair)]
        return min(pairs, key=lambda pair: self._shrink(pair[0].union(pair[1])), default=None)

    def _belong_together(self, first: Box, second: Box) -> bool:
        if max(first.covered_by(second), second.covered_by(first)) > INSIDE:
            return True
        alone = min(self._shrink(first), self._shrink(second))
        return self._shrink(first.union(second)) <= COARSER * alone

    def _shrink(self, box: Box) -> float:
        """How many times smaller the detector sees the box; never below 1: nothing is enlarged."""
        return max(box.width / self._input[0], box.height / self._input[1], 1.0)

    def _is_nearly_whole(self, region: Box) -> bool:
        return self._shrink(region) * COARSER > self._coarsest and region.area > self.whole.area / 2

    def _around(self, box: Box) -> Box:
        """A region of the input's shape around the box, moved into the picture."""
        factor = self._shrink(box)
        width = min(self._input[0] * factor, self.width)
        height = min(self._input[1] * factor, self.height)
        x = min(max(box.center[0] - width / 2, 0), self.width - width)
        y = min(max(box.center[1] - height / 2, 0), self.height - height)
        return _rounded(Box(x, y, width, height))


def _rounded(box: Box) -> Box:
    x, y = int(box.x), int(box.y)
    return Box(x, y, int(box.right + 0.999) - x, int(box.bottom + 0.999) - y)
