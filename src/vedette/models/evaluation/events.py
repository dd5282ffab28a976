"""Events against what is known to happen in a clip: found, missed and false."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vedette.domain.camera import VEHICLES
from vedette.models.evaluation.formats import EvaluationError
from vedette.vision.detectors.labels import COCO

PERSON, CAR = "person", "car"
MIN_CERTAIN_S = 1.0
"""Too short a presence cannot be demanded: an object must be seen in several analysed frames."""
DEFAULT_TOLERANCE_S = 0.5


class EventInterval(msgspec.Struct, frozen=True):
    """An event as it was reported: seconds from the start of the clip."""

    kind: str
    label: str
    start_s: float
    end_s: float


class Presence(msgspec.Struct, frozen=True):
    """Something is there from `start_s` to `end_s`; only what is `certain` has to be found."""

    label: str
    start_s: float
    end_s: float
    certain: bool = True


class ClipTruth(msgspec.Struct, frozen=True):
    """What is known of a clip.

    Attributes:
        presences: when what is there.
        tolerance_s: how far an event may lie outside a presence and still belong to it.
        readable: False for broken files, which must be refused.
    """

    name: str
    presences: tuple[Presence, ...] = ()
    tolerance_s: float = DEFAULT_TOLERANCE_S
    readable: bool = True

    @property
    def nothing_expected(self) -> bool:
        """Whether every event is a false one."""
        return self.readable and not self.presences


class EventScore(msgspec.Struct, frozen=True):
    """How events agree with the truth.

    Attributes:
        found: certain presences that some event overlaps.
        named: those that an event of the right label overlaps.
        missed: certain presences that no event overlaps.
        false: events that overlap no presence at all.
    """

    certain: int
    found: int
    named: int
    missed: tuple[Presence, ...]
    false: tuple[EventInterval, ...]


def score_events(events: Sequence[EventInterval], truth: ClipTruth) -> EventScore:
    """Compare the events of one clip with its truth.

    A presence is found by any event that overlaps it, motion events too (cars seen from straight above).
    """
    certain = [presence for presence in truth.presences if presence.certain]
    slack_s = truth.tolerance_s
    found = [one for one in certain if any(_overlap(event, one, slack_s) for event in events)]
    named = [
        one
        for one in certain
        if any(_same_kind(event.label, one.label) and _overlap(event, one, slack_s) for event in events)
    ]
    false = [event for event in events if not any(_overlap(event, one, slack_s) for one in truth.presences)]
    missed = tuple(one for one in certain if one not in found)
    return EventScore(len(certain), len(found), len(named), missed, tuple(false))


def _overlap(event: EventInterval, presence: Presence, slack_s: float) -> bool:
    return event.start_s <= presence.end_s + slack_s and event.end_s >= presence.start_s - slack_s


def _same_kind(first: str, second: str) -> bool:
    """Labels agree; all vehicles count as one kind, as detectors mix them up."""
    return first == second or (first in VEHICLES and second in VEHICLES)


def read_events(path: Path) -> list[EventInterval]:
    """The JSON lines that `vedette analyze --json` prints; lines that are no events are passed over.

    Raises:
        EvaluationError: a line is not JSON of this form.
    """
    try:
        lines = path.read_bytes().splitlines()
        rows = [msgspec.json.decode(line, type=dict[str, Any]) for line in lines if line.strip()]
        return [msgspec.convert(row, EventInterval) for row in rows if "start_s" in row]
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvaluationError(f"{path} cannot be read as events: {error}.") from error


def read_clip_truths(path: Path) -> dict[str, ClipTruth]:
    """The truth of clips by file name, from a JSON object with one entry per clip.

    Certain are presences whose frames are given: `visits`, `tracks`, `passes`, `person`, and the stretch
    between the first and the last sample of `counts` or `persons_at` with somebody in it (of those, if it is
    at least a second long). A mere number of `persons` or `cars` may be anywhere in the clip: possible, not
    certain; so are vehicles of clips in which some are always visible. `motion_expected: false`: nothing.

    Raises:
        EvaluationError: the file is not of this form.
    """
    try:
        content = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        clips = {name: value for name, value in content.items() if isinstance(value, dict)}
        return {name: _clip_truth(name, value) for name, value in clips.items()}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvaluationError(f"{path} cannot be read as the truth of clips: {error}.") from error
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise EvaluationError(f"{path} has an entry of unknown form: {error!r}.") from error


def is_clip_truth(path: Path) -> bool:
    """Whether a JSON file looks like the truth of clips rather than like COCO annotations."""
    try:
        content = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvaluationError(f"{path} cannot be read as JSON: {error}.") from error
    return isinstance(content, dict) and "annotations" not in content


Clip = Mapping[str, Any]
Spans = list[tuple[str, float, float]]
"""Label, first and last frame."""


def _clip_truth(name: str, clip: Clip) -> ClipTruth:
    fps = float(clip.get("fps", 1.0))
    if "expect" in clip:
        return ClipTruth(name, readable=False)
    tolerance_s = max(float(clip.get("tolerance", 0)) / fps, DEFAULT_TOLERANCE_S)
    spans = [span for read in _CERTAIN for span in read(clip)]
    certain = [_presence(span, fps) for span in spans]
    possible = [_presence(span, fps, certain=False) for span in _anywhere(clip, fps)]
    return ClipTruth(name, (*certain, *possible), tolerance_s)


def _presence(span: tuple[str, float, float], fps: float, *, certain: bool = True) -> Presence:
    label, first, last = span
    long_enough = (last - first + 1) / fps >= MIN_CERTAIN_S
    return Presence(label, first / fps, (last + 1) / fps, certain and long_enough)


def _visits(clip: Clip) -> Spans:
    return [(PERSON, first, last) for first, last in clip.get("visits", ())]


def _tracks(clip: Clip) -> Spans:
    return [
        (COCO[track["cls"]] if "cls" in track else CAR, track["first"], track["last"])
        for track in clip.get("tracks", ())
    ]


def _passes(clip: Clip) -> Spans:
    return [(PERSON, one["first"], one["last"]) for one in clip.get("passes", ())]


def _person(clip: Clip) -> Spans:
    return [(PERSON, *clip["person"])] if "person" in clip else []


def _samples(clip: Clip) -> Spans:
    """Sampled counts: somebody is there from the first to the last sample that counts somebody."""
    counts = clip.get("counts") or clip.get("persons_at") or {}
    frames = [int(frame) for frame, number in counts.items() if number]
    return [(PERSON, min(frames), max(frames))] if frames else []


def _anywhere(clip: Clip, fps: float) -> Spans:
    """Objects of which only the number is known, and those that enter or leave outside the given frames."""
    last = clip.get("frames", clip.get("frames_about", 1e9 * fps)) - 1
    people = any(clip.get(key) for key in ("persons", "counts", "persons_at"))
    vehicles = any(clip.get(key) for key in ("cars", "approaching_vehicles"))
    return [(PERSON, 0, last)] * people + [(CAR, 0, last)] * vehicles


_CERTAIN: tuple[Callable[[Clip], Spans], ...] = (_visits, _tracks, _passes, _person, _samples)
