"""`vedette token`, `vedette user` and `vedette site`: who may ask."""

import sys
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from vedette.cli.common import HomeOption, errors, out, use_database

tokens = typer.Typer(help="API tokens.", no_args_is_help=True)
users = typer.Typer(help="Users who log in.", no_args_is_help=True)
sites = typer.Typer(help="Sites: customers or houses that see nothing of each other.", no_args_is_help=True)

RoleOption = Annotated[str, typer.Option(help="viewer, operator or administrator.")]
SiteOption = Annotated[str, typer.Option("--site", help="Short name of the site.")]
CamerasOption = Annotated[
    list[str] | None, typer.Option("--camera", help="Only this camera (may be given several times).")
]
_WHO = "command line"


@tokens.callback()
@users.callback()
@sites.callback()
def group() -> None:
    """A group of commands, also while it has only one."""


@tokens.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    role: RoleOption = "viewer",
    scope: Annotated[
        list[str] | None, typer.Option(help="Only view, operate or administer (several times).")
    ] = None,
    camera: CamerasOption = None,
    days: Annotated[float | None, typer.Option(min=0.01, max=3650, help="Ends after so many days.")] = None,
    site: SiteOption = "default",
    home: HomeOption = None,
) -> None:
    """Create an API token and print it; it is stored only hashed and cannot be shown again."""
    use_database(home)
    from django.utils import timezone

    from vedette.server.accounts.audit import audit_system
    from vedette.server.accounts.service import cameras_of, find_site
    from vedette.server.accounts.tokens import create_token

    owner = find_site(site)
    text = create_token(
        name,
        role,
        expires=timezone.now() + timedelta(days=days) if days else None,
        site=owner,
        scopes=scope or (),
        cameras=cameras_of(owner, camera),
    )
    audit_system("token.added", who=_WHO, subject=name, site_id=owner.pk, detail={"role": role})
    typer.echo(text)
    errors.print("Send it as `Authorization: Bearer TOKEN`. It is not shown again.", highlight=False)


@users.command("create")
def create_user(
    name: Annotated[str, typer.Argument(help="User name.")],
    role: RoleOption = "viewer",
    camera: CamerasOption = None,
    site: SiteOption = "default",
    home: HomeOption = None,
) -> None:
    """Make a user with a generated password and print it once; the first login asks for another one."""
    use_database(home)
    from vedette.server.accounts.audit import audit_system
    from vedette.server.accounts.service import cameras_of, find_site
    from vedette.server.accounts.service import create_user as make

    owner = find_site(site)
    _, password = make(name, role, site=owner, cameras=cameras_of(owner, camera))
    audit_system("user.added", who=_WHO, subject=name, site_id=owner.pk, detail={"role": role})
    out.print(f"Password of {name}: {password}", highlight=False, soft_wrap=True)


@users.command("password")
def reset_password(
    name: Annotated[str, typer.Argument(help="User name.")] = "admin",
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the password from standard input.")] = False,
    home: HomeOption = None,
) -> None:
    """Give a user a new password; a generated one is printed once, and the next login asks for another."""
    use_database(home)
    from vedette.server.accounts.service import reset_password as reset

    given = sys.stdin.readline().rstrip("\n") if stdin else None
    password = reset(name, given, who=_WHO)
    words = "The password is changed." if stdin else f"New password of {name}: {password}"
    out.print(words, highlight=False, soft_wrap=True)


@users.command("list")
def list_users(home: HomeOption = None) -> None:
    """Show all users of all sites."""
    use_database(home)
    from vedette.server.accounts.models import User

    table = Table("Name", "Role", "Site", "Cameras", "Last login")
    for user in User.objects.select_related("site").order_by("site__slug", "username"):
        seen = user.camera_ids()
        last = f"{user.last_login:%Y-%m-%d %H:%M}" if user.last_login else "never"
        name = user.username if user.is_active else f"{user.username} (disabled)"
        table.add_row(
            name, user.role, user.site.slug, "all" if seen is None else ", ".join(sorted(seen)), last
        )
    out.print(table)


@sites.command("create")
def create_site(
    slug: Annotated[str, typer.Argument(help="Short name: letters, digits and hyphens.")],
    name: Annotated[str, typer.Option(help="As people read it.")] = "",
    home: HomeOption = None,
) -> None:
    """Make a site, with an administrator of its own whose password is printed once."""
    use_database(home)
    from vedette.server.accounts.service import create_site as make

    site, administrator, password = make(slug, name or slug)
    out.print(f"{site.name}: user {administrator}  password {password}", highlight=False, soft_wrap=True)


@sites.command("list")
def list_sites(home: HomeOption = None) -> None:
    """Show all sites."""
    use_database(home)
    from vedette.server.accounts.models import Site

    table = Table("Site", "Name", "Users", "Cameras")
    Site.default()
    for site in Site.objects.order_by("slug"):
        table.add_row(site.slug, site.name, str(site.users.count()), str(site.cameras.count()))
    out.print(table)
