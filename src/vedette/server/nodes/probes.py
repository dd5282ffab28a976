"""Other apps tell the monitor what they find wrong.

    @probe("delivery")
    def delivery(runtime: Runtime) -> Iterable[Finding]:
        yield Finding("delivery", "mail", "Mail: the server refuses the password.")

A probe is asked every few seconds, in the monitor's thread: it must be quick. What it finds is an incident of
the named kind as long as it finds it, with the patience of that kind (`nodes.kinds`).
"""

import time
from collections.abc import Callable, Iterable

import structlog
from django.db import DatabaseError

from vedette.server.nodes.situation import Finding
from vedette.server.runtime import Runtime

EVERY_S = 5.0

Probe = Callable[[Runtime], Iterable[Finding]]

_probes: dict[str, Probe] = {}
_last: dict[str, tuple[float, list[Finding]]] = {}
_log = structlog.get_logger(__name__)


def probe(name: str) -> Callable[[Probe], Probe]:
    """Register something to ask; a name again replaces the one before."""

    def register(ask: Probe) -> Probe:
        _probes[name] = ask
        _last.pop(name, None)
        return ask

    return register


def probed(runtime: Runtime) -> list[Finding]:
    """What all probes found last.

    Raises:
        django.db.DatabaseError: one needs the database, and it does not answer.
    """
    for name, ask in _probes.items():
        asked_s, _ = _last.get(name, (-EVERY_S, []))
        if time.monotonic() - asked_s >= EVERY_S:
            _last[name] = (time.monotonic(), _ask(name, ask, runtime))
    return [finding for _, found in _last.values() for finding in found]


def _ask(name: str, ask: Probe, runtime: Runtime) -> list[Finding]:
    try:
        return list(ask(runtime))
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001  one probe that is broken must not blind the monitor
        runtime.counters["probe_errors"] += 1
        _log.error("A probe failed", probe=name, error=str(error), exc_info=True)
        return []
