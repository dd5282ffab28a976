"""Events of the clips with known truth: found, missed and false, gate on and every frame decoded."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.footage import DATA
from benchmarks.result import Result, SkippedError
from vedette.cli.evaluate import events_of, print_table
from vedette.domain.errors import SourceError
from vedette.models.evaluation.events import ClipTruth, EventScore, read_clip_truths, score_events
from vedette.models.evaluation.report import Table

MODEL = "yolox_nano"


def run() -> list[Result]:
    """Print the table per clip, and give the sums."""
    truths = DATA / "gt" / "events.json"
    if not truths.exists():
        raise SkippedError("the clips with ground truth are not here (VEDETTE_TEST_DATA)")
    scores = {
        name: (_score(clip, truth, gate=True), _score(clip, truth, gate=False))
        for name, truth in read_clip_truths(truths).items()
        if truth.readable and (clip := DATA / "clips" / name).exists()
    }
    print_table(_table(scores))
    gated, full = zip(*scores.values(), strict=True)
    return [_result("gate on", gated), _result("every frame", full)]


def _score(clip: Path, truth: ClipTruth, *, gate: bool) -> EventScore:
    try:
        return score_events(events_of(clip, MODEL, gate=gate), truth)
    except SourceError:
        return score_events([], truth)


def _table(scores: dict[str, tuple[EventScore, EventScore]]) -> Table:
    rows = tuple(
        (name, str(gated.certain), *_cells(gated), *_cells(full)) for name, (gated, full) in scores.items()
    )
    columns = (
        "clip",
        "certain",
        *(f"{what} ({how})" for how in ("gate", "all") for what in ("found", "missed", "false")),
    )
    return Table("Events", columns, rows)


def _cells(score: EventScore) -> tuple[str, str, str]:
    return str(score.found), str(len(score.missed)), str(len(score.false))


def _result(how: str, scores: Sequence[EventScore]) -> Result:
    certain, found = sum(s.certain for s in scores), sum(s.found for s in scores)
    false = sum(len(s.false) for s in scores)
    return Result(
        work=f"certain presences found, {how}",
        measured=found / max(certain, 1),
        unit="of all",
        goal=1.0,
        comparison="at least",
        detail=f"{found} of {certain}; {false} false events",
    )
