"""Which boxes of successive pictures are the same object.

Two-stage association after ByteTrack (Zhang et al. 2022): first the sure detections are assigned to all
tracks, then the doubtful ones to the tracks that are left, so that an object that is half hidden keeps its
track while a doubtful box alone never starts one. What differs from the paper, because pictures come 2 to
10 times a second and detectors look only at regions:

- similarity is the intersection over union of boxes that are grown by the uncertainty of the prediction (in
  the manner of C-BIoU, Yang et al. 2023), so a small fast object is found again where its boxes do not touch;
- a track is missed only where the detector looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import lap
import numpy as np
from numpy.typing import NDArray

from vedette.domain.geometry import Box, BoxArray, as_array
from vedette.domain.messages import Detection
from vedette.vision.association import is_part, label_cost, likeness, overlap, was_looked_for, without_doubles
from vedette.vision.kalman import BoxFilter

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

_LOWEST_SCORE: Final = 0.1
_SURE_SIMILARITY: Final = 0.12
_DOUBTFUL_SIMILARITY: Final = 0.35
_LARGEST_GROWTH: Final = 1.5
_VOTES_MEMORY: Final = 0.97


@dataclass(slots=True)
class Track:
    """One object over time; the tracker keeps it up to date.

    Attributes:
        id: unique within the tracker, growing.
        label: the label with the largest sum of scores so far, newer ones counting more.
        score: of the newest detection.
        box: where it was last seen, as detected.
        hits: number of pictures it was seen in.
        first_utc_s: when it was first seen.
        seen_utc_s: when it was last seen.
        missed_utc_s: when it was first looked for in vain since, None when it was not.
        looked_utc_s: when it was last seen or looked for.
    """

    id: int
    label: str
    score: float
    box: Box
    hits: int
    first_utc_s: float
    seen_utc_s: float
    missed_utc_s: float | None
    looked_utc_s: float
    votes: dict[str, float] = field(default_factory=dict)

    @property
    def missed_s(self) -> float:
        """For how long it was looked for and not seen."""
        return 0.0 if self.missed_utc_s is None else self.looked_utc_s - self.missed_utc_s

    def see(self, detection: Detection, utc_s: float) -> None:
        """Take over a detection of this object."""
        for label in self.votes:
            self.votes[label] *= _VOTES_MEMORY
        self.votes[detection.label] = self.votes.get(detection.label, 0.0) + detection.score
        self.label = max(self.votes, key=self.votes.__getitem__)
        self.score, self.box = detection.score, detection.box
        self.hits += 1
        self.seen_utc_s = self.looked_utc_s = utc_s
        self.missed_utc_s = None

    def miss(self, utc_s: float) -> None:
        """Note that it was looked for in vain."""
        self.looked_utc_s = utc_s
        if self.missed_utc_s is None:
            self.missed_utc_s = utc_s


class Tracker:
    """Tracks the objects of one camera.

    Args:
        sure_score: detections from this score on may start a track.
        lost_after_s: a track that was looked for and not seen for so long ends (two looks at least).
        tentative_hits: tracks with fewer hits end at their second miss.
        forget_after_s: a track that was neither seen nor looked for so long ends.
    """

    def __init__(
        self,
        *,
        sure_score: float = 0.3,
        lost_after_s: float = 2.0,
        tentative_hits: int = 3,
        forget_after_s: float = 60.0,
    ) -> None:
        self.sure_score = sure_score
        self.lost_after_s = lost_after_s
        self.tentative_hits = tentative_hits
        self.forget_after_s = forget_after_s
        self._filter = BoxFilter()
        self._tracks: list[Track] = []
        self._newest_id = 0
        self._utc_s: float | None = None

    @property
    def tracks(self) -> Sequence[Track]:
        """All live tracks, oldest first."""
        return self._tracks

    @property
    def predicted(self) -> list[Box]:
        """Where each track is believed to be, in the order of `tracks`."""
        return [Box(*row) for row in self._filter.boxes.tolist()]

    def update(
        self,
        detections: Sequence[Detection],
        looked_at: Sequence[Box],
        utc_s: float,
        *,
        frame: tuple[float, float] | None = None,
    ) -> list[Track]:
        """Take over what was found in one picture.

        Args:
            detections: of this picture.
            looked_at: the regions the detector saw.
            utc_s: time of the picture, later than the one before.
            frame: width and height of the picture; with it, a track predicted to have left is missed
                although nobody can look there.

        Returns:
            The live tracks, oldest first; those seen now have `seen_utc_s == utc_s`.
        """
        step_s = 0.0 if self._utc_s is None else utc_s - self._utc_s
        if step_s < 0:
            raise ValueError(f"time went back by {-step_s:.3f} s")
        self._utc_s = utc_s
        self._filter.predict(step_s)
        found = without_doubles([d for d in detections if d.score >= _LOWEST_SCORE and d.box.area > 0])
        fresh = self._assign(found, utc_s)
        self._miss(looked_at, utc_s, frame)
        self._end_lost(utc_s)
        self._start([d for d in fresh if not self._is_part(d, utc_s)], utc_s)
        return list(self._tracks)

    def drop(self, ids: frozenset[int] | set[int]) -> None:
        """End these tracks now."""
        self._keep(np.array([track.id not in ids for track in self._tracks], dtype=bool))

    def restart(self) -> None:
        """End all tracks and forget the time; ids are not used again."""
        self.drop({track.id for track in self._tracks})
        self._utc_s = None

    def rescale(self, x_factor: float, y_factor: float) -> None:
        """Go over to a picture of another size."""
        self._filter.rescale(x_factor, y_factor)
        for track in self._tracks:
            track.box = track.box.scaled(x_factor, y_factor)

    def _assign(self, found: list[Detection], utc_s: float) -> list[Detection]:
        """Give detections to tracks in two stages; returns the sure ones that found none."""
        sure = [d for d in found if d.score >= self.sure_score]
        doubtful = [d for d in found if d.score < self.sure_score]
        rows = np.arange(len(self._tracks))
        rows, fresh = self._match(rows, sure, _SURE_SIMILARITY, utc_s)
        self._match(rows, doubtful, _DOUBTFUL_SIMILARITY, utc_s)
        return fresh

    def _match(
        self, rows: Rows, found: list[Detection], least: float, utc_s: float
    ) -> tuple[Rows, list[Detection]]:
        """Assign detections to the tracks of some rows; returns the rows and detections left over."""
        if not len(rows) or not found:
            return rows, found
        boxes = as_array([d.box for d in found])
        cost = 1 - self._similarity(rows, boxes)
        cost += label_cost([self._tracks[row].label for row in rows.tolist()], [d.label for d in found])
        _, column_of, row_of = lap.lapjv(cost, extend_cost=True, cost_limit=1 - least)
        pairs = np.flatnonzero(column_of >= 0)
        self._filter.correct(rows[pairs], boxes[column_of[pairs]])
        for row, column in zip(rows[pairs].tolist(), column_of[pairs].tolist(), strict=True):
            self._tracks[row].see(found[column], utc_s)
        return rows[column_of < 0], [found[column] for column in np.flatnonzero(row_of < 0).tolist()]

    def _similarity(self, rows: Rows, boxes: BoxArray) -> Array:
        predicted = self._filter.boxes[rows]
        scale = self._filter.scale[rows]
        growth = np.minimum(self._filter.spread[rows], _LARGEST_GROWTH * scale)
        near = overlap(predicted, boxes, growth) * likeness(predicted, boxes) ** self._trust_in_size(rows)
        return (overlap(predicted, boxes, np.zeros_like(growth)) + near) / 2

    def _trust_in_size(self, rows: Rows) -> Array:
        """Shape (N, 1): what has just come into the picture is still growing out of its border."""
        hits = np.array([self._tracks[row].hits for row in rows.tolist()])
        result: Array = np.where(hits >= self.tentative_hits, 0.5, 0.0)[:, None]
        return result

    def _is_part(self, detection: Detection, utc_s: float) -> bool:
        seen = (track for track in self._tracks if track.seen_utc_s == utc_s)
        return any(is_part(detection, track.label, track.box) for track in seen)

    def _miss(self, looked_at: Sequence[Box], utc_s: float, frame: tuple[float, float] | None) -> None:
        rows = np.array([i for i, t in enumerate(self._tracks) if t.seen_utc_s != utc_s], dtype=np.intp)
        if not len(rows):
            return
        looked_for = was_looked_for(self._filter.boxes[rows], as_array(looked_at), frame)
        for row in rows[looked_for].tolist():
            self._tracks[row].miss(utc_s)

    def _end_lost(self, utc_s: float) -> None:
        live = np.array([not self._is_over(track, utc_s) for track in self._tracks], dtype=bool)
        self._keep(live)

    def _is_over(self, track: Track, utc_s: float) -> bool:
        if track.missed_s > 0 and track.hits < self.tentative_hits:
            return True
        return track.missed_s >= self.lost_after_s or utc_s - track.looked_utc_s >= self.forget_after_s

    def _keep(self, live: NDArray[np.bool_]) -> None:
        if not live.all():
            self._filter.keep(live)
            self._tracks = [track for track, alive in zip(self._tracks, live.tolist(), strict=True) if alive]

    def _start(self, fresh: list[Detection], utc_s: float) -> None:
        if not fresh:
            return
        self._filter.add(as_array([d.box for d in fresh]))
        for d in fresh:
            self._newest_id += 1
            votes = {d.label: d.score}
            self._tracks.append(
                Track(self._newest_id, d.label, d.score, d.box, 1, utc_s, utc_s, None, utc_s, votes)
            )
