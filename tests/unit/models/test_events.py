"""Events against the truth of a clip."""

import json
from pathlib import Path
from typing import Any

import pytest

from vedette.models.evaluation.events import (
    ClipTruth,
    EventInterval,
    Presence,
    read_clip_truths,
    read_events,
    score_events,
)
from vedette.models.evaluation.formats import EvaluationError

PERSON = Presence("person", 10, 20)
TRUTH = ClipTruth("clip", (PERSON, Presence("car", 30, 40), Presence("dog", 50, 60, certain=False)))


def event(label: str, start_s: float, end_s: float) -> EventInterval:
    return EventInterval("object" if label else "motion", label, start_s, end_s)


def test_found_missed_and_false() -> None:
    """An overlap finds, a certain presence without one is missed, an event without one is false."""
    ghost = event("person", 25, 28)
    score = score_events([event("person", 12, 15), ghost], TRUTH)
    assert (score.certain, score.found, score.named) == (2, 1, 1)
    assert score.missed == (TRUTH.presences[1],)
    assert score.false == (ghost,)


def test_motion_finds_but_does_not_name() -> None:
    """Cars from straight above are found by motion."""
    score = score_events([event("", 30, 31)], TRUTH)
    assert (score.found, score.named, score.false) == (1, 0, ())


def test_vehicles_are_one_kind() -> None:
    """A truck for a car is the right kind, a dog for a car is not."""
    assert score_events([event("truck", 30, 31)], TRUTH).named == 1
    assert score_events([event("dog", 30, 31)], TRUTH).named == 0


def test_possible_presence_explains_and_demands_nothing() -> None:
    """What may be there is neither missed nor makes an event false."""
    score = score_events([event("dog", 52, 53)], TRUTH)
    assert (score.certain, score.false) == (2, ())


def test_tolerance() -> None:
    """An event half a second early still belongs to the presence, one a second early does not."""
    assert score_events([event("person", 9, 9.6)], TRUTH).found == 1
    assert score_events([event("person", 8, 9.0)], TRUTH).false


def test_nothing_expected() -> None:
    """In a clip with nothing in it every event is false."""
    empty = ClipTruth("light")
    assert empty.nothing_expected
    assert not TRUTH.nothing_expected
    assert not ClipTruth("broken", readable=False).nothing_expected
    assert len(score_events([event("", 1, 2)], empty).false) == 1


def truths(tmp_path: Path, clips: dict[str, Any]) -> dict[str, ClipTruth]:
    path = tmp_path / "events.json"
    path.write_text(json.dumps({"_note": "of no clip"} | clips))
    return read_clip_truths(path)


def test_frames_become_seconds(tmp_path: Path) -> None:
    """First and last frame are both inside; frames count from 0."""
    (truth,) = truths(tmp_path, {"a.mp4": {"fps": 10, "visits": [[60, 202]]}}).values()
    assert truth.presences == (Presence("person", 6.0, 20.3),)


def test_each_field_is_understood(tmp_path: Path) -> None:
    """Tracks with and without class, passes with tolerance, a person, samples, mere numbers."""
    clips = {
        "tracks": {"fps": 10, "tracks": [{"first": 0, "last": 99}, {"first": 0, "last": 99, "cls": 16}]},
        "passes": {"fps": 10, "tolerance": 20, "passes": [{"first": 0, "last": 99}]},
        "person": {"fps": 10, "person": [0, 99]},
        "samples": {"fps": 10, "frames": 200, "counts": {"0": 2, "99": 1, "120": 0}},
        "numbers": {"fps": 10, "frames": 100, "persons": 1, "cars": 2},
    }
    read = truths(tmp_path, clips)
    labels = {name: [(p.label, p.end_s, p.certain) for p in truth.presences] for name, truth in read.items()}
    assert labels["tracks"] == [("car", 10, True), ("dog", 10, True)]
    assert labels["passes"] == [("person", 10, True)]
    assert read["passes"].tolerance_s == 2
    assert labels["person"] == [("person", 10, True)]
    assert labels["samples"] == [("person", 10, True), ("person", 20, False)]
    assert labels["numbers"] == [("person", 10, False), ("car", 10, False)]


def test_too_short_to_demand(tmp_path: Path) -> None:
    """Half a second of presence may be found, and need not be."""
    (truth,) = truths(tmp_path, {"a": {"fps": 10, "visits": [[0, 4]]}}).values()
    assert not truth.presences[0].certain


def test_nothing_and_broken_clips(tmp_path: Path) -> None:
    """`motion_expected: false` and `persons: 0` mean nothing; `expect` marks a broken file."""
    clips = {"light": {"fps": 25, "motion_expected": False, "persons": 0}, "cut": {"expect": "an error"}}
    read = truths(tmp_path, clips)
    assert read["light"].nothing_expected
    assert not read["cut"].readable


@pytest.mark.parametrize(
    "clip",
    [{"fps": 0, "visits": [[1, 2]]}, {"visits": [[1]]}, {"tracks": [{}]}, {"counts": {"x": 1}}, {"fps": []}],
)
def test_unknown_form_is_an_error(tmp_path: Path, clip: dict[str, Any]) -> None:
    """The file is named."""
    with pytest.raises(EvaluationError, match=r"events\.json"):
        truths(tmp_path, {"a": clip})


def test_lines_of_analyze(tmp_path: Path) -> None:
    """Event lines are read, other lines passed over, broken ones refused."""
    path = tmp_path / "clip.jsonl"
    line = '{"camera": "c", "kind": "object", "label": "person", "score": 1, "start_s": 1, "end_s": 2}'
    path.write_text(f'{line}\n\n{{"summary": 1}}\n')
    assert read_events(path) == [EventInterval("object", "person", 1, 2)]
    path.write_text("not json\n")
    with pytest.raises(EvaluationError, match=r"clip\.jsonl"):
        read_events(path)
