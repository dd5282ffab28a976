"""The server process: `python -m vedette.server --home DIR --host H --port N`."""

import argparse
import contextlib
import errno
import logging
import signal
import socket
import sys
from pathlib import Path

from vedette.domain.errors import ConfigurationError, VedetteError
from vedette.node.logging import configure_logging
from vedette.server.edge.certificate import context_of
from vedette.server.setup import setup_django
from vedette.settings import Settings, load_settings


def listen(host: str, port: int) -> socket.socket:
    """Take the address before anything else is done.

    Raises:
        ConfigurationError: somebody has it, or it is not ours to take.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off; without, every answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigurationError(*_why_not(host, port, error)) from None
    return listener


def _why_not(host: str, port: int, error: OSError) -> tuple[str]:
    if error.errno == errno.EADDRINUSE:
        words = "another program listens there already. Choose another with --port, or stop that program."
    elif error.errno == errno.EACCES:
        words = "ports below 1024 need privileges. Choose another with --port."
    else:
        words = f"{error.strerror}. Choose an address of this machine with --host."
    return (f"Cannot listen on {host}:{port}: {words}",)


def serve(settings: Settings, listener: socket.socket) -> None:
    """Run until SIGTERM or SIGINT."""
    context = context_of(settings)
    setup_django(settings)
    from vedette.server.hub import Hub  # noqa: PLC0415  needs Django
    from vedette.server.runtime import runtime  # noqa: PLC0415

    with contextlib.ExitStack() as running:
        runtime.hub = Hub(settings.layout().runtime, settings.worker_names(), runtime.live, runtime.counters)
        runtime.hub.start()  # the workers get their cameras while the rest is being loaded
        running.callback(runtime.hub.close)
        import vedette.server.urls  # noqa: F401, PLC0415  what is wrong with a route shows now, not on a request
        from vedette.server.alerts.engine import Alerts  # noqa: PLC0415
        from vedette.server.edge.web import run_web_server  # noqa: PLC0415
        from vedette.server.jobs.scheduler import Scheduler  # noqa: PLC0415
        from vedette.server.nodes.monitor import Monitor  # noqa: PLC0415

        runtime.scheduler = Scheduler(runtime.counters)
        runtime.monitor = Monitor(runtime)
        runtime.alerting = Alerts(runtime.counters)
        for part in (runtime.scheduler, runtime.monitor, runtime.alerting):
            part.start()
            running.callback(part.close)
        run_web_server(settings, listener, context)


def main() -> int:
    """Entry point; the exit status is 2 when the server cannot start as it is configured."""
    parser = argparse.ArgumentParser(prog="vedette.server")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--tls-cert", type=Path)
    parser.add_argument("--tls-key", type=Path)
    try:
        settings = load_settings(**vars(parser.parse_args()))
        file = settings.layout().prepare().log("server")
        configure_logging(settings.log_format == "json" or None, settings.log_level, file=file)
        logging.getLogger("django.request").setLevel(logging.ERROR)  # refusing is no news
        serve(settings, listen(settings.host, settings.port))
    except VedetteError as error:
        print(f"vedette: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    sys.exit(main())
