"""`vedette camera`: add, list and remove cameras; a running Vedette takes the change over within a second."""

from typing import Annotated

import typer
from rich.table import Table

from vedette.cli.common import HomeOption, out, use_database

app = typer.Typer(help="Add, list and remove cameras.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="A name for people; the id is made from it.")],
    source: Annotated[str, typer.Argument(help="rtsp://, http://, a file, a folder of pictures, v4l2://…")],
    *,
    sub: Annotated[str, typer.Option(help="Address of the smaller stream that is analysed.")] = "",
    username: Annotated[str | None, typer.Option(help="Otherwise the one in the address.")] = None,
    password: Annotated[
        str | None,
        typer.Option(envvar="VEDETTE_CAMERA_PASSWORD", help="Better by environment or in the address."),
    ] = None,
    transport: Annotated[str, typer.Option(help="tcp or udp, for RTSP.")] = "tcp",
    record: Annotated[str, typer.Option(help="always, motion, events or off.")] = "always",
    profile: Annotated[str | None, typer.Option(help="Name of a profile.")] = None,
    camera_id: Annotated[
        str | None, typer.Option("--id", help="Stable id; default: made from the name.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Add a camera. Credentials in the address are taken out and kept encrypted."""
    use_database(home)
    from vedette.server.cameras.service import add_camera

    camera = add_camera(
        name,
        source,
        camera_id=camera_id,
        password=password,
        username=username,
        sub_url=sub,
        transport=transport,
        recording_mode=record,
        profile=profile,
    )
    out.print(f"Camera {camera.id} added.", highlight=False)


@app.command("list")
def list_all(home: HomeOption = None) -> None:
    """List all cameras; passwords are never shown."""
    use_database(home)
    from vedette.server.cameras.service import list_cameras

    table = Table("id", "name", "enabled", "main stream", "sub stream", "records", "profile")
    for camera in list_cameras():
        table.add_row(
            camera.id,
            camera.name,
            "yes" if camera.enabled else "no",
            camera.main_url,
            camera.sub_url,
            camera.recording_mode,
            camera.profile.name,
        )
    out.print(table)


@app.command("remove")
def remove(
    camera: Annotated[str, typer.Argument(help="Id, see `vedette camera list`.")], home: HomeOption = None
) -> None:
    """Remove a camera; its recordings and events stay until retention takes them."""
    use_database(home)
    from vedette.server.cameras.service import remove_camera

    remove_camera(camera)
    out.print(f"Camera {camera} removed.", highlight=False)
