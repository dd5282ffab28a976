"""Event messages: an episode told as start, updates and end, no more often than readers need."""

from typing import Final, Literal

from vedette.domain.messages import EventMessage
from vedette.pipeline.episodes import Episode

UPDATE_EVERY_S: Final = 2.0
_SLOWEST_S: Final = 10.0
_SLOWING: Final = 0.05
_BETTER_SCORE: Final = 0.1


class Draft:
    """The event that an episode is, or may become.

    Attributes:
        id: of the event; known before it starts, so that pictures can be kept for it.
        revision: of the newest message; 0 before the first.
    """

    def __init__(
        self, event_id: str, camera: str, kind: Literal["object", "motion"], episode: Episode
    ) -> None:
        self.id = event_id
        self.camera = camera
        self.kind = kind
        self.episode = episode
        self.revision = 0
        self.model = self.model_version = ""
        self._told: EventMessage | None = None

    @property
    def is_open(self) -> bool:
        """Whether the start was told and the end was not."""
        return self._told is not None and self._told.phase != "end"

    def start(self) -> EventMessage:
        """Tell that the event has begun."""
        return self._tell("start")

    def update(self) -> EventMessage | None:
        """Tell what is new, if it is time or worth it."""
        assert self._told is not None
        if self.episode.seen_utc_s == self._told.end_utc_s or not (self._is_time() or self._is_news()):
            return None
        return self._tell("update")

    def end(self) -> EventMessage:
        """Tell the final state."""
        self.episode.zones.close()
        return self._tell("end")

    def compose(self, phase: Literal["start", "update", "end"] = "update") -> EventMessage:
        """The whole event as known now."""
        episode, best = self.episode, self.episode.best
        return EventMessage(
            id=self.id,
            camera=self.camera,
            phase=phase,
            revision=self.revision,
            kind=self.kind,
            label=episode.label,
            score=episode.score,
            start_utc_s=episode.start_utc_s,
            end_utc_s=episode.seen_utc_s,
            box=best.box,
            best_utc_s=best.utc_s,
            width=best.width,
            height=best.height,
            zones=episode.zones.visits,
            path=episode.path.points,
            model=self.model,
            model_version=self.model_version,
        )

    def _tell(self, phase: Literal["start", "update", "end"]) -> EventMessage:
        self.revision += 1
        self._told = self.compose(phase)
        return self._told

    def _is_time(self) -> bool:
        """Every 2 s at first; long events are told about less often."""
        assert self._told is not None
        age_s = self.episode.seen_utc_s - self.episode.start_utc_s
        pause_s = min(max(UPDATE_EVERY_S, _SLOWING * age_s), _SLOWEST_S)
        return self.episode.seen_utc_s - self._told.end_utc_s >= pause_s

    def _is_news(self) -> bool:
        told = self._told
        assert told is not None
        visits = self.episode.zones.visits
        return (
            self.episode.score >= told.score + _BETTER_SCORE
            or [(v.zone, v.exit_utc_s) for v in visits] != [(v.zone, v.exit_utc_s) for v in told.zones]
            or self.episode.label != told.label
        )
