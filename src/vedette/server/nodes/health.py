"""Is all well? The reasons when not, each as a sentence for people."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from vedette.domain.messages import CameraReport, CameraState, NodeReport
from vedette.server.cameras.models import Camera
from vedette.server.runtime import Runtime

OUTBOX_BACKLOG = 1000
"""Messages that wait in a worker's outbox before that is worth a word."""

STARTING_S = 15.0
"""After the server's start, workers are given so long to report."""

_STARTED_S = time.monotonic()


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why the whole is not well."""

    code: str
    message: str
    camera: str = ""
    node: str = ""


def problems(runtime: Runtime) -> list[Problem]:
    """Everything that somebody should look at."""
    found = [Problem(code, message) for code, message in sorted(runtime.alerts.items())]
    if runtime.hub is None:
        return found
    nodes = runtime.hub.nodes
    found += _missing_nodes(runtime.hub.workers, nodes)
    for node, report in sorted(nodes.items()):
        found += _node_problems(node, report)
    found += [
        Problem("unconfirmed", f"{node} has not taken over the newest configuration.", node=node)
        for node in runtime.hub.unconfirmed()
    ]
    found += _camera_problems(runtime.hub.cameras())
    return found


def _missing_nodes(workers: tuple[str, ...], nodes: dict[str, NodeReport]) -> Iterator[Problem]:
    if time.monotonic() - _STARTED_S < STARTING_S:
        return
    for worker in workers:
        if worker not in nodes:
            yield Problem("node_silent", f"The worker {worker} does not report.", node=worker)


def _node_problems(node: str, report: NodeReport) -> Iterator[Problem]:
    if report.detector_message:
        yield Problem("detector", report.detector_message, node=node)
    if report.gauges.get("disk_stopped", 0):
        yield Problem("disk", f"{node} does not record: the disk is full, read-only or failing.", node=node)
    waiting = report.gauges.get("outbox_messages", 0)
    if waiting > OUTBOX_BACKLOG:
        yield Problem("outbox", f"{waiting:.0f} messages of {node} wait to be stored.", node=node)


def _camera_problems(reports: dict[str, CameraReport]) -> Iterator[Problem]:
    for camera in Camera.objects.filter(enabled=True):
        report = reports.get(camera.id)
        if report is None:
            if time.monotonic() - _STARTED_S > STARTING_S:
                yield Problem("camera_silent", f"{camera.name} is run by no worker.", camera=camera.id)
        elif report.state not in {CameraState.STREAMING, CameraState.ENDED}:
            words = report.message or f"It is {report.state.value}."
            yield Problem("camera", f"{camera.name}: {words}", camera=camera.id)
