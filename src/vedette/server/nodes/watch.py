"""From findings to incidents: patience before something is one, and before it is over. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vedette.server.nodes.kinds import Kind, kind_of
from vedette.server.nodes.situation import Finding

GAP_S = 5.0
"""What is well for less than this before it is an incident was never well: it only flapped."""

Key = tuple[str, str]


@dataclass(slots=True)
class Stretch:
    """A finding that lasts.

    Attributes:
        since_s: when it was found first.
        seen_s: when it was found last, or could not be looked at.
        is_open: whether it has lasted long enough to be an incident.
    """

    finding: Finding
    since_s: float
    seen_s: float
    is_open: bool = False


class Watch:
    """Remembers what was found when; the clock is the caller's.

    Args:
        kind: the patience with each kind of finding.
    """

    def __init__(self, kind: Callable[[str], Kind] = kind_of) -> None:
        self._kind = kind
        self._stretches: dict[Key, Stretch] = {}

    @property
    def open(self) -> dict[Key, Stretch]:
        """What is an incident now."""
        return {key: stretch for key, stretch in self._stretches.items() if stretch.is_open}

    def resume(self, incidents: Iterable[Finding], now_s: float) -> None:
        """Take up what was open when the process before this one ended."""
        for finding in incidents:
            self._stretches[finding.key] = Stretch(finding, now_s, now_s, is_open=True)

    def update(
        self,
        found: Iterable[Finding],
        now_s: float,
        nodes: frozenset[str] = frozenset(),
        cameras: frozenset[str] = frozenset(),
    ) -> None:
        """Take what is found now; `nodes` and `cameras` are those of which nothing is known."""
        for finding in found:
            self._see(finding, now_s)
        for stretch in self._stretches.values():
            if stretch.finding.node in nodes or stretch.finding.camera in cameras:
                stretch.seen_s = now_s
        self._stretches = {k: s for k, s in self._stretches.items() if not self._over(s, now_s)}

    def _see(self, finding: Finding, now_s: float) -> None:
        stretch = self._stretches.setdefault(finding.key, Stretch(finding, now_s, now_s))
        stretch.finding, stretch.seen_s = finding, now_s
        if now_s - stretch.since_s >= self._kind(finding.kind).after_s:
            stretch.is_open = True

    def _over(self, stretch: Stretch, now_s: float) -> bool:
        well_s = self._kind(stretch.finding.kind).well_s
        absent_s = now_s - stretch.seen_s
        return absent_s >= (well_s if stretch.is_open else min(well_s, GAP_S)) and absent_s > 0
