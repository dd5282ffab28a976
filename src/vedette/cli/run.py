"""`vedette run`: everything on this machine, with one command."""

import errno
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from vedette.cli.common import HomeOption, errors, out
from vedette.domain.errors import ConfigurationError
from vedette.settings import Settings, load_settings

if TYPE_CHECKING:
    from vedette.node.child import Command

READY_S = 60.0

Sources = Annotated[
    list[str] | None, typer.Argument(help="Files, folders or addresses to watch at once, beside the cameras.")
]
PortOption = Annotated[int | None, typer.Option(help="Default: 8080.")]
HostOption = Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1.")]
CertificateOption = Annotated[
    Path | None, typer.Option("--tls-cert", help="Certificate chain (PEM): the server speaks HTTPS.")
]
KeyOption = Annotated[Path | None, typer.Option("--tls-key", help="Private key of the certificate (PEM).")]


def run(
    sources: Sources = None,
    *,
    home: HomeOption = None,
    port: PortOption = None,
    host: HostOption = None,
    tls_cert: CertificateOption = None,
    tls_key: KeyOption = None,
    until_end: Annotated[
        bool, typer.Option("--until-end", help="Stop in order when all sources that end have ended.")
    ] = False,
) -> None:
    """Watch cameras: record, detect, show events in the browser.

    Cameras are kept in the database; sources given here are added to them.
    """
    settings = load_settings(home=home, port=port, host=host, tls_cert=tls_cert, tls_key=tls_key)
    raise typer.Exit(start([_absolute(source) for source in sources or []], settings, until_end=until_end))


def demo(*, home: HomeOption = None, port: PortOption = None) -> None:
    """Watch a public sample clip, or, without a network, a scene that the program renders itself."""
    from vedette.cli.sample import sample_source

    settings = load_settings(home=home, port=port)
    raise typer.Exit(start([sample_source(settings.layout())], settings, loop=True))


def start(sources: list[str], settings: Settings, *, until_end: bool = False, loop: bool = False) -> int:
    """Prepare, say what is what, and supervise until the end; returns the exit status."""
    from vedette.node.logging import configure_logging
    from vedette.node.standing import standing_file
    from vedette.node.supervisor import Supervisor
    from vedette.server.edge.certificate import context_of

    home = settings.layout().prepare()
    configure_logging(settings.log_format == "json" or None, settings.log_level, file=home.log("supervisor"))
    lock = home.lock()
    try:
        _check_port(settings)
        context_of(settings)
        _warn_of_plain_text(settings)
        _prepare(settings, sources, loop=loop)
        _check_model(settings)
        threading.Thread(target=_say_when_ready, args=(settings,), daemon=True).start()
        return Supervisor(
            _commands(settings, until_end=until_end), held=[lock.fd], standing=standing_file(home.runtime)
        ).run()
    finally:
        lock.release()


def _commands(settings: Settings, *, until_end: bool) -> list["Command"]:
    from vedette.node.child import Command

    home = ("--home", str(settings.home))
    address = ["--host", settings.host, "--port", str(settings.port)]
    if settings.tls_cert is not None and settings.tls_key is not None:
        certificate, key = settings.tls_cert.absolute(), settings.tls_key.absolute()
        address += ["--tls-cert", str(certificate), "--tls-key", str(key)]
    ending = ("--until-end",) if until_end else ()
    workers = [
        Command(name, "worker", "vedette.pipeline.worker", (*home, "--node", name, *ending))
        for name in settings.worker_names()
    ]
    return [Command("server", "server", "vedette.server", (*home, *address)), *workers]


def _prepare(settings: Settings, sources: list[str], *, loop: bool) -> None:
    """Run `vedette.server.prepare` and show the first login."""
    from vedette.server.prepare import Prepared

    command = [sys.executable, "-m", "vedette.server.prepare", "--home", str(settings.home)]
    command += ["--loop"] if loop else []
    with subprocess.Popen([*command, "--", *sources], stdout=subprocess.PIPE) as preparing:
        import vedette.models.loader  # noqa: F401  heavy, wanted next, and there is time now

        said = preparing.communicate()[0]
    if preparing.returncode != 0:
        raise ConfigurationError("The database could not be prepared.", hint="The lines above say why.")
    outcome = msgspec.json.decode(said, type=Prepared)
    if outcome.error:
        raise ConfigurationError(outcome.error)
    for warning in outcome.warnings:
        errors.print(warning, style="yellow", highlight=False, soft_wrap=True)
    if outcome.administrator_password is not None:
        out.print(
            f"\n  First login:  user [bold]admin[/]  password [bold]{outcome.administrator_password}[/]\n"
            "  It is shown this one time and stored only hashed.\n",
            highlight=False,
        )
    if not outcome.cameras:
        out.print(
            "  No camera yet. Add one in the browser, with `vedette camera add NAME ADDRESS`,\n"
            "  or watch something at once: `vedette run rtsp://user:password@camera/stream`.\n",
            highlight=False,
        )


def _check_model(settings: Settings) -> None:
    """Have the default model before the workers look for it: here is a terminal for the progress bar."""
    from vedette.models.loader import DetectorLoader

    if message := DetectorLoader(settings, progress=True).fetch():
        errors.print(message, style="yellow", highlight=False, soft_wrap=True)


def _check_port(settings: Settings) -> None:
    """Find a taken port before anything starts.

    Raises:
        ConfigurationError: it cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            taken = "is taken by another program" if error.errno == errno.EADDRINUSE else f"fails: {error}"
            raise ConfigurationError(
                f"Listening on {settings.host}:{settings.port} {taken}.", hint="Choose another with --port."
            ) from None


def _warn_of_plain_text(settings: Settings) -> None:
    """Say once that the network can read passwords and pictures; a trusted proxy is taken for a remedy."""
    from vedette.server.hosts import is_loopback

    if settings.https or settings.trusted_proxies or is_loopback(settings.host):
        return
    errors.print(
        f"Listening on {settings.host} without encryption: the network can read passwords and pictures. "
        "Give a certificate (--tls-cert, --tls-key), or listen on 127.0.0.1 behind a proxy.",
        style="yellow",
        highlight=False,
        soft_wrap=True,
    )


def _say_when_ready(settings: Settings) -> None:
    """Print the address once the server answers."""
    shown = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared
    deadline_s = time.monotonic() + READY_S
    while time.monotonic() < deadline_s:
        try:
            socket.create_connection((shown, settings.port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
            continue
        scheme = "http" if settings.tls_cert is None else "https"
        address = settings.public_url or f"{scheme}://{shown}:{settings.port}"
        out.print(f"\n  Vedette watches. Open [bold]{address}[/]  (Ctrl-C stops)\n")
        return
    errors.print("The server does not answer yet; its log lines above say why.", style="yellow")


def _absolute(source: str) -> str:
    """A path as seen from anywhere; addresses as they are."""
    is_address = "://" in source or source.startswith("scene:")
    return source if is_address else str(Path(source).expanduser().absolute())
