"""The tracking stage: what was found in single frames in, events out."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Literal

import structlog

from vedette.domain.camera import CameraSpec, Profile
from vedette.domain.geometry import Box
from vedette.domain.ids import new_id
from vedette.domain.messages import Detections, EventMessage
from vedette.domain.zones import is_excluded, relative_foot
from vedette.pipeline.drafts import Draft
from vedette.pipeline.episodes import Episode, Sighting
from vedette.pipeline.motion_blobs import Explanation
from vedette.pipeline.motion_tracks import MotionWatch
from vedette.pipeline.rules import ends_event, makes_event
from vedette.pipeline.subjects import Subject, is_stirred
from vedette.vision.tracker import Track, Tracker

log = structlog.get_logger(__name__)

_SETTLE_S: Final = 1.0
_TOO_MUCH_MOTION: Final = 0.8
_DOUBTFUL: Final = 0.6
_FRESH_S: Final = 3.0
_STALE_S: Final = 1.0
_FORGET_AFTER_S: Final = 60.0
_FORGET_RECHECKS: Final = 3


class TrackingStage:
    """Follows the objects of one camera and tells events about them.

    It keeps no clock: the times of the frames decide, also over gaps while the camera was quiet. The same
    messages in give the same messages out, but for the ids.

    Args:
        spec: desired state of the camera.
        counters: where drops are counted.
        make_id: makes the ids of events.
    """

    def __init__(
        self,
        spec: CameraSpec,
        counters: Counter[str] | None = None,
        make_id: Callable[[], str] = new_id,
    ) -> None:
        self._spec = spec
        self._counters = Counter[str]() if counters is None else counters
        self._make_id = make_id
        self._tracker = Tracker()
        self._subjects: dict[int, Subject] = {}
        self._motion = MotionWatch(spec, lambda episode: self._draft("motion", episode))
        self._model = ("", "")
        self._size = (0, 0)
        self._utc_s = self._unsettled_utc_s = float("-inf")
        self.configure(spec)

    @property
    def open_events(self) -> list[EventMessage]:
        """The events that were told to have started and not to have ended, as known now."""
        return [draft.compose() for draft in self._drafts() if draft.is_open]

    @property
    def tracks(self) -> Sequence[Track]:
        """The objects that are followed now, in events or not."""
        return self._tracker.tracks

    @property
    def candidates(self) -> list[EventMessage]:
        """What may become an event (with the id it will have), so that its best picture can be kept."""
        return [draft.compose("start") for draft in self._drafts() if not draft.revision]

    def configure(self, spec: CameraSpec) -> None:
        """Take over a changed desired state between two frames; tracks and open events go on."""
        self._spec = spec
        profile = spec.profile
        self._tracker.sure_score = _DOUBTFUL * _lowest_score(profile)
        self._tracker.lost_after_s = profile.lost_after_s
        self._tracker.tentative_hits = profile.min_hits
        self._tracker.forget_after_s = max(_FORGET_AFTER_S, _FORGET_RECHECKS * profile.recheck_s)
        self._motion.configure(spec)
        for subject in self._subjects.values():
            subject.configure(spec.zones)

    def process(self, found: Detections) -> list[EventMessage]:
        """Take over one frame; returns the messages about events that follow from it, in order."""
        if found.end:
            return self._close()
        if not self._is_usable(found):
            return []
        self._utc_s, self._model = found.utc_s, (found.model, found.model_version)
        self._adapt_to(found.width, found.height)
        tracks = self._tracker.update(
            found.objects, found.looked_at, found.utc_s, frame=(float(found.width), float(found.height))
        )
        messages = self._end_gone({track.id for track in tracks})
        settled = self._is_settled(found)
        for track in tracks:
            messages += self._follow(track, found, found.motion if settled else ())
        messages += self._motion.process(found, self._explanations(), settled=settled)
        return messages

    # -- frames -----------------------------------------------------------------------------------

    def _is_usable(self, found: Detections) -> bool:
        if found.width <= 0 or found.height <= 0:
            return self._refuse(found, "a frame without a size was not tracked", "frames_without_size")
        if found.utc_s <= self._utc_s:
            return self._refuse(found, "a frame older than its predecessor was not tracked", "frames_late")
        return True

    def _refuse(self, found: Detections, why: str, counter: str) -> bool:
        self._counters[counter] += 1
        log.warning(why, camera=found.camera, utc_s=found.utc_s, newest_utc_s=self._utc_s)
        return False

    def _adapt_to(self, width: int, height: int) -> None:
        """Take everything over to the size of this frame, if it is another."""
        before, self._size = self._size, (width, height)
        if before in {self._size, (0, 0)}:
            return
        self._tracker.rescale(width / before[0], height / before[1])
        self._motion.restart()
        for subject in self._subjects.values():
            subject.rescale(width, height)

    def _is_settled(self, found: Detections) -> bool:
        """Whether motion means something: not in a change of light and while the camera adapts to it."""
        moving = sum(box.area for box in found.motion)
        if found.scene_changed or moving > _TOO_MUCH_MOTION * found.width * found.height:
            self._unsettled_utc_s = found.utc_s
        return found.utc_s - self._unsettled_utc_s >= _SETTLE_S

    # -- objects ----------------------------------------------------------------------------------

    def _follow(self, track: Track, found: Detections, motion: Sequence[Box]) -> list[EventMessage]:
        """Bring one subject up to date and tell what follows."""
        messages = self._end_if_over(track.id, found.utc_s)
        if track.seen_utc_s != found.utc_s:
            return messages
        sighting = Sighting(
            utc_s=found.utc_s,
            label=track.label,
            score=track.score,
            box=track.box,
            width=found.width,
            height=found.height,
        )
        if self._is_excluded(sighting):
            return messages + self._end_if_away(track.id, found.utc_s)
        return messages + self._observe(track.id, sighting, motion)

    def _observe(self, track_id: int, sighting: Sighting, motion: Sequence[Box]) -> list[EventMessage]:
        subject = self._subjects.get(track_id)
        stirred = is_stirred(sighting.box, motion)
        if subject is None:
            subject = self._subjects[track_id] = self._meet(sighting)
            subject.episode.activity.stirs += stirred
        else:
            subject.observe(sighting, stirred=stirred)
        return self._tell(subject)

    def _meet(self, sighting: Sighting) -> Subject:
        """A new subject; detectors hesitate where an object comes in, so motion may know it for longer."""
        start_utc_s = self._motion.began(sighting.box, sighting.utc_s)
        episode = Episode(sighting, self._spec.zones, start_utc_s)
        return Subject(episode, self._spec.zones, lambda episode: self._draft("object", episode))

    def _tell(self, subject: Subject) -> list[EventMessage]:
        if subject.draft.is_open:
            update = subject.draft.update()
            return [] if update is None else [update]
        return [subject.draft.start()] if makes_event(subject, self._spec.profile) else []

    def _end_if_over(self, track_id: int, utc_s: float) -> list[EventMessage]:
        """End the event of an object that is still there: it has parked, or is not wanted any more."""
        subject = self._subjects.get(track_id)
        if subject is None or not subject.draft.is_open:
            return []
        if not ends_event(subject, self._spec.profile, utc_s):
            return []
        message = subject.draft.end()
        subject.park()
        return [message]

    def _is_excluded(self, sighting: Sighting) -> bool:
        foot = relative_foot(sighting.box, sighting.width, sighting.height)
        return is_excluded(self._spec.zones, sighting.label, foot)

    def _end_if_away(self, track_id: int, utc_s: float) -> list[EventMessage]:
        """In an exclude zone an object does not count; after `lost_after_s` there it is gone."""
        subject = self._subjects.get(track_id)
        if subject is None or utc_s - subject.episode.seen_utc_s < self._spec.profile.lost_after_s:
            return []
        return self._end(self._subjects.pop(track_id))

    def _end_gone(self, live: set[int]) -> list[EventMessage]:
        gone = [self._subjects.pop(track_id) for track_id in list(self._subjects) if track_id not in live]
        return [message for subject in gone for message in self._end(subject)]

    def _end(self, subject: Subject) -> list[EventMessage]:
        return [subject.draft.end()] if subject.draft.is_open else []

    def _close(self) -> list[EventMessage]:
        """End everything; a stream that follows has a time of its own."""
        self._tracker.restart()
        self._utc_s = self._unsettled_utc_s = float("-inf")
        return self._end_gone(set()) + self._motion.close()

    # -- what others see --------------------------------------------------------------------------

    def _explanations(self) -> list[Explanation]:
        """Where objects are that may be what moves: those of events, and those too new to tell."""
        return [
            Explanation(subject.box, certain=subject.draft.is_open)
            for subject in self._subjects.values()
            if self._utc_s - subject.episode.seen_utc_s <= _STALE_S
            and (subject.draft.is_open or self._utc_s - subject.episode.start_utc_s <= _FRESH_S)
        ]

    def _drafts(self) -> list[Draft]:
        return [subject.draft for subject in self._subjects.values()] + self._motion.drafts

    def _draft(self, kind: Literal["object", "motion"], episode: Episode) -> Draft:
        draft = Draft(self._make_id(), self._spec.id, kind, episode)
        draft.model, draft.model_version = self._model
        return draft


def _lowest_score(profile: Profile) -> float:
    return min((profile.score_for(label) for label in profile.labels), default=profile.min_score)
