"""The system as a whole: what runs, what is wrong, periodic work, metrics over time, log lines."""

from typing import Any, Literal

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Status
from ninja.params.functions import Query

from vedette.domain.errors import ConfigurationError
from vedette.server.accounts.audit import audit
from vedette.server.accounts.policy import visible_cameras
from vedette.server.api import system_schemas as schemas
from vedette.server.api.access import ADMINISTER, VIEW, principal
from vedette.server.api.schemas import Error, InTime
from vedette.server.cameras.models import Camera
from vedette.server.jobs import scheduler
from vedette.server.jobs.models import Job
from vedette.server.jobs.registry import tasks
from vedette.server.nodes.history import by_series
from vedette.server.nodes.kinds import kind_of
from vedette.server.nodes.logs import Asked, read_lines
from vedette.server.nodes.models import Incident
from vedette.server.nodes.overview import overview
from vedette.server.nodes.series import DROPPED, MEASURED, Series
from vedette.server.nodes.versions import models_in_use, versions
from vedette.server.runtime import runtime

router = Router(tags=["system"])

SPANS = {"hour": 10, "day": 60, "month": 900}
"""What may be asked for, and the step of its figures in seconds."""

Span = Literal["hour", "day", "month"]


@router.get("/system", auth=VIEW, response=schemas.SystemOut)
def system(request: HttpRequest) -> Any:
    """Processes, cameras, queues, drops, the recordings disk, models and versions."""
    seen, found = seen_cameras(request), overview(runtime)
    return {
        "versions": versions(),
        "processes": [schemas.ProcessOut.of(process, seen) for process in found.processes],
        "cameras": [camera for camera in found.cameras if camera.camera in seen],
        "drops": [drop for drop in found.drops if not drop.camera or drop.camera in seen],
        "disk": found.disk,
        "models": models_in_use(),
    }


def seen_cameras(request: HttpRequest) -> dict[str, str]:
    """The cameras that the one who asks may see: names by id."""
    return dict(visible_cameras(principal(request)).values_list("id", "name"))


def hidden_cameras(request: HttpRequest) -> frozenset[str]:
    """The cameras that the one who asks may not see."""
    return frozenset(Camera.objects.exclude(pk__in=list(seen_cameras(request))).values_list("id", flat=True))


def visible_incidents(request: HttpRequest) -> QuerySet[Incident]:
    """Incidents of cameras that the one who asks may see, and of the system, newest first."""
    return Incident.objects.filter(Q(camera="") | Q(camera__in=list(seen_cameras(request))))


@router.get("/incidents", auth=VIEW, response=list[schemas.IncidentOut])
def incidents(
    request: HttpRequest,
    state: Literal["open", "closed", "all"] = "all",
    camera: str = "",
    kind: str = "",
    before: InTime | None = None,
    limit: int = Query(100, ge=1, le=1000),
) -> Any:
    """What is and was not as it should be, newest first; `before` pages to older ones."""
    rows = visible_incidents(request)
    if state != "all":
        rows = rows.filter(closed__isnull=state == "open")
    if camera:
        rows = rows.filter(camera=camera)
    if kind:
        rows = rows.filter(kind=kind)
    if before is not None:
        rows = rows.filter(opened__lt=before)
    return [schemas.IncidentOut.of(row, kind_of(row.kind)) for row in rows[:limit]]


@router.get("/jobs", auth=VIEW, response=list[schemas.JobOut])
def jobs(request: HttpRequest) -> Any:  # noqa: ARG001
    """Periodic work: when it ran, how that went, when it runs next."""
    return job_views()


def job_views() -> list[schemas.JobOut]:
    """Every registered job; one that never ran has no times."""
    rows = {row.name: row for row in Job.objects.all()}
    running = runtime.scheduler.running if runtime.scheduler else frozenset()
    return [
        schemas.JobOut.of(task, rows.get(name), running=name in running) for name, task in tasks().items()
    ]


@router.post("/jobs/{name}/run", auth=ADMINISTER, response={202: schemas.JobOut, 404: Error})
def run_job(request: HttpRequest, name: str) -> Any:
    """Run a job as soon as possible, apart from its plan."""
    return Status(202, start_job(request, name))


def start_job(request: HttpRequest, name: str) -> schemas.JobOut:
    """Make a job due now, and note who wanted it.

    Raises:
        Http404: there is no such job.
    """
    try:
        scheduler.run_now(name)
    except ConfigurationError as error:
        raise Http404(str(error)) from None
    if runtime.scheduler is not None:
        runtime.scheduler.wake()
    audit(request, "job.started", subject=name)
    return next(view for view in job_views() if view.name == name)


@router.get("/history", auth=VIEW, response=schemas.HistoryOut)
def history(
    request: HttpRequest,
    span: Span = "hour",
    name: list[str] = Query([]),  # noqa: B008  how ninja declares it
    node: str = "",
    camera: str = "",
) -> Any:
    """Metrics over time, by series: processor, memory, frames, queues, drops, disk."""
    step_s = SPANS[span]
    asked = {*name}
    if unknown := sorted(n for n in asked if n not in MEASURED and not n.startswith(DROPPED)):
        raise ConfigurationError(
            f"There is no series {unknown[0][:40]!r}.", hint=f"There are: {', '.join(MEASURED)}."
        )
    seen = seen_cameras(request)

    def wanted(series: Series) -> bool:
        own = (not node or series.node == node) and (not camera or series.camera == camera)
        return own and (not asked or series.name in asked) and (not series.camera or series.camera in seen)

    found = by_series(step_s, timezone.now(), wanted)
    return {"step_s": step_s, "series": [schemas.SeriesOut.of(series, found[series]) for series in found]}


@router.get("/logs", auth=ADMINISTER, response=list[schemas.LogLineOut])
def logs(
    request: HttpRequest,
    camera: str = Query("", max_length=64),
    process: str = Query("", max_length=64),
    level: Literal["", "debug", "info", "warning", "error", "critical"] = "",
    text: str = Query("", max_length=200),
    before: InTime | None = None,
    limit: int = Query(200, ge=1, le=1000),
) -> Any:
    """Log lines of the processes of this machine, newest first."""
    audit(request, "logs.read", camera=camera, once_s=600)
    asked = Asked(camera, process, level, text, before, hidden_cameras(request))
    return read_lines(settings.VEDETTE.layout().logs, asked, limit)
