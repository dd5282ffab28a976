"""`vedette secrets`: the keys that stored secrets are encrypted with."""

from typing import Annotated

import typer

from vedette.cli.common import HomeOption, errors, out, use_database

app = typer.Typer(help="Keys of stored secrets: check, renew, make.", no_args_is_help=True)


@app.command("check")
def check(home: HomeOption = None) -> None:
    """Say whether every stored secret can be opened; exit status 1 when not."""
    use_database(home)
    from vedette.server.sealed import sealed_values, unreadable
    from vedette.server.secrets import home_vault

    closed = unreadable(home_vault())
    for name in closed:
        out.print(f"{name}: cannot be decrypted", highlight=False)
    if closed:
        errors.print("Restore the keys from a backup made with --with-keys, or enter these secrets again.")
        raise typer.Exit(1)
    out.print(f"All {sum(1 for _ in sealed_values())} stored secrets can be opened.", highlight=False)


@app.command("rotate")
def rotate(
    *,
    sessions: Annotated[
        bool, typer.Option("--sessions", help="Also renew the key of sessions: everybody logs in again.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Encrypt every stored secret with a new key; works beside a running Vedette.

    The old key is put aside: backups from before need it.
    """
    use_database(home)
    from vedette.server.keys import rotate_keys, rotate_session_key

    done = rotate_keys()
    out.print(f"{done.values} secrets are encrypted with the new key.", highlight=False)
    if done.aside is not None:
        words = f"The old key is in {done.aside}. Delete it when no backup needs it any more."
        out.print(words, highlight=False, soft_wrap=True)
    if sessions:
        rotate_session_key()
        out.print("Restart Vedette: then everybody logs in again, and shared links end.", highlight=False)


@app.command("key")
def key() -> None:
    """Print a new key, for the setting `encryption_keys`."""
    from vedette.server.secrets import new_key

    typer.echo(new_key())
