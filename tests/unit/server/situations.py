"""Situations for the tests of monitoring: one worker, one camera, all well, until something is changed."""

from typing import Any

from vedette.domain.messages import CameraReport, CameraState, NodeReport
from vedette.server.nodes.situation import Situation, Wanted

LATER_S = 1000.0


def camera(**changes: Any) -> CameraReport:
    """The report of a camera that streams and records."""
    fields = {"camera": "door", "state": CameraState.STREAMING, "revision": 3, "recording": True}
    return CameraReport(**(fields | changes))


def node(*cameras: CameraReport, name: str = "worker-1", **changes: Any) -> NodeReport:
    """The report of a worker that runs the newest configuration."""
    fields: dict[str, Any] = {"node": name, "utc_s": 0.0, "pid": 100, "revision": 3, "cameras": cameras}
    return NodeReport(**(fields | changes))


def situation(report: CameraReport | None = None, **changes: Any) -> Situation:
    """All well, long after the start, but for the changes."""
    report = report or camera()
    fields: dict[str, Any] = {
        "now_s": LATER_S,
        "workers": ("worker-1",),
        "revision": 3,
        "nodes": {"worker-1": node(report)},
        "cameras": (Wanted("door", "Front door", revision=3, node="worker-1"),),
        "reports": {"door": report},
    }
    return Situation(**(fields | changes))
