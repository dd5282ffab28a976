"""What is measured over time: from two situations, one after the other, to numbers by series. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from vedette.domain.messages import CameraReport, NodeReport
from vedette.server.nodes.counters import DROPS
from vedette.server.nodes.situation import Situation

SERVER = "server"
SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot.

    Attributes:
        name: what is measured (`MEASURED`), or `dropped:` and the name of a counter.
        node: whose it is: a worker, `server` or `supervisor`; empty for the whole.
        camera: whose it is, when it is a camera's.
    """

    name: str
    node: str = ""
    camera: str = ""

    @property
    def key(self) -> str:
        """As it is stored."""
        return f"{self.name}|{self.node}|{self.camera}"

    @classmethod
    def of(cls, key: str) -> "Series":
        """From what is stored."""
        return cls(*key.split("|", 2))


@dataclass(frozen=True, slots=True)
class Measure:
    """What a series shows, and in which unit."""

    title: str
    unit: str


MEASURED = {
    "cpu": Measure("Processor", "cores"),
    "memory": Measure("Memory", "bytes"),
    "packets": Measure("Packets", "per second"),
    "frames_decoded": Measure("Frames decoded", "per second"),
    "frames_analysed": Measure("Frames analysed", "per second"),
    "analysis_lag": Measure("Analysis is behind by", "seconds"),
    "detector_queue": Measure("Cameras waiting for a detector", "cameras"),
    "outbox": Measure("Messages waiting for the server", "messages"),
    "disk_free": Measure("Free on the recordings disk", "bytes"),
    "disk_used": Measure("Used on the recordings disk", "bytes"),
    "live_readers": Measure("Live readers", "readers"),
}
"""By name; the names are stored and never change."""

DROPPED = "dropped:"

_RATES = {
    "packets": ("packets",),
    "frames_decoded": ("frames_decoded", "frames_decoded_inside", "keyframes_decoded"),
    "frames_analysed": ("frames_analysed",),
}
"""Series of a camera, and the counters whose growth they show."""

Counts = dict[str, float]


@dataclass(frozen=True, slots=True)
class Process:
    """What a process without reports uses: the server, the supervisor."""

    name: str
    cpu_seconds: float
    resident_bytes: float


class Sampler:
    """Keeps the counters of the sample before."""

    def __init__(self) -> None:
        self._before: Counts = {}
        self._before_s: float | None = None

    def take(self, now: Situation, own: Iterable[Process] = (), live_readers: int = 0) -> dict[str, float]:
        """Numbers by series; rates are of the time since the sample before, none the first time."""
        own = list(own)
        counts = {series.key: value for series, value in _counts(now, own)}
        sample = {series.key: value for series, value in _gauges(now, own)}
        sample[Series("live_readers").key] = float(live_readers)
        if self._before_s is not None and now.now_s > self._before_s:
            sample |= _rates(self._before, counts, now.now_s - self._before_s)
        self._before, self._before_s = counts, now.now_s
        return sample


def mean(samples: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each series over the samples that have it."""
    total: dict[str, float] = {}
    count: dict[str, int] = {}
    for sample in samples:
        for key, value in sample.items():
            total[key] = total.get(key, 0.0) + value
            count[key] = count.get(key, 0) + 1
    return {key: round(total[key] / count[key], 4) for key in total}


def _rates(before: Counts, now: Counts, seconds: float) -> dict[str, float]:
    """A smaller counter began again at 0 in a new process; one that is new is left out."""
    found = {}
    for key, value in now.items():
        if key in before:
            grown = value - before[key] if value >= before[key] else value
            if grown or not key.startswith(DROPPED):
                found[key] = round(grown / seconds, 4)
    return found


def _counts(now: Situation, own: list[Process]) -> Iterator[tuple[Series, float]]:
    for process in own:
        yield Series("cpu", process.name), process.cpu_seconds
    yield from _drops(now.counters, SERVER)
    for node, report in now.nodes.items():
        if "process_cpu_seconds" in report.counters:
            yield Series("cpu", node), report.counters["process_cpu_seconds"]
        yield from _drops(report.counters, node)
        for camera in report.cameras:
            yield from _drops(camera.counters, node, camera.camera)
            yield from _camera_counts(node, camera)


def _camera_counts(node: str, report: CameraReport) -> Iterator[tuple[Series, float]]:
    for name, counters in _RATES.items():
        yield Series(name, node, report.camera), sum(report.counters.get(c, 0.0) for c in counters)


def _drops(counters: Mapping[str, float], node: str, camera: str = "") -> Iterator[tuple[Series, float]]:
    for name in DROPS & counters.keys():
        yield Series(DROPPED + name, node, camera), counters[name]


def _gauges(now: Situation, own: list[Process]) -> Iterator[tuple[Series, float]]:
    for process in own:
        yield Series("memory", process.name), process.resident_bytes
    for node, report in now.nodes.items():
        yield from _node_gauges(node, report)
        for camera in report.cameras:
            if "analysis_lag_seconds" in camera.gauges:
                yield Series("analysis_lag", node, camera.camera), camera.gauges["analysis_lag_seconds"]


def _node_gauges(node: str, report: NodeReport) -> Iterator[tuple[Series, float]]:
    gauges = report.gauges
    for name, gauge in (
        ("memory", "process_resident_bytes"),
        ("detector_queue", "detector_queue_length"),
        ("outbox", "outbox_messages"),
        ("disk_free", "disk_free_bytes"),
    ):
        if gauge in gauges:
            yield Series(name, node), gauges[gauge]
    if "disk_total_bytes" in gauges and "disk_free_bytes" in gauges:
        yield Series("disk_used", node), gauges["disk_total_bytes"] - gauges["disk_free_bytes"]
