"""Numbers over time from two situations (no database)."""

import pytest

from tests.unit.server.situations import camera, node, situation
from vedette.server.nodes.series import Process, Sampler, Series, mean


def test_keys_are_read_back() -> None:
    """A stored key gives the series it was made of, whatever the camera is called."""
    series = Series("dropped:packets_not_recorded", "worker-1", "a|b")
    assert Series.of(series.key) == series
    assert Series.of(Series("live_readers").key) == Series("live_readers")


def sample_twice(*counts: dict[str, float], own: tuple[float, ...] = (0.0, 0.0)) -> dict[str, float]:
    """The second of two samples, 10 s apart, of a camera with these counters."""
    sampler, sample = Sampler(), {}
    for number, (counters, cpu) in enumerate(zip(counts, own, strict=True)):
        report = camera(counters=counters, gauges={"analysis_lag_seconds": 0.5})
        nodes = {"worker-1": node(report, counters={"process_cpu_seconds": cpu / 2})}
        now = situation(report, now_s=1000.0 + 10 * number, nodes=nodes)
        sample = sampler.take(now, [Process("server", cpu, 5e6)], live_readers=2)
    return sample


def test_counters_become_rates_and_gauges_stay() -> None:
    """Growth per second of counters; processor seconds per second are cores."""
    found = sample_twice({"packets": 100.0, "frames_analysed": 3.0}, {"packets": 400.0}, own=(7.0, 9.0))
    assert found["packets|worker-1|door"] == 30.0
    assert found["cpu|server|"] == 0.2
    assert found["cpu|worker-1|"] == 0.1
    assert found["memory|server|"] == 5e6
    assert found["analysis_lag|worker-1|door"] == 0.5
    assert found["live_readers||"] == 2.0


def test_a_new_process_counts_from_nothing() -> None:
    """A counter that is smaller than before is taken as growth since the new start, never as negative."""
    assert sample_twice({"packets": 100.0}, {"packets": 20.0})["packets|worker-1|door"] == 2.0


def test_drops_are_kept_only_where_there_are_any() -> None:
    """Series of drops would fill the rows with zeros."""
    key = "dropped:analysis_packets_dropped|worker-1|door"
    assert key not in sample_twice(*[{"analysis_packets_dropped": 5.0}] * 2)
    assert sample_twice({"analysis_packets_dropped": 5.0}, {"analysis_packets_dropped": 25.0})[key] == 2.0


def test_the_first_sample_has_no_rates() -> None:
    """Rates need two samples; gauges do not."""
    found = Sampler().take(situation(camera(counters={"packets": 5.0})), [Process("server", 1.0, 2.0)])
    assert "packets|worker-1|door" not in found
    assert found["memory|server|"] == 2.0


def test_the_mean_is_over_those_that_have_the_series() -> None:
    """A camera that was there half of the time is not halved."""
    assert mean([{"a": 1.0, "b": 4.0}, {"a": 3.0}]) == pytest.approx({"a": 2.0, "b": 4.0})
