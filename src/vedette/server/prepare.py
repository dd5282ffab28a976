"""What has to be done to the database before the processes of `vedette run` start.

A process of its own, so that the supervisor, which lives for months, never loads Django:
`python -m vedette.server.prepare --home DIR [--loop] [SOURCE...]` prints one JSON object.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from vedette.domain.errors import VedetteError


class Prepared(msgspec.Struct, kw_only=True):
    """The outcome.

    Attributes:
        administrator_password: of the user `admin`, only when it was created just now.
        watched: ids of the cameras of the given sources.
        cameras: how many cameras are configured and enabled.
        warnings: what people should know, though Vedette can start.
        error: why the preparation failed; empty when it did not.
    """

    administrator_password: str | None = None
    watched: list[str] = []
    cameras: int = 0
    warnings: list[str] = []
    error: str = ""


def prepare(home: Path, sources: list[str], *, loop: bool = False) -> Prepared:
    """Migrate, make the first administrator, and make a camera for each source.

    Raises:
        VedetteError: the database cannot be used, or a source is not one.
    """
    from vedette.node.logging import configure_logging
    from vedette.server.setup import setup_django
    from vedette.settings import load_settings

    settings = load_settings(home=home)
    configure_logging(settings.log_format == "json" or None, settings.log_level)  # away from standard output
    setup_django(settings)
    from vedette.server.accounts.service import ensure_administrator
    from vedette.server.cameras.models import Camera
    from vedette.server.cameras.service import ensure_sources
    from vedette.server.keys import check_keys

    watched = ensure_sources(sources, loop=loop)
    cameras = Camera.objects.filter(enabled=True).count()
    warnings = [words for words in (check_keys(),) if words]
    password = ensure_administrator()
    return Prepared(administrator_password=password, watched=watched, cameras=cameras, warnings=warnings)


def main() -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(prog="vedette.server.prepare")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--loop", action="store_true", help="let the footage begin again when it ends")
    parser.add_argument("sources", nargs="*")
    given = parser.parse_args()
    try:
        outcome = prepare(given.home, given.sources, loop=given.loop)
    except VedetteError as error:
        outcome = Prepared(error=str(error))
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


if __name__ == "__main__":
    main()
