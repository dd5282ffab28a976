"""One line of the table, and the table."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from rich.table import Table

Comparison = Literal["at most", "at least"]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, and what it must reach.

    Attributes:
        goal: None where the figure only informs.
        detail: the figures behind it.
    """

    work: str
    measured: float
    unit: str
    goal: float | None = None
    comparison: Comparison = "at most"
    detail: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.measured <= self.goal if self.comparison == "at most" else self.measured >= self.goal


class SkippedError(Exception):
    """Something that the benchmark needs is not here; the message says what."""


def table(results: Sequence[Result]) -> Table:
    """All results for a terminal."""
    drawn = Table("work", "measured", "goal", "", "figures", title="Vedette benchmarks")
    for result in results:
        goal = "" if result.goal is None else f"{result.comparison} {result.goal:g} {result.unit}"
        verdict = {True: "[green]reached[/]", False: "[red]missed[/]", None: ""}[result.reached]
        drawn.add_row(result.work, f"{result.measured:.3g} {result.unit}", goal, verdict, result.detail)
    return drawn


def write(results: Sequence[Result], skipped: dict[str, str], folder: Path) -> Path:
    """Write the results as JSON beside those of other days."""
    now = datetime.now(UTC)
    path = folder / f"{now:%Y-%m-%d}.json"
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "measured_at": now.isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": platform.machine(),
        },
        "results": [msgspec.to_builtins(result) | {"reached": result.reached} for result in results],
        "skipped": skipped,
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path
