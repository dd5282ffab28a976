"""What lives as long as the server process: its counters, the live news, the hub, the scheduler."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vedette.server.live import Live

if TYPE_CHECKING:
    from vedette.server.alerts.engine import Alerts
    from vedette.server.hub import Hub
    from vedette.server.jobs.scheduler import Scheduler
    from vedette.server.nodes.monitor import Monitor


@dataclass(slots=True)
class Runtime:
    """The parts that views reach for; what works in threads is None in commands and tests."""

    counters: Counter[str] = field(default_factory=Counter)
    live: Live = field(init=False)
    hub: "Hub | None" = None
    scheduler: "Scheduler | None" = None
    monitor: "Monitor | None" = None
    alerting: "Alerts | None" = None
    alerts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.live = Live(self.counters)


runtime = Runtime()
