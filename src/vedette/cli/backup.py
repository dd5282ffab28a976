"""`vedette backup` and `vedette restore`: database, settings and keys in one file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from vedette.cli.common import HomeOption, errors, out
from vedette.settings import load_settings

PasswordOption = Annotated[
    str | None,
    typer.Option(envvar="VEDETTE_BACKUP_PASSWORD", help="Of the keys; asked for when needed."),
]


def backup(
    file: Annotated[Path | None, typer.Argument(help="Default: a new one in the home.")] = None,
    *,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Also the keys of stored secrets, sealed with a password.")
    ] = False,
    password: PasswordOption = None,
    home: HomeOption = None,
) -> None:
    """Copy database and settings into one file, also while Vedette runs; recordings are not in it."""
    from vedette.server.setup import setup_django

    settings = load_settings(home=home)
    setup_django(settings, migrate=False)
    from vedette.server.backup.create import create_backup, name_of
    from vedette.server.backup.keep import backup_folder

    target = file or backup_folder(settings) / name_of("manual")
    secret = _password(password, confirm=True) if with_keys else None
    with _bar("Backing up") as show:
        create_backup(settings, target, password=secret, on_progress=show)
    out.print(f"{target}: {decimal(target.stat().st_size)}.", highlight=False, soft_wrap=True)
    if not with_keys:
        errors.print(
            "Stored passwords open only with the keys of this home: see --with-keys.", highlight=False
        )


def restore(
    file: Annotated[Path, typer.Argument(help="As `vedette backup` wrote it.")],
    *,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave the keys of the home as they are.")
    ] = False,
    password: PasswordOption = None,
    home: HomeOption = None,
) -> None:
    """Bring database and settings back, after everything was checked; what is replaced is kept aside.

    Vedette must not run. Older backups are brought to the newest form.
    """
    from vedette.server.setup import setup_django

    settings = load_settings(home=home)
    setup_django(settings, migrate=False)
    from vedette.server.backup.restore import restore_backup

    def ask() -> str | None:
        return None if without_keys else _password(password, confirm=False)

    with _bar("Restoring") as show:
        done = restore_backup(settings, file, ask_password=ask, on_progress=show)
    lines = [f"Restored: the database as of {done.manifest.made}, by Vedette {done.manifest.version}."]
    lines += [f"The database that was there is kept: {done.database_aside}."] if done.database_aside else []
    lines += ["The keys were restored."] if done.keys else []
    lines += [f"Settings: {done.settings}."] if done.settings else []
    lines += ["Now run `vedette check`: it compares recordings and snapshots with the database."]
    for line in lines:
        out.print(line, highlight=False, soft_wrap=True)
    if done.closed:
        words = (
            "The keys of this home do not open the stored passwords: restore the keys, or enter them again."
        )
        errors.print(words, style="yellow", highlight=False, soft_wrap=True)


def _password(given: str | None, *, confirm: bool) -> str:
    from vedette.secrets.references import reveal

    if given is not None:
        return reveal(given)
    return str(typer.prompt("Password of the backup", hide_input=True, confirmation_prompt=confirm, err=True))


@contextmanager
def _bar(words: str) -> Iterator[Callable[[float], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task(words, total=1.0)
        yield lambda share: bar.update(task, completed=share)
