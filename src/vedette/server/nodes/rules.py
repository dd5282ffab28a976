"""The rules of monitoring (promise P5): desired against reported state, pure.

`findings` tells what is not as it should be at one moment. `Watch` in `watch` turns that into incidents.
"""

from collections.abc import Callable, Iterator

from vedette.domain.camera import RecordingMode
from vedette.domain.messages import CameraReport, CameraState, NodeReport
from vedette.server.nodes.kinds import COMMAND_S
from vedette.server.nodes.situation import Finding, Situation, Wanted

OUTBOX_BACKLOG = 1000
"""Messages that wait in a worker's outbox before that is worth a word."""

STARTING_S = 15.0
"""After the server's start, workers are given so long to report."""

_FINE = frozenset({CameraState.STREAMING, CameraState.ENDED})

Rule = Callable[[Situation], Iterator[Finding]]


def findings(now: Situation) -> list[Finding]:
    """Everything that is not as it should be now."""
    return [finding for rule in RULES for finding in rule(now)]


def out_of_sight(now: Situation) -> tuple[frozenset[str], frozenset[str]]:
    """Nodes and cameras of which nothing is known now: nothing can be said to be well again there."""
    nodes = frozenset(worker for worker in now.workers if worker not in now.nodes)
    unseen = {wanted.id for wanted in now.cameras if wanted.node in nodes}
    return nodes, frozenset(unseen)


def alerts(now: Situation) -> Iterator[Finding]:
    """What other parts of the server know: the disk that fills, the database that does not answer."""
    for kind, message in sorted(now.alerts.items()):
        yield Finding(kind, "", message)


def silent_nodes(now: Situation) -> Iterator[Finding]:
    """Workers that should report and do not."""
    if now.now_s - now.started_s < STARTING_S:
        return
    for worker in now.workers:
        if worker not in now.nodes:
            theirs = sum(wanted.enabled and wanted.node == worker for wanted in now.cameras)
            yield Finding("node_silent", worker, _silence(worker, theirs), node=worker)


def _silence(worker: str, cameras: int) -> str:
    """Names no camera: not everybody who is told may know of all of them."""
    unknown = f" Nothing is known of {cameras} camera{'' if cameras == 1 else 's'}." if cameras else ""
    return f"The worker {worker} does not report.{unknown}"


def nodes(now: Situation) -> Iterator[Finding]:
    """What a worker says about itself."""
    for node, report in sorted(now.nodes.items()):
        yield from _node(node, report)


def _node(node: str, report: NodeReport) -> Iterator[Finding]:
    if report.detector_message:
        yield Finding("detector", node, report.detector_message, node=node)
    if report.gauges.get("disk_stopped", 0):
        words = f"{node} does not record: the disk is full, read-only or failing."
        yield Finding("disk", node, words, node=node)
    waiting = report.gauges.get("outbox_messages", 0)
    if waiting > OUTBOX_BACKLOG:
        yield Finding("outbox", node, f"{waiting:.0f} messages of {node} wait to be stored.", node=node)


def unconfirmed_nodes(now: Situation) -> Iterator[Finding]:
    """Workers that have not taken over the newest configuration within the deadline."""
    if now.now_s - now.changed_s < COMMAND_S:
        return
    for node, report in sorted(now.nodes.items()):
        if report.revision != now.revision:
            words = f"{node} has not taken over the newest configuration."
            yield Finding("unconfirmed", node, words, node=node)


def cameras(now: Situation) -> Iterator[Finding]:
    """Cameras that give no picture, or do something else than they should."""
    for wanted in now.cameras:
        report = now.reports.get(wanted.id)
        if report is not None:
            yield from _camera(now, wanted, report)
        elif wanted.enabled and _should_be_seen(now, wanted):
            words = f"{wanted.name} is run by no worker."
            yield Finding("camera_silent", wanted.id, words, camera=wanted.id)


def _should_be_seen(now: Situation, wanted: Wanted) -> bool:
    """A silent worker is one finding, not one for each of its cameras."""
    settled = now.now_s - max(now.started_s, now.changed_s) >= STARTING_S
    return settled and (wanted.node in now.nodes or wanted.node not in now.workers)


def _camera(now: Situation, wanted: Wanted, report: CameraReport) -> Iterator[Finding]:
    about = {"camera": wanted.id, "node": wanted.node}
    if wanted.enabled and report.state not in {*_FINE, CameraState.DISABLED}:
        words = report.message or f"It is {report.state.value}."
        yield Finding("camera", wanted.id, f"{wanted.name}: {words}", **about)
    if report.revision < wanted.revision:
        if now.now_s - now.changed_s >= COMMAND_S:
            words = f"{wanted.name} has not taken over its newest settings."
            yield Finding("unconfirmed", f"{wanted.node}/{wanted.id}", words, **about)
    elif words := _deviation(now, wanted, report):
        yield Finding("mismatch", wanted.id, f"{wanted.name} {words}", **about)


def _deviation(now: Situation, wanted: Wanted, report: CameraReport) -> str:
    """What it does although it should not, or the other way round; empty when it does what it should."""
    if wanted.enabled != (report.state is not CameraState.DISABLED):
        return "is off, but should be on." if wanted.enabled else "is on, but should be off."
    if report.state is not CameraState.STREAMING:
        return ""
    if wanted.recording_mode == RecordingMode.OFF and report.recording:
        return "records, but should not."
    stopped = wanted.node in now.nodes and now.nodes[wanted.node].gauges.get("disk_stopped", 0)
    if wanted.recording_mode == RecordingMode.ALWAYS and not report.recording and not stopped:
        return "should record, but does not."
    return ""


RULES: tuple[Rule, ...] = (alerts, silent_nodes, nodes, unconfirmed_nodes, cameras)
"""Rules that need no memory; those of `trends` compare with before."""
