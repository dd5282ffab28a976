"""What runs here: processes, cameras, queues, drops, disks, in one picture for REST and the page."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from vedette.domain.messages import CameraReport, CameraState, NodeReport
from vedette.server.nodes.counters import DROPS, help_of
from vedette.server.nodes.look import STARTED_UTC, look
from vedette.server.nodes.series import DROPPED, SERVER, SUPERVISOR, Series
from vedette.server.nodes.situation import Situation
from vedette.server.runtime import Runtime
from vedette.server.times import from_utc_s


@dataclass(frozen=True, slots=True)
class ProcessView:
    """One process.

    Attributes:
        state: `works`, `silent` (runs, but does not report) or `starting`.
        cpu: processor time now, in cores; None until it was measured twice.
        cameras: ids of those that it runs.
        applied: whether it runs the newest configuration.
        queue: cameras that wait for one of its detectors.
        outbox: its messages that wait for the server.
    """

    name: str
    role: str
    state: str
    pid: int = 0
    since: datetime | None = None
    restarts: int = 0
    cpu: float | None = None
    memory_bytes: float | None = None
    cameras: tuple[str, ...] = ()
    detector: str = ""
    message: str = ""
    applied: bool = True
    queue: float = 0.0
    queue_wait_s: float = 0.0
    outbox: float = 0.0


@dataclass(frozen=True, slots=True)
class CameraView:
    """What a camera costs now; rates are None until they were measured."""

    camera: str
    node: str
    streaming: bool
    packets: float | None
    frames_decoded: float | None
    frames_analysed: float | None
    lag_s: float
    frame_skip: float
    limited: bool


@dataclass(frozen=True, slots=True)
class DropView:
    """What was left out or lost, by name.

    Attributes:
        total: since its process started.
        per_minute: now.
    """

    name: str
    words: str
    node: str
    camera: str
    total: float
    per_minute: float


@dataclass(frozen=True, slots=True)
class DiskView:
    """The recordings disk as the workers see it."""

    total_bytes: float
    free_bytes: float
    stopped: bool

    @property
    def used_share(self) -> float:
        """0 to 1."""
        return 1 - self.free_bytes / self.total_bytes if self.total_bytes else 0.0


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at one moment."""

    processes: tuple[ProcessView, ...]
    cameras: tuple[CameraView, ...]
    drops: tuple[DropView, ...]
    disk: DiskView | None
    counters: Mapping[str, float] = field(default_factory=dict)


def overview(runtime: Runtime) -> Overview:
    """The picture now."""
    now = look(runtime)
    latest = runtime.monitor.history.latest if runtime.monitor else {}
    return Overview(
        processes=(*_own(now, latest), *(_worker(now, name, latest) for name in _workers(now))),
        cameras=tuple(_cameras(now, latest)),
        drops=tuple(_drops(now, latest)),
        disk=_disk(now.nodes.values()),
        counters=now.supervisor.counters if now.supervisor else {},
    )


def _workers(now: Situation) -> list[str]:
    return [*now.workers, *sorted(now.nodes.keys() - set(now.workers))]


def _own(now: Situation, latest: Mapping[str, float]) -> Iterator[ProcessView]:
    supervisor = now.supervisor
    server = supervisor.processes.get(SERVER) if supervisor else None
    yield ProcessView(
        name=SERVER,
        role=SERVER,
        state="works",
        pid=os.getpid(),
        since=STARTED_UTC,
        restarts=server.restarts if server else 0,
        cpu=_latest(latest, "cpu", SERVER),
        memory_bytes=_latest(latest, "memory", SERVER),
    )
    if supervisor is not None:
        yield ProcessView(
            name=SUPERVISOR,
            role=SUPERVISOR,
            state="works",
            pid=supervisor.pid,
            since=from_utc_s(supervisor.started_utc_s),
            cpu=_latest(latest, "cpu", SUPERVISOR),
            memory_bytes=_latest(latest, "memory", SUPERVISOR),
        )


def _latest(latest: Mapping[str, float], name: str, node: str, camera: str = "") -> float | None:
    return latest.get(Series(name, node, camera).key)


def _worker(now: Situation, name: str, latest: Mapping[str, float]) -> ProcessView:
    supervised = now.supervisor.processes.get(name) if now.supervisor else None
    report = now.nodes.get(name)
    since = from_utc_s(supervised.started_utc_s) if supervised and supervised.started_utc_s else None
    restarts = supervised.restarts if supervised else 0
    if report is None:
        waits = supervised is not None and supervised.pid == 0
        state = "starting" if waits else "silent"
        return ProcessView(name, "worker", state, since=since, restarts=restarts, applied=False)
    gauges = report.gauges
    return ProcessView(
        name=name,
        role="worker",
        state="works",
        pid=report.pid,
        since=since,
        restarts=restarts,
        cpu=_latest(latest, "cpu", name),
        memory_bytes=gauges.get("process_resident_bytes"),
        cameras=tuple(camera.camera for camera in report.cameras),
        detector=report.detector,
        message=report.detector_message,
        applied=report.revision == now.revision,
        queue=gauges.get("detector_queue_length", 0.0),
        queue_wait_s=gauges.get("detector_queue_wait_s", 0.0),
        outbox=gauges.get("outbox_messages", 0.0),
    )


def _cameras(now: Situation, latest: Mapping[str, float]) -> Iterator[CameraView]:
    for wanted in now.cameras:
        if (report := now.reports.get(wanted.id)) is None or not wanted.enabled:
            continue
        gauges = report.gauges
        yield CameraView(
            wanted.id,
            wanted.node,
            streaming=report.state is CameraState.STREAMING,
            packets=_latest(latest, "packets", wanted.node, wanted.id),
            frames_decoded=_latest(latest, "frames_decoded", wanted.node, wanted.id),
            frames_analysed=_latest(latest, "frames_analysed", wanted.node, wanted.id),
            lag_s=gauges.get("analysis_lag_seconds", 0.0),
            frame_skip=gauges.get("frame_skip", 0.0),
            limited=bool(gauges.get("load_limited", 0.0)),
        )


def _drops(now: Situation, latest: Mapping[str, float]) -> Iterator[DropView]:
    for node, camera, counters in _counted(now):
        for name in sorted(DROPS & counters.keys()):
            if counters[name]:
                rate = latest.get(Series(DROPPED + name, node, camera).key, 0.0)
                yield DropView(name, help_of(name), node, camera, counters[name], rate * 60)


def _counted(now: Situation) -> Iterator[tuple[str, str, Mapping[str, float]]]:
    yield SERVER, "", now.counters
    for node, report in sorted(now.nodes.items()):
        yield node, "", report.counters
        yield from ((node, camera.camera, camera.counters) for camera in _sorted(report.cameras))


def _sorted(cameras: Iterable[CameraReport]) -> list[CameraReport]:
    return sorted(cameras, key=lambda camera: camera.camera)


def _disk(reports: Iterable[NodeReport]) -> DiskView | None:
    """Workers of one machine share a disk: the first one that knows it tells."""
    for report in reports:
        if total := report.gauges.get("disk_total_bytes"):
            free, stopped = report.gauges.get("disk_free_bytes", 0.0), report.gauges.get("disk_stopped", 0.0)
            return DiskView(total, free, bool(stopped))
    return None
