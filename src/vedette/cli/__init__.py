"""The command line: `vedette`, one module per group of commands."""

import sys

from vedette.domain.errors import VedetteError

_DATABASE_HINT = "Try again; when it stays so, look for another program that holds it, or a full disk."


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
    except Exception as error:
        # By name (PEP 249): Django and its drivers are not imported for commands without a database.
        if type(error).__name__ != "OperationalError":
            raise
        print(f"vedette: The database cannot be used: {error}. {_DATABASE_HINT}", file=sys.stderr)
        sys.exit(2)
