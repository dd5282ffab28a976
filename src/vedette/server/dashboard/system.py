"""The system page: what runs, what is wrong, what it costs over time, periodic work, versions, log lines."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from vedette.server.accounts.audit import audit
from vedette.server.accounts.policy import Permission
from vedette.server.api.system import (
    SPANS,
    hidden_cameras,
    job_views,
    seen_cameras,
    start_job,
    visible_incidents,
)
from vedette.server.dashboard import plots
from vedette.server.dashboard.pages import page, show, visible_problems
from vedette.server.dashboard.retention import outlook
from vedette.server.nodes.counters import help_of
from vedette.server.nodes.health import Problem
from vedette.server.nodes.history import STEPS, Point, by_series
from vedette.server.nodes.kinds import Kind, kind_of
from vedette.server.nodes.logs import LEVELS, Asked, read_lines
from vedette.server.nodes.models import Incident
from vedette.server.nodes.overview import Overview, overview
from vedette.server.nodes.series import DROPPED, Series
from vedette.server.nodes.versions import models_in_use, versions
from vedette.server.runtime import runtime

PAST = 30
"""Incidents that are over, as many as are shown."""

LINES = 300

YOUNG = 6
"""A plot shows at least this part of its span."""

_SPAN_WORDS = {"hour": "Hour", "day": "Day", "month": "30 days"}

Found = dict[Series, list[Point]]


@page(Permission.VIEW)
def health(request: HttpRequest) -> HttpResponse:
    """The health line for pages that ask for it; people are shown the system page."""
    if "part" in request.GET:
        return show(request, "dashboard/health.html", {"section": "system"})
    return redirect("system")


@page(Permission.VIEW)
def system(request: HttpRequest) -> HttpResponse:
    """Everything about the installation."""
    span = request.GET.get("span", "")
    span = span if span in SPANS else "hour"
    names, found = seen_cameras(request), overview(runtime)
    incidents = visible_incidents(request)
    lasting = list(incidents.filter(closed=None))
    context: dict[str, Any] = {
        "section": "system",
        "span": span,
        "spans": _SPAN_WORDS,
        "names": names,
        "tiles": _tiles(found, names),
        "processes": found.processes,
        "cameras": [camera for camera in found.cameras if camera.camera in names],
        "drops": [drop for drop in found.drops if not drop.camera or drop.camera in names],
        "disk": found.disk,
        "outlook": outlook(names),
        "plots": _plots(SPANS[span], names),
        "open": [_told(row) for row in lasting],
        "early": _early(visible_problems(request), lasting),
        "past": [_told(row) for row in incidents.filter(closed__isnull=False)[:PAST]],
        "jobs": job_views(),
        "models": models_in_use(),
        "versions": versions(),
        "monitor": runtime.monitor,
    }
    return show(request, "dashboard/system.html", context)


@page(Permission.ADMINISTER, "POST")
def run_job(request: HttpRequest, name: str) -> HttpResponse:
    """Run a job now."""
    job = start_job(request, name)
    messages.success(request, f"“{job.title}” runs. Its result appears here.")
    return redirect(reverse("system") + "#jobs")


@page(Permission.ADMINISTER)
def logs(request: HttpRequest) -> HttpResponse:
    """Log lines, newest first; of one camera, one process, from one level on."""
    given = {name: request.GET.get(name, "").strip()[:200] for name in ("camera", "process", "level", "text")}
    audit(request, "logs.read", camera=given["camera"], once_s=600)
    words = (given["camera"], given["process"], given["level"], given["text"])
    asked = Asked(*words, hidden=hidden_cameras(request))
    lines = read_lines(settings.VEDETTE.layout().logs, asked, LINES)
    context = {
        "section": "system",
        "lines": lines,
        "asked": given,
        "any": any(given.values()),
        "names": seen_cameras(request),
        "processes": ["server", "supervisor", *settings.VEDETTE.worker_names()],
        "levels": LEVELS,
    }
    return show(request, "dashboard/logs.html", context)


def _told(row: Incident) -> tuple[Incident, Kind]:
    """An incident, and the words of its kind."""
    return row, kind_of(row.kind)


def _early(found: Iterable[Problem], lasting: Iterable[Incident]) -> list[Problem]:
    """What is not well just now, and no incident yet."""
    known = {(row.kind, row.camera, row.node) for row in lasting}
    return [each for each in found if (each.code, each.camera, each.node) not in known]


def _tiles(found: Overview, names: dict[str, str]) -> list[dict[str, str]]:
    """The whole in a few figures."""
    cameras = [camera for camera in found.cameras if camera.camera in names]
    live = sum(camera.streaming for camera in cameras)
    cores, memory = (
        sum(getattr(p, name) or 0.0 for p in found.processes) for name in ("cpu", "memory_bytes")
    )
    analysed = sum(camera.frames_analysed or 0.0 for camera in cameras)
    dropped = sum(drop.per_minute for drop in found.drops if not drop.camera or drop.camera in names)
    tiles = [
        ("Cameras", f"{live} of {len(cameras)}", "live"),
        ("Processor", f"{cores:.1f}", f"of {os.cpu_count()} cores"),
        ("Memory", plots.told(memory, "bytes"), f"{len(found.processes)} processes"),
        ("Analysed", plots.told(analysed, "per second"), "frames"),
        ("Left out", f"{dropped:.0f}", "a minute"),
    ]
    if found.disk is not None:
        tiles.append(("Disk", plots.told(found.disk.free_bytes, "bytes"), "free"))
    return [dict(zip(("title", "value", "note"), tile, strict=True)) for tile in tiles]


def _plots(step_s: int, names: dict[str, str]) -> list[plots.Plot]:
    """The plots of the page; one that has nothing to show is left out."""
    now = timezone.now()
    end_s = now.timestamp()
    found = by_series(step_s, now, lambda series: not series.camera or series.camera in names)
    start_s = _start(found, end_s, STEPS[step_s].total_seconds())

    def plot(name: str, title: str, unit: str, lines: dict[str, list[Point]]) -> plots.Plot:
        return plots.make(name, title, unit, lines, (start_s, end_s, step_s))

    made = [
        plot("cpu", "Processor, in shares of one core", "cores", _by(found, "cpu", _node)),
        plot("memory", "Memory", "bytes", _by(found, "memory", _node)),
        plot("analysed", "Frames analysed", "per second", _sum(found, "frames_analysed", "Analysed")),
        plot("packets", "Packets from cameras", "per second", _sum(found, "packets", "Packets")),
        plot("waiting", "Waiting", "things", _waiting(found)),
        plot("dropped", "Left out or lost", "per second", _dropped(found)),
        plot("disk", "Recordings disk", "bytes", _disk(found)),
    ]
    return [each for each in made if each.lines]


def _start(found: Found, end_s: float, span_s: float) -> float:
    """Where plots begin: a young installation gets a part of the span instead of an empty plot."""
    first_s = min((points[0][0] for points in found.values()), default=end_s)
    return max(end_s - span_s, min(first_s, end_s - span_s / YOUNG))


def _node(series: Series) -> str:
    return series.node


def _by(found: Found, name: str, label: Callable[[Series], str]) -> dict[str, list[Point]]:
    return {label(series): points for series, points in found.items() if series.name == name}


def _sum(found: Found, name: str, label: str) -> dict[str, list[Point]]:
    """All series of a name as one line."""
    total = _added(points for series, points in found.items() if series.name == name)
    return {label: total} if total else {}


def _added(several: Iterable[list[Point]]) -> list[Point]:
    total: dict[float, float] = {}
    for points in several:
        for moment_s, value in points:
            total[moment_s] = total.get(moment_s, 0.0) + value
    return sorted(total.items())


def _waiting(found: Found) -> dict[str, list[Point]]:
    queue = _sum(found, "detector_queue", "Cameras for a detector")
    return queue | _sum(found, "outbox", "Messages for the server")


def _dropped(found: Found) -> dict[str, list[Point]]:
    """One line for each counter."""
    names = sorted({series.name for series in found if series.name.startswith(DROPPED)})
    return {help_of(name.removeprefix(DROPPED)): _sum(found, name, "")[""] for name in names}


def _disk(found: Found) -> dict[str, list[Point]]:
    """Workers of one machine share it: the first tells."""
    used = _by(found, "disk_used", _node)
    return {"Used": next(iter(used.values()))} if used else {}
