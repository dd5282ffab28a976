"""`vedette check`: does the disk hold what the database says (promise P1)."""

from typing import Annotated

import typer

from vedette.cli.common import HomeOption, errors, out, use_database


def check(
    *,
    repair: Annotated[bool, typer.Option("--repair/--no-repair", help="Repair what is found.")] = True,
    home: HomeOption = None,
) -> None:
    """Compare recordings and snapshots with the database, repair every difference, and say what was done.

    Exit status 0 when all is well or was repaired, 1 when differences remain.
    """
    use_database(home)
    from vedette.server.recordings.check import run_check

    report = run_check(repair=repair)
    for line in report.lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    errors.print(report.summary, highlight=False, soft_wrap=True)
    if report.remaining:
        raise typer.Exit(1)
