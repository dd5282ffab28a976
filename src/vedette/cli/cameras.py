"""`vedette camera`: find, try, add, list and remove cameras; a running Vedette follows within a second."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from vedette.cli.common import HomeOption, out, use_database
from vedette.domain.errors import SourceError, Trouble

if TYPE_CHECKING:
    from vedette.server.cameras.finding import Stream

app = typer.Typer(help="Find, test, add, list and remove cameras.", no_args_is_help=True)


@app.command("discover")
def discover(
    interface: Annotated[
        list[str] | None, typer.Option(help="Network interface to search; may be given again. Default: all.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.5, max=30, help="How long to wait for answers.")] = 3.0,
) -> None:
    """Search the local network for ONVIF cameras."""
    from vedette.brands.discovery import chosen, search

    table = Table("host", "name", "hardware", "to test it")
    devices = search(chosen(interface or []), seconds)
    for device in devices:
        test = f"vedette camera test {device.service.replace('http', 'onvif', 1)}"
        table.add_row(device.host, device.name, device.hardware, test)
    out.print(table if devices else "No camera answered. ONVIF may be switched off in it; see its manual.")


@app.command("test")
def try_out(
    address: Annotated[str, typer.Argument(help="rtsp://…, http://…, onvif://host, or only the host.")],
    *,
    username: Annotated[str, typer.Option(help="Otherwise the one in the address.")] = "",
    password: Annotated[
        str, typer.Option(envvar="VEDETTE_CAMERA_PASSWORD", help="Better by environment or in the address.")
    ] = "",
    transport: Annotated[str, typer.Option(help="tcp or udp, for RTSP.")] = "tcp",
    picture: Annotated[Path | None, typer.Option(help="Write the first picture to this JPEG file.")] = None,
) -> None:
    """Try a camera out: find its streams and a picture, or say what is wrong and what to do."""
    from vedette.domain.camera import Transport
    from vedette.server.cameras.finding import Wanted, find_streams

    found = find_streams(Wanted(address, username, password, Transport(transport)))
    if found.main is None:
        raise SourceError(found.message, hint=found.hint, trouble=found.trouble or Trouble.OTHER)
    if found.message:
        out.print(found.message, highlight=False)
    _show("main stream", found.main)
    if found.sub is not None:
        _show("sub stream", found.sub)
    if picture is not None:
        picture.write_bytes(found.main.probed.jpeg)


def _show(what: str, stream: "Stream") -> None:
    found = stream.probed
    sound = f", {found.audio} sound" if found.audio else ""
    size = f"{found.width}x{found.height}, {found.fps:g} fps"
    out.print(f"{what}: {stream.url}\n  {found.codec}, {size}{sound}", highlight=False, soft_wrap=True)


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
