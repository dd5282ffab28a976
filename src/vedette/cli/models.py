"""`vedette models`: which detectors there are, and getting them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from vedette.cli.common import HomeOption, model_store, out

app = typer.Typer(help="List, download, add and verify detector models.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name in the catalogue, see `vedette models list`.")]


@app.command("list")
def list_all(home: HomeOption = None) -> None:
    """List the catalogue and where each file is."""
    table = Table("name", "family", "input", "licence", "MB", "file")
    for status in model_store(home).list():
        entry = status.entry
        size = "x".join(map(str, entry.input_size)) if entry.input_size else ""
        where = status.problem or (str(status.path) if status.path else "not downloaded")
        megabytes = f"{entry.size_bytes / 1e6:.1f}"
        table.add_row(entry.name, entry.family or "", size, entry.licence, megabytes, where)
    out.print(table)


@app.command("pull")
def pull(name: Name, home: HomeOption = None) -> None:
    """Download a model, verify it and put it in place; an interrupted download is resumed."""
    from vedette.models.download import progress_bar

    with progress_bar(name) as show:
        path = model_store(home).pull(name, show)
    out.print(f"{name} is at {path}.", highlight=False, soft_wrap=True)


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="An ONNX file.")],
    *,
    labels: Annotated[Path | None, typer.Option(help="Text file, one label a line.")] = None,
    name: Annotated[str, typer.Option(help="Default: the file's name.")] = "",
    family: Annotated[str | None, typer.Option(help="Default: recognised from inputs and outputs.")] = None,
    home: HomeOption = None,
) -> None:
    """Take in a model of your own, after trying it out."""
    entry = model_store(home).add(file, labels, name, family)
    out.print(f"Model {entry.name} added: family {entry.family or 'recognised'}.", highlight=False)


@app.command("verify")
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Default: all that have a file.")] = None,
    home: HomeOption = None,
) -> None:
    """Compare model files with the catalogue's SHA-256."""
    store = model_store(home)
    wanted = names or [status.entry.name for status in store.list() if status.path is not None]
    for name in wanted:
        out.print(f"{name}: {store.verify(name)} is as it should be.", highlight=False, soft_wrap=True)
