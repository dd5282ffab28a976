"""Collects the situation: what the hub hears, what the configuration wants, what the supervisor runs."""

import time
from collections.abc import Iterator

import psutil
from django.utils import timezone

from vedette.node.process import cpu_seconds, resident_bytes
from vedette.node.standing import Standing, read_standing, standing_file
from vedette.server.cameras.models import Camera
from vedette.server.nodes.series import SERVER, SUPERVISOR, Process
from vedette.server.nodes.situation import Situation, Wanted
from vedette.server.runtime import Runtime
from vedette.settings import active

STARTED_S = time.monotonic()
STARTED_UTC = timezone.now()
"""When the server began, on both clocks."""


def wanted_cameras() -> tuple[Wanted, ...]:
    """Every camera as it should be."""
    fields = ("id", "name", "enabled", "recording_mode", "revision", "worker")
    return tuple(Wanted(*row) for row in Camera.objects.values_list(*fields))


def look(runtime: Runtime, cameras: tuple[Wanted, ...] | None = None) -> Situation:
    """The situation now; the cameras are read when they are not given.

    Raises:
        django.db.DatabaseError: the cameras cannot be read.
    """
    hub = runtime.hub
    common = {"now_s": time.monotonic(), "started_s": STARTED_S, "alerts": dict(runtime.alerts)}
    if hub is None:
        return Situation(**common, counters=dict(runtime.counters))  # type: ignore[arg-type]
    return Situation(
        **common,  # type: ignore[arg-type]
        changed_s=hub.changed_s,
        workers=hub.workers,
        revision=hub.revision,
        nodes=hub.nodes,
        cameras=wanted_cameras() if cameras is None else cameras,
        reports=hub.cameras(),
        counters=dict(runtime.counters),
        supervisor=supervisor(),
    )


def supervisor() -> Standing | None:
    """What the supervisor of this home runs; None where there is none."""
    settings = active()
    return read_standing(standing_file(settings.layout().runtime)) if settings else None


def own_processes(standing: Standing | None) -> Iterator[Process]:
    """What the server and the supervisor use; workers report that themselves."""
    yield Process(SERVER, cpu_seconds(), resident_bytes())
    try:
        process = psutil.Process(standing.pid) if standing else None
        if process is not None:
            used = process.cpu_times()
            yield Process(SUPERVISOR, used.user + used.system, process.memory_info().rss)
    except psutil.Error:
        return
