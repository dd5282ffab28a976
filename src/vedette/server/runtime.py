"""What lives as long as the server process: its counters, the live news, the hub, the housekeeper."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vedette.server.live import Live

if TYPE_CHECKING:
    from vedette.server.hub import Hub


@dataclass(slots=True)
class Runtime:
    """The parts that views reach for; `hub` is None where no workers are served (commands, tests)."""

    counters: Counter[str] = field(default_factory=Counter)
    live: Live = field(init=False)
    hub: "Hub | None" = None
    alerts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.live = Live(self.counters)


runtime = Runtime()
