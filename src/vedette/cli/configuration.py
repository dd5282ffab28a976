"""`vedette config`: cameras, zones and profiles as YAML."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from vedette.cli.common import HomeOption, errors, out, use_database
from vedette.domain.errors import ConfigurationError

app = typer.Typer(help="Export and apply cameras, zones and profiles as YAML.", no_args_is_help=True)


@app.command("export")
def export(
    file: Annotated[Path | None, typer.Argument(help="Default: standard output.")] = None,
    home: HomeOption = None,
) -> None:
    """Write cameras, zones and profiles as YAML; passwords are never in it."""
    use_database(home)
    from vedette.server.cameras.configuration import export_config

    text = export_config()
    if file is None:
        sys.stdout.write(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}.") from None


@app.command("apply")
def apply(
    file: Annotated[
        Path,
        typer.Argument(help="YAML as exported; - reads standard input."),
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove what is not in the file.")] = False,
    home: HomeOption = None,
) -> None:
    """Make the configuration as the file says and print what changed; applying it again changes nothing."""
    use_database(home)
    from vedette.server.cameras.configuration import apply_config

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}.") from None
    changes = apply_config(text, dry_run=dry_run, prune=prune)
    for line in changes.lines:
        out.print(line, highlight=False, markup=False, soft_wrap=True)
    if not changes.lines:
        errors.print("Nothing to change.", highlight=False)
