"""Rules that compare with before: processes that were started again, queues that keep dropping."""

import signal
from collections.abc import Iterator, Mapping

from vedette.domain.messages import NodeReport
from vedette.node.standing import ProcessStanding
from vedette.server.nodes.counters import COUNTERS, DROPS
from vedette.server.nodes.situation import Finding, Situation

DROPPING_S = 10.0
"""A counter that has not grown for so long has stopped."""

JUST_STARTED_S = 60.0

_Where = tuple[str, str, str]
"""Node, camera, counter."""


class Trends:
    """Keeps what it needs of the situations before; one monitor has one."""

    def __init__(self) -> None:
        self._pids: dict[str, int] = {}
        self._restarts: dict[str, int] = {}
        self._values: dict[_Where, float] = {}
        self._grew_s: dict[_Where, float] = {}

    def findings(self, now: Situation, utc_s: float) -> list[Finding]:
        """What has changed for the worse since the situation before; `utc_s` is the time of day."""
        found = {finding.key: finding for finding in self._other_pids(now.nodes)}
        found |= {finding.key: finding for finding in self._restarted(now, utc_s)}
        return [*found.values(), *self._drops(now), *_crowded(now)]

    def _other_pids(self, nodes: Mapping[str, NodeReport]) -> Iterator[Finding]:
        for node, report in nodes.items():
            if self._pids.setdefault(node, report.pid) != report.pid:
                self._pids[node] = report.pid
                yield Finding("crash", node, f"{node} was started again.", node=node)

    def _restarted(self, now: Situation, utc_s: float) -> Iterator[Finding]:
        for name, process in (now.supervisor.processes if now.supervisor else {}).items():
            before = self._restarts.get(name, _known_before(name, process, utc_s))
            self._restarts[name] = process.restarts
            if process.restarts > before:
                words = (
                    f"{name} ended unexpectedly ({how_it_ended(process.last_status)}) and was started again."
                )
                # The server is no node: nobody has to wait until it reports.
                yield Finding("crash", name, words, node=name if name in now.workers else "")

    def _drops(self, now: Situation) -> Iterator[Finding]:
        for where, value in _counts(now):
            if value > self._values.get(where, value):
                self._grew_s[where] = now.now_s
            self._values[where] = value
        for (node, camera, name), grew_s in self._grew_s.items():
            if now.now_s - grew_s < DROPPING_S:
                whose = now.name_of(camera) if camera else node or "The server"
                subject = "/".join(part for part in (node, camera, name) if part)
                yield Finding("drops", subject, f"{whose}: {COUNTERS[name]}", camera=camera, node=node)


def _crowded(now: Situation) -> Iterator[Finding]:
    """Workers most of whose busy cameras are looked at less often than they should be.

    That comes and goes with what happens; it is no rule of one moment, since only what lasts is news.
    """
    for node, report in sorted(now.nodes.items()):
        busy = [camera for camera in report.cameras if camera.gate_open]
        held = sum(bool(camera.gauges.get("load_limited", 0.0)) for camera in busy)
        if held > len(busy) / 2:
            words = f"{node} has more to look at than it can: most cameras in motion get fewer frames."
            yield Finding("load", node, words, node=node)


def how_it_ended(status: int | None) -> str:
    """An exit status in words."""
    if status is None:
        return "nobody knows how"
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"by {signal.Signals(-status).name}"
    except ValueError:
        return f"by signal {-status}"


def _known_before(name: str, process: ProcessStanding, utc_s: float) -> int:
    """A server that starts knows nothing of before; but that it was just started again itself is news."""
    again = name == "server" and process.restarts and utc_s - process.started_utc_s < JUST_STARTED_S
    return process.restarts - 1 if again else process.restarts


def _counts(now: Situation) -> Iterator[tuple[_Where, float]]:
    for name in DROPS & now.counters.keys():
        yield ("", "", name), now.counters[name]
    for node, report in now.nodes.items():
        for name in DROPS & report.counters.keys():
            yield (node, "", name), report.counters[name]
        for camera in report.cameras:
            for name in DROPS & camera.counters.keys():
                yield (node, camera.camera, name), camera.counters[name]
