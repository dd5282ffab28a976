"""`vedette analyze`: recorded footage, without a server."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from vedette.cli.common import errors, load_named_detector, out
from vedette.domain.camera import CameraSpec, Profile, StreamSpec
from vedette.domain.errors import SourceError
from vedette.domain.ids import camera_id_from
from vedette.domain.messages import EventMessage, ZoneVisit

if TYPE_CHECKING:
    from vedette.pipeline.analyze import Summary
    from vedette.vision.detectors.base import Detector


class EventLine(msgspec.Struct, kw_only=True):
    """One event as printed: times in seconds from the start of the file, box in picture pixels."""

    id: str
    camera: str
    file: str
    kind: str
    label: str
    score: float
    start_s: float
    end_s: float
    best_s: float
    box: tuple[float, float, float, float]
    width: int
    height: int
    zones: list[ZoneVisit]

    @classmethod
    def of(cls, event: EventMessage, file: Path) -> "EventLine":
        """The line for an event that has ended."""
        box = event.box
        return cls(
            id=event.id,
            camera=event.camera,
            file=str(file),
            kind=event.kind,
            label=event.label,
            score=round(event.score, 4),
            start_s=round(event.start_utc_s, 3),
            end_s=round(event.end_utc_s, 3),
            best_s=round(event.best_utc_s, 3),
            box=(round(box.x, 1), round(box.y, 1), round(box.width, 1), round(box.height, 1)),
            width=event.width,
            height=event.height,
            zones=list(event.zones),
        )


def analyze_files(
    files: Annotated[list[Path], typer.Argument(help="Video files or folders of pictures.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per event, a line each.")] = False,
    gate: Annotated[Literal["on", "off"], typer.Option(help="off: decode and look at every frame.")] = "on",
    model: Annotated[str, typer.Option(help="Catalogue name or ONNX file.")] = "",
) -> None:
    """Find events in recorded footage, as fast as the machine can; no server is needed.

    Events go to standard output: a table on a terminal, one JSON object a line with --json or in a pipe.
    Exit status 2 when a file could not be read to its end.
    """
    import cv2

    from vedette.node.logging import configure_logging

    configure_logging(level="warning")
    cv2.setNumThreads(1)
    detector = load_named_detector(model)
    as_json = json or not sys.stdout.isatty()
    complete = [_analyze_one(file, detector, gate=gate == "on", as_json=as_json) for file in files]
    if not all(complete):
        raise typer.Exit(2)


def _analyze_one(file: Path, detector: "Detector | None", *, gate: bool, as_json: bool) -> bool:
    from vedette.pipeline.analyze import Summary, analyze

    name = camera_id_from(file.stem)
    spec = CameraSpec(id=name, name=file.stem, main=StreamSpec(url=str(file)), profile=Profile())
    summary = Summary(file=str(file))
    ended: list[EventLine] = []

    def take(messages: Sequence[EventMessage]) -> None:
        for line in [EventLine.of(message, file) for message in messages if message.phase == "end"]:
            ended.append(line)
            if as_json:
                sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
                sys.stdout.flush()

    try:
        with _progress(file) as show:
            analyze(file, spec, detector, summary, gate=gate, on_events=take, on_progress=show)
    except SourceError as error:
        errors.print(f"{file}: {error}", style="red", highlight=False, soft_wrap=True)
    if not as_json:
        out.print(_table(file, ended))
    _print_summary(summary)
    return summary.complete


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[float], None]]:
    """A bar on standard error; quiet when that is not a terminal."""
    from vedette.media.probe import duration_s

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0f} s"))
    with Progress(*columns, TimeElapsedColumn(), console=errors, transient=True) as bar:
        task = bar.add_task(file.name, total=duration_s(file))
        yield lambda at_s: bar.update(task, completed=at_s)


def _table(file: Path, lines: Sequence[EventLine]) -> Table:
    table = Table(title=str(file), title_justify="left", caption=None if lines else "no events")
    for heading in ("from", "to", "kind", "label", "score", "box"):
        table.add_column(heading, justify="left" if heading in {"kind", "label"} else "right")
    for line in lines:
        box = ", ".join(f"{value:.0f}" for value in line.box)
        span = f"{line.start_s:.1f} s", f"{line.end_s:.1f} s"
        table.add_row(*span, line.kind, line.label, f"{line.score:.2f}", box)
    return table


def _print_summary(summary: "Summary") -> None:
    text = (
        f"{summary.file}: {summary.events} events in {summary.duration_s:.1f} s of video; "
        f"{summary.frames_decoded} frames decoded, {summary.frames_analysed} analysed; "
        f"{summary.cpu_s:.2f} CPU seconds, {summary.wall_s:.2f} s"
    )
    errors.print(text, highlight=False, soft_wrap=True)
