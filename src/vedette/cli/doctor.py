"""`vedette doctor`: could Vedette work here, and if not, what to do."""

import typer
from rich.markup import escape

from vedette.cli.common import HomeOption, out
from vedette.settings import load_settings

_MARKS = {"well": "[green]ok  [/]", "note": "[yellow]note[/]", "problem": "[red]bad [/]"}


def doctor(home: HomeOption = None) -> None:
    """Look at home, disk, database, keys, address, certificate, model, libraries, clock and backups.

    Exit status 1 when something keeps Vedette from working. Nothing is changed, also while Vedette runs.
    """
    from vedette.node.logging import configure_logging
    from vedette.server.setup import setup_django

    configure_logging(level="error")
    settings = load_settings(home=home)
    setup_django(settings, migrate=False)
    from vedette.server.doctor import examine

    bad = 0
    for finding in examine(settings):
        bad += finding.state == "problem"
        words = escape(f"{finding.subject}: {finding.words} {finding.hint}".rstrip())
        out.print(f"{_MARKS[finding.state]}  {words}", highlight=False, soft_wrap=True)
    if bad:
        raise typer.Exit(1)
