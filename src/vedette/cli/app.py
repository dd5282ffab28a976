"""The commands and their groups."""

from typing import Annotated

import typer

from vedette import __version__
from vedette.cli import (
    accounts,
    analyze,
    backup,
    cameras,
    check,
    configuration,
    doctor,
    evaluate,
    models,
    run,
    secrets,
)

app = typer.Typer(
    name="vedette",
    help="Vedette watches cameras and tells you what happened.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("run")(run.run)
app.command("demo")(run.demo)
app.command("analyze")(analyze.analyze_files)
app.command("evaluate")(evaluate.evaluate_files)
app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(cameras.app, name="camera")
app.add_typer(configuration.app, name="config")
app.add_typer(models.app, name="models")
app.add_typer(accounts.tokens, name="token")
app.add_typer(secrets.app, name="secrets")
app.add_typer(accounts.users, name="user")
app.add_typer(accounts.sites, name="site")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vedette {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before any command."""
