"""What the operations on the system give."""

from typing import Any, Literal

from ninja import Schema

from vedette.server.api.schemas import Time
from vedette.server.jobs.models import Job
from vedette.server.jobs.registry import Task
from vedette.server.nodes.counters import help_of
from vedette.server.nodes.kinds import Kind
from vedette.server.nodes.models import Incident
from vedette.server.nodes.overview import ProcessView
from vedette.server.nodes.series import DROPPED, MEASURED, Series


class ProcessOut(Schema):
    """A process: `works`, `silent` (it does not report) or `starting`; `cpu` in cores."""

    name: str
    role: str
    state: str
    pid: int
    since: Time | None
    restarts: int
    cpu: float | None
    memory_bytes: float | None
    cameras: list[str]
    detector: str
    message: str
    applied: bool
    queue: float
    queue_wait_s: float
    outbox: float

    @classmethod
    def of(cls, view: ProcessView, seen: dict[str, str]) -> "ProcessOut":
        """With those of its cameras that may be seen."""
        shown = {name: getattr(view, name) for name in cls.model_fields}
        return cls(**(shown | {"cameras": [camera for camera in view.cameras if camera in seen]}))


class CameraLoadOut(Schema):
    """What a camera costs: packets and frames a second, how far analysis is behind."""

    camera: str
    node: str
    streaming: bool
    packets: float | None
    frames_decoded: float | None
    frames_analysed: float | None
    lag_s: float
    frame_skip: float
    limited: bool


class DropOut(Schema):
    """What was left out or lost, since its process started and a minute now."""

    name: str
    words: str
    node: str
    camera: str
    total: float
    per_minute: float


class DiskOut(Schema):
    """The recordings disk."""

    total_bytes: float
    free_bytes: float
    stopped: bool


class ModelOut(Schema):
    """A model that profiles ask for; `version` is the beginning of its file's SHA-256."""

    name: str
    version: str
    source: str
    licence: str
    profiles: list[str]
    cameras: int
    problem: str


class SystemOut(Schema):
    """Everything that runs here."""

    versions: dict[str, str]
    processes: list[ProcessOut]
    cameras: list[CameraLoadOut]
    drops: list[DropOut]
    disk: DiskOut | None
    models: list[ModelOut]


class IncidentOut(Schema):
    """Something that is not as it should be, until `closed`; `times` counts how often it came back."""

    id: int
    kind: str
    title: str
    message: str
    advice: str
    severity: str
    subject: str
    camera: str
    node: str
    opened: Time
    closed: Time | None
    seconds: float
    times: int

    @classmethod
    def of(cls, row: Incident, kind: Kind) -> "IncidentOut":
        """A row with the words of its kind."""
        words = {"title": kind.title, "advice": kind.advice}
        shown = {name: getattr(row, name) for name in cls.model_fields if name not in words}
        return cls.model_validate(words | shown)


class JobOut(Schema):
    """Periodic work; `ok` is null before its first run."""

    name: str
    title: str
    every_s: float
    running: bool
    last_run: Time | None = None
    duration_s: float = 0.0
    ok: bool | None = None
    result: str = ""
    next_run: Time | None = None

    @classmethod
    def of(cls, task: Task, row: Job | None, *, running: bool) -> "JobOut":
        """A job with what is known of its runs."""
        known = ("last_run", "duration_s", "ok", "result", "next_run")
        shown: dict[str, Any] = {name: getattr(row, name) for name in known} if row else {}
        return cls(name=task.name, title=task.title, every_s=task.pause_s(), running=running, **shown)


class SeriesOut(Schema):
    """One line of a plot: points are [seconds since the epoch, value]."""

    name: str
    title: str
    unit: str
    node: str
    camera: str
    points: list[tuple[float, float]]

    @classmethod
    def of(cls, series: Series, points: list[tuple[float, float]]) -> "SeriesOut":
        """With its words."""
        measure = MEASURED.get(series.name)
        title = measure.title if measure else help_of(series.name.removeprefix(DROPPED))
        unit = measure.unit if measure else "per second"
        return cls(
            name=series.name, title=title, unit=unit, node=series.node, camera=series.camera, points=points
        )


class HistoryOut(Schema):
    """Series of one span; values are means over `step_s`."""

    step_s: int
    series: list[SeriesOut]


class LogLineOut(Schema):
    """A log line."""

    time: Time
    process: str
    level: str
    logger: str
    event: str
    camera: str
    details: dict[str, str]


class Reason(Schema):
    """Why the whole is not well, and what to do."""

    code: str
    message: str
    camera: str = ""
    node: str = ""
    advice: str = ""


class HealthOut(Schema):
    """`ok` when there is nothing to do, `degraded` otherwise, `unwatched` when monitoring stands still.

    `monitor_age_s` is the time since monitoring went round last; null where none runs.
    """

    status: Literal["ok", "degraded", "unwatched"]
    version: str
    revision: int
    monitor_age_s: float | None
    reasons: list[Reason]
