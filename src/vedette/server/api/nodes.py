"""Workers, and whether all is well."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from vedette import __version__
from vedette.domain.messages import NodeReport
from vedette.server.accounts.policy import visible_cameras
from vedette.server.api import schemas
from vedette.server.api.access import VIEW, principal
from vedette.server.api.system_schemas import HealthOut
from vedette.server.cameras.revision import current
from vedette.server.nodes.health import problems
from vedette.server.nodes.models import NodeStatus
from vedette.server.runtime import runtime
from vedette.server.times import from_utc_s

router = Router(tags=["nodes"])


@router.get("/nodes", auth=VIEW, response=list[schemas.NodeOut])
def list_nodes(request: HttpRequest) -> Any:
    """Every worker that ever reported, with its newest report and those of its cameras that you may see."""
    alive = runtime.hub.nodes if runtime.hub else {}
    wanted = current()
    gone = [_stored(row, wanted) for row in NodeStatus.objects.exclude(node__in=list(alive))]
    found = [_alive(report, wanted) for _, report in sorted(alive.items())] + gone
    seen = set(visible_cameras(principal(request)).values_list("id", flat=True))
    return [node | {"cameras": [camera for camera in node["cameras"] if camera in seen]} for node in found]


def _alive(report: NodeReport, wanted: int) -> dict[str, Any]:
    return {
        "node": report.node,
        "alive": True,
        "seen": from_utc_s(report.utc_s),
        "pid": report.pid,
        "revision": report.revision,
        "wanted_revision": wanted,
        "detector": report.detector,
        "detector_message": report.detector_message,
        "cameras": [camera.camera for camera in report.cameras],
        "counters": report.counters,
        "gauges": report.gauges,
    }


def _stored(row: NodeStatus, wanted: int) -> dict[str, Any]:
    return {
        "node": row.node,
        "alive": False,
        "seen": row.seen,
        "pid": row.pid,
        "revision": row.revision,
        "wanted_revision": wanted,
        "detector": row.detector,
        "detector_message": row.detector_message,
        "cameras": [camera["camera"] for camera in row.cameras],
    }


@router.get("/health", auth=VIEW, response={200: HealthOut, 503: HealthOut})
def health(request: HttpRequest) -> Any:
    """Whether all is well, and the reasons when not; 503 when monitoring itself stands still."""
    seen = set(visible_cameras(principal(request)).values_list("id", flat=True))
    found = [problem for problem in problems(runtime) if not problem.camera or problem.camera in seen]
    monitor = runtime.monitor
    watched = monitor is None or monitor.fresh
    told = {
        "status": "unwatched" if not watched else "degraded" if found else "ok",
        "version": __version__,
        "revision": current(),
        "monitor_age_s": round(monitor.age_s, 1) if monitor else None,
        "reasons": found,
    }
    return Status(200 if watched else 503, told)
