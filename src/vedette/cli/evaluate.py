"""`vedette evaluate`: detections, tracks, events or footage against ground truth."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as Drawn

from vedette.cli.common import HomeOption, load_named_detector, model_store, out
from vedette.domain.errors import ModelError

if TYPE_CHECKING:
    from vedette.models.evaluation.events import EventInterval
    from vedette.models.evaluation.report import Table
    from vedette.vision.detectors.base import Detector


def evaluate_files(
    subject: Annotated[Path, typer.Argument(metavar="DETECTIONS|CLIP", help="What was found, or footage.")],
    truth: Annotated[Path, typer.Argument(metavar="GROUND_TRUTH", help="See above.")],
    *,
    model: Annotated[str, typer.Option(help="Detector for footage and pictures.")] = "yolox_nano",
    iou: Annotated[float, typer.Option(min=0.05, max=0.95, help="What counts as the same object.")] = 0.5,
    home: HomeOption = None,
) -> None:
    """Compare detections, or what is found in a clip or pictures, with ground truth, and print a table.

    COCO results or a folder of pictures against COCO instances (.json); MOT tracks or a clip against MOT
    tracks (.txt); a folder of label files against another; events (.json, .jsonl) or a clip against the truth
    of clips (.json).
    """
    from vedette.models.evaluation.report import evaluate

    detector = _benchmark_detector(model, home) if _needs_detector(subject, truth) else None
    print_table(
        evaluate(subject, truth, detector=detector, analyse=lambda clip: events_of(clip, model), min_iou=iou)
    )


def events_of(clip: Path, model: str = "", *, gate: bool = True) -> "Sequence[EventInterval]":
    """The events of a clip, as `vedette analyze` finds them."""
    from vedette.domain.camera import CameraSpec, StreamSpec
    from vedette.domain.messages import EventMessage
    from vedette.models.evaluation.events import EventInterval
    from vedette.pipeline.analyze import Summary, analyze

    found: list[EventInterval] = []

    def take(messages: Sequence[EventMessage]) -> None:
        ended = [message for message in messages if message.phase == "end"]
        found.extend(EventInterval(one.kind, one.label, one.start_utc_s, one.end_utc_s) for one in ended)

    spec = CameraSpec(id="clip", name=clip.name, main=StreamSpec(url=str(clip)))
    analyze(clip, spec, load_named_detector(model), Summary(file=str(clip)), gate=gate, on_events=take)
    return found


def print_table(table: "Table") -> None:
    """A table of figures, numbers to the right."""
    drawn = Drawn(title=table.title, title_justify="left")
    for number, heading in enumerate(table.columns):
        drawn.add_column(heading, justify="left" if number == 0 else "right")
    for row in table.rows:
        drawn.add_row(*row)
    out.print(drawn)


def _needs_detector(subject: Path, truth: Path) -> bool:
    from vedette.models.evaluation.events import is_clip_truth

    if not subject.exists() or not truth.exists() or truth.is_dir():
        return False
    footage = subject.is_dir() or subject.suffix not in {".json", ".jsonl", ".txt"}
    return footage and (truth.suffix == ".txt" or not is_clip_truth(truth))


def _benchmark_detector(model: str, home: Path | None) -> "Detector":
    from vedette.models.evaluation.report import BENCHMARK
    from vedette.vision.detectors.registry import load_detector

    try:
        found = model_store(home).locate(model)
    except ModelError:
        load_named_detector(model, home)  # downloads it, or says why that cannot be
        found = model_store(home).locate(model)
    return load_detector(found, BENCHMARK)
