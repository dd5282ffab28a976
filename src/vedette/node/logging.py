"""Log lines of all processes: structlog on standard error, without secrets."""

import logging
import re
import sys
from pathlib import Path
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from vedette.node.log_file import LogFile

_QUIET = ("httpx", "httpcore", "uvicorn.error")
"""They tell every address that is asked, with the secrets in it; from them only warnings are wanted."""

_HIDDEN = "***"
# Greedy up to the last @ of the word: passwords contain any character, also @ and /.
_IN_URL = re.compile(r"(?<=://)[^\s/@:]*:\S*@")
_BARE = re.compile(r"(?<![\w/:.])[\w.+-]+:[^\s/@\"',]+@(?=[\w\[])")


_NAMES = r"[\w-]*(?:password|passwd|secret|token|api_?key|authorization|cookie)[\w-]*"
_NAMED = re.compile(rf"(?i)\b({_NAMES}=)[^\s&\"',;)\\]+")
_QUOTED = re.compile(rf"(?i)(\\?[\"']{_NAMES}\\?[\"']\s*:\s*\\?[\"'])[^\"'\\]+")
_SCHEME = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/-]{8,}=*")
_KEY = re.compile(rf"(?i){_NAMES}\Z")


def redact(text: str) -> str:
    """The text without credentials of addresses, and without values of names that say what they are.

    It hides rather too much than too little. It is the second line: types that hold secrets hide them first.
    """
    text = _BARE.sub(f"{_HIDDEN}@", _IN_URL.sub(f"{_HIDDEN}@", text))
    text = _QUOTED.sub(rf"\1{_HIDDEN}", _NAMED.sub(rf"\1{_HIDDEN}", text))
    return _SCHEME.sub(rf"\1 {_HIDDEN}", text)


def _hide_keys(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Texts under such a name are hidden whatever they look like; numbers and truth are none."""
    return {
        key: _HIDDEN if _KEY.match(key) and isinstance(value, str) else value for key, value in event.items()
    }


class _Redacting:
    """Wraps the last processor, so that tracebacks and representations of structs are covered too."""

    def __init__(self, renderer: Processor) -> None:
        self._renderer = renderer

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        return redact(str(self._renderer(logger, name, event)))


def configure_logging(
    json: bool | None = None,
    level: int | str = logging.INFO,
    *,
    stream: TextIO | None = None,
    file: Path | None = None,
) -> None:
    """Set up structlog and the standard library's logging for this process.

    Args:
        json: one JSON object a line; None means only when the stream is not a terminal.
        level: of everything; a name in any case, or a number of the standard library.
        stream: standard error when None.
        file: takes the lines as JSON too (`vedette.node.log_file`).
    """
    stream = sys.stderr if stream is None else stream
    json = not stream.isatty() if json is None else json
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _hide_keys,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handlers: list[logging.Handler] = [logging.StreamHandler(stream)]
    handlers[0].setFormatter(_formatter(shared, _rendering(json, stream.isatty())))
    if file is not None:
        handlers.append(LogFile(file))
        handlers[1].setFormatter(_formatter(shared, _rendering(json=True, colors=False)))
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.basicConfig(
        handlers=handlers, level=level.upper() if isinstance(level, str) else level, force=True
    )


def _formatter(before: list[Processor], processors: list[Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=processors)


def _rendering(json: bool, colors: bool) -> list[Processor]:
    clean: Processor = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if json:
        return [clean, structlog.processors.format_exc_info, _Redacting(structlog.processors.JSONRenderer())]
    plain = structlog.dev.plain_traceback
    return [clean, _Redacting(structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain))]
