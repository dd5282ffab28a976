"""Metrics in the Prometheus text format."""

from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from vedette.domain.messages import CameraReport, CameraState, NodeReport
from vedette.server.api.metrics import ReportCollector
from vedette.server.runtime import Runtime


class Reports:
    """A hub with given reports and nothing else."""

    def __init__(self, *reports: NodeReport) -> None:
        self.nodes = {report.node: report for report in reports}


def camera(name: str, **fields: Any) -> CameraReport:
    """A streaming camera."""
    return CameraReport(camera=name, state=CameraState.STREAMING, revision=1, **fields)


@pytest.fixture
def samples() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample of two nodes with three cameras, read back by Prometheus' own parser."""
    runtime = Runtime()
    runtime.counters["messages_stored"] = 4
    first = NodeReport(
        node="n1",
        utc_s=1,
        pid=1,
        revision=3,
        cameras=(
            camera("a", counters={"packets": 5, "odd-name.x": 1}),
            camera("b", gauges={"frame_skip": 2}),
        ),
        counters={"packets": 9},
        gauges={"packets": 1},
    )
    second = NodeReport(
        node="n2", utc_s=1, pid=2, revision=3, cameras=(camera('c"\n', counters={"packets": 6}),)
    )
    runtime.hub = cast("Any", Reports(first, second))
    registry = CollectorRegistry()
    registry.register(ReportCollector(runtime))
    text = generate_latest(registry).decode()
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    """A sample's name and labels."""
    return name, frozenset(labels.items())


def test_counters_and_gauges_by_node_and_camera(samples: dict[Any, float]) -> None:
    """Each report's values appear under their labels, the server's own without."""
    assert samples[key("vedette_packets_total", node="n1", camera="a")] == 5
    assert samples[key("vedette_packets_total", node="n1", camera="")] == 9
    assert samples[key("vedette_packets_total", node="n2", camera='c"\n')] == 6
    assert samples[key("vedette_frame_skip", node="n1", camera="b")] == 2
    assert samples[key("vedette_camera_streaming", node="n1", camera="a")] == 1
    assert samples[key("vedette_messages_stored_total")] == 4


def test_odd_names_harm_nobody(samples: dict[Any, float]) -> None:
    """P7: a name that Prometheus does not know, or one used twice, costs no other metric."""
    assert samples[key("vedette_odd_name_x_total", node="n1", camera="a")] == 1
    assert samples[key("vedette_packets_now", node="n1")] == 1
