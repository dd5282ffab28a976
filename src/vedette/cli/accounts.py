"""`vedette token` and `vedette user`: who may ask."""

from typing import Annotated

import typer

from vedette.cli.common import HomeOption, errors, out, use_database

tokens = typer.Typer(help="API tokens.", no_args_is_help=True)
users = typer.Typer(help="Users who log in.", no_args_is_help=True)


@tokens.callback()
@users.callback()
def group() -> None:
    """A group of commands, also while it has only one."""


@tokens.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    role: Annotated[str, typer.Option(help="viewer, operator or administrator.")] = "viewer",
    home: HomeOption = None,
) -> None:
    """Create an API token and print it; it is stored only hashed and cannot be shown again."""
    use_database(home)
    from vedette.server.accounts.tokens import create_token

    typer.echo(create_token(name, role))
    errors.print("Send it as `Authorization: Bearer TOKEN`. It is not shown again.", highlight=False)


@users.command("password")
def reset_password(
    name: Annotated[str, typer.Argument(help="User name.")] = "admin", home: HomeOption = None
) -> None:
    """Give a user a new generated password and print it once."""
    use_database(home)
    from vedette.server.accounts.service import reset_password as reset

    out.print(f"New password of {name}: {reset(name)}", highlight=False, soft_wrap=True)
