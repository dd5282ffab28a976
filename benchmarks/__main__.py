"""`python -m benchmarks [NAME...]`: measure, print the table, write it as JSON."""

import argparse
import importlib
import os
from pathlib import Path

import cv2
from rich.console import Console

from benchmarks.footage import DATA
from benchmarks.result import Result, SkippedError, table, write

NAMES = (
    "steps",
    "quiet",
    "busy",
    "pool",
    "farm",
    "cold_start",
    "recovery",
    "changes",
    "events",
    "events_list",
    "scrub",
    "alerts",
    "live",
)
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    """Run the named benchmarks, or all; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="NAME", help=", ".join(NAMES))
    chosen = parser.parse_args().names or NAMES
    if "VEDETTE_MODELS" not in os.environ and (DATA / "models").is_dir():
        os.environ["VEDETTE_MODELS"] = str(DATA / "models")
    cv2.setNumThreads(1)  # as workers do
    console = Console()
    results: list[Result] = []
    skipped: dict[str, str] = {}
    for name in chosen:
        console.print(f"measuring {name} …", style="dim")
        try:
            results += importlib.import_module(f"benchmarks.{name}").run()
        except SkippedError as missing:
            skipped[name] = str(missing)
    console.print(table(results))
    for name, reason in skipped.items():
        console.print(f"{name} skipped: {reason}", style="yellow")
    if tuple(chosen) == NAMES:
        console.print(f"written to {write(results, skipped, RESULTS)}", highlight=False)
    return int(any(result.reached is False for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
