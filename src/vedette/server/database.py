"""The database: SQLite in the home by default, Postgres by URL."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from vedette.domain.errors import ConfigurationError

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # FULL, not NORMAL: an event that was acknowledged must survive a power cut (promise P2).
    "PRAGMA synchronous=FULL",
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA foreign_keys=ON",
)


def database_config(url: str, sqlite_file: Path) -> dict[str, Any]:
    """What Django needs to know to connect.

    Args:
        url: `postgresql://user:password@host:port/name`, or empty for SQLite.
        sqlite_file: where the SQLite database lives.

    Raises:
        ConfigurationError: a URL of another kind.
    """
    return _postgres(url) if url else _sqlite(sqlite_file)


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "timeout": 5.0,
            # Writers queue at BEGIN instead of failing half-way when two have read first.
            "transaction_mode": "IMMEDIATE",
            "init_command": ";".join(_PRAGMAS),
        },
        "TEST": {"NAME": str(path.with_suffix(".test.sqlite3"))},
    }


def _postgres(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ConfigurationError(
            "database_url must look like postgresql://user:password@host:5432/name.",
            hint="Leave it empty for SQLite in the home.",
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5},
    }
