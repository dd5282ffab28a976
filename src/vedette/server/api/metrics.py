"""Counters and gauges in the Prometheus text format."""

import re
from collections.abc import Iterator, Mapping

from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from vedette.domain.messages import CameraState, NodeReport
from vedette.node.standing import Standing
from vedette.server.accounts.policy import Permission, needs
from vedette.server.nodes.counters import help_of
from vedette.server.nodes.look import supervisor
from vedette.server.runtime import Runtime, runtime

_UNFIT = re.compile(r"[^a-zA-Z0-9_]")
"""What no metric's name may hold."""

Labels = dict[str, str]
Sample = tuple[Labels, float]
Family = CounterMetricFamily | GaugeMetricFamily


class ReportCollector(Collector):
    """Metrics from the newest reports of the workers and from the server itself."""

    def __init__(self, source: Runtime) -> None:
        self._runtime = source

    def collect(self) -> Iterator[Family]:
        """One family per name; samples of nodes and of cameras apart by their labels."""
        counters: dict[str, list[Sample]] = {}
        gauges: dict[str, list[Sample]] = {}
        _add(counters, {}, dict(self._runtime.counters))
        _add(gauges, {}, self._own_gauges())
        _add_supervised(counters, gauges, supervisor())
        nodes = self._runtime.hub.nodes if self._runtime.hub else {}
        for node, report in sorted(nodes.items()):
            _add_report(counters, gauges, node, report)
        for name, samples in sorted(counters.items()):
            yield _family(CounterMetricFamily, name, samples)
        for name, samples in sorted(gauges.items()):
            # A counter and a gauge of one name would be one family of two types.
            yield _family(GaugeMetricFamily, f"{name}_now" if name in counters else name, samples)

    def _own_gauges(self) -> dict[str, float]:
        own = {"live_readers": float(self._runtime.live.readers)}
        if (monitor := self._runtime.monitor) is not None:
            own |= {"incidents_open": monitor.incidents, "monitor_age_seconds": monitor.age_s}
        return own


def _add_supervised(
    counters: dict[str, list[Sample]], gauges: dict[str, list[Sample]], standing: Standing | None
) -> None:
    """What the supervisor counts, in all and by process."""
    if standing is None:
        return
    _add(counters, {}, standing.counters)
    for name, process in standing.processes.items():
        labels = {"process": name}
        _add(gauges, labels, {"supervised_running": process.pid > 0, "supervised_restarts": process.restarts})


def _add_report(
    counters: dict[str, list[Sample]], gauges: dict[str, list[Sample]], node: str, report: NodeReport
) -> None:
    _add(counters, {"node": node}, report.counters)
    _add(gauges, {"node": node}, {**report.gauges, "node_revision": report.revision})
    for camera in report.cameras:
        labels = {"node": node, "camera": camera.camera}
        _add(counters, labels, camera.counters)
        own = {
            "camera_streaming": float(camera.state == CameraState.STREAMING),
            "gate_open": camera.gate_open,
        }
        _add(gauges, labels, {**camera.gauges, **own, "camera_recording": camera.recording})


def _add(families: dict[str, list[Sample]], labels: Labels, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        families.setdefault(_UNFIT.sub("_", name), []).append((labels, float(value)))


def _family(kind: type[Family], name: str, samples: list[Sample]) -> Family:
    names = sorted({label for labels, _ in samples for label in labels})
    family = kind(f"vedette_{name}", help_of(name.removesuffix("_now")), labels=names)
    for labels, value in samples:
        family.add_metric([labels.get(label, "") for label in names], value)
    return family


_registry = CollectorRegistry()
_registry.register(ReportCollector(runtime))
ProcessCollector(registry=_registry)


@needs(Permission.VIEW)
def metrics(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Everything that is counted."""
    return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)
