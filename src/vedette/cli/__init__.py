"""The command line: `vedette`, one module per group of commands."""

import sys

from vedette.domain.errors import VedetteError


def main() -> None:
    """Run the command line; errors that are meant for people end with exit status 2."""
    from vedette.cli.app import app

    try:
        app()
    except VedetteError as error:
        print(f"vedette: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
