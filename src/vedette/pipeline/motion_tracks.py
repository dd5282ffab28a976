"""Events from motion alone: something crosses the picture that no detector knows.

Moving areas are gathered into blobs and tracked like objects. A blob matters when it is large enough, lasts,
is there in nearly every frame, and travels: leaves in the wind and flicker come back to where they were, rain
does not last, and light switches are reported as scene changes and not looked at.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

from vedette.domain.camera import CameraSpec
from vedette.domain.geometry import Box
from vedette.domain.messages import Detection, Detections, EventMessage
from vedette.domain.zones import is_excluded, relative_foot
from vedette.pipeline.drafts import Draft
from vedette.pipeline.episodes import Episode, Sighting
from vedette.pipeline.motion_blobs import Blob, Explanation, gather, is_same_thing, makes_event
from vedette.vision.tracker import Track, Tracker

LABEL: Final = "motion"
LOST_AFTER_S: Final = 1.0
ANNOUNCE_AFTER_S: Final = 1.5
"""Time for a detector to find what moves: an object event is worth more than a motion event."""
LED_IN_S: Final = 3.0
"""An object found where motion began no longer ago than this is what began to move there."""

_LARGEST_SHARE: Final = 0.6
_GATHER: Final = 0.02


class MotionWatch:
    """Motion events of one camera.

    Args:
        spec: desired state of the camera.
        draft_of: makes the draft of an event from its episode.
    """

    def __init__(self, spec: CameraSpec, draft_of: Callable[[Episode], Draft]) -> None:
        self._draft_of = draft_of
        self._tracker = Tracker(lost_after_s=LOST_AFTER_S, tentative_hits=2)
        self._blobs: dict[int, Blob] = {}
        self._frames = 0
        self.configure(spec)

    @property
    def drafts(self) -> list[Draft]:
        """Of all blobs, events or not."""
        return [blob.draft for blob in self._blobs.values()]

    def configure(self, spec: CameraSpec) -> None:
        """Take over a changed profile and zones."""
        self._profile, self._zones = spec.profile, spec.zones
        for blob in self._blobs.values():
            blob.episode.zones.configure(spec.zones)

    def restart(self) -> None:
        """Follow what moves anew, as on a picture of another size."""
        self._tracker.restart()

    def process(
        self, found: Detections, explanations: Sequence[Explanation], *, settled: bool
    ) -> list[EventMessage]:
        """Take over the motion of a frame; `settled` is false while a change of light decays."""
        if not (self._profile.motion_events and settled):
            return self.close()
        self._frames += 1
        tracks = self._follow(found)
        for track in tracks:
            if track.seen_utc_s == found.utc_s:
                self._observe(track, found, explanations)
        messages = self._end_gone({track.id for track in tracks})
        return messages + self._tell(explanations)

    def began(self, box: Box, utc_s: float) -> float:
        """When what now is found in this box began to move there; now, if that is unknown or long ago."""
        starts = [
            blob.first.utc_s
            for blob in self._blobs.values()
            if utc_s - blob.episode.seen_utc_s <= LOST_AFTER_S
            and utc_s - blob.first.utc_s <= LED_IN_S
            and not blob.explained
            and is_same_thing(blob.episode.newest.box, box)
        ]
        return min(starts, default=utc_s)

    def close(self) -> list[EventMessage]:
        """End everything."""
        self.restart()
        return self._end_gone(set())

    def _follow(self, found: Detections) -> list[Track]:
        distance = _GATHER * math.hypot(found.width, found.height)
        boxes = [box for box in gather(found.motion, distance) if self._counts(box, found)]
        moving = [Detection(LABEL, 1.0, box) for box in boxes]
        everywhere = Box(0.0, 0.0, found.width, found.height)
        frame = (float(found.width), float(found.height))
        self._tracker.drop(
            {t.id for t in self._tracker.tracks if found.utc_s - t.seen_utc_s > 2 * LOST_AFTER_S}
        )
        return self._tracker.update(moving, [everywhere], found.utc_s, frame=frame)

    def _counts(self, box: Box, found: Detections) -> bool:
        if box.area > _LARGEST_SHARE * found.width * found.height:
            return False
        return not is_excluded(self._zones, LABEL, relative_foot(box, found.width, found.height))

    def _observe(self, track: Track, found: Detections, explanations: Sequence[Explanation]) -> None:
        share = min(track.box.area / (found.width * found.height), 1.0)
        sighting = Sighting(
            utc_s=found.utc_s, label=LABEL, score=share, box=track.box, width=found.width, height=found.height
        )
        blob = self._blobs.get(track.id)
        if blob is None:
            draft = self._draft_of(Episode(sighting, self._zones))
            blob = self._blobs[track.id] = Blob(sighting, draft, self._frames)
            blob.note(explanations)
        else:
            blob.observe(sighting, self._frames, explanations)

    def _tell(self, explanations: Sequence[Explanation]) -> list[EventMessage]:
        messages: list[EventMessage | None] = []
        for blob in self._blobs.values():
            blob.note(explanations)
            if blob.draft.is_open:
                messages.append(blob.draft.end() if blob.is_object else blob.draft.update())
            elif self._is_due(blob):
                messages.append(blob.draft.start())
        return [message for message in messages if message is not None]

    def _is_due(self, blob: Blob) -> bool:
        return blob.lasted_s >= ANNOUNCE_AFTER_S and not blob.explained_now and self._makes_event(blob)

    def _makes_event(self, blob: Blob) -> bool:
        return not blob.draft.revision and makes_event(blob, self._profile)

    def _end_gone(self, live: set[int]) -> list[EventMessage]:
        """End the events of blobs that are gone; one that was over before it was due is told at once."""
        messages = []
        for blob in [self._blobs.pop(i) for i in list(self._blobs) if i not in live]:
            if blob.draft.is_open:
                messages.append(blob.draft.end())
            elif self._makes_event(blob):
                messages += [blob.draft.start(), blob.draft.end()]
        return messages
