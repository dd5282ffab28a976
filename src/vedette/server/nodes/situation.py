"""What should be and what is, at one moment: the one thing that the monitor's rules look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from vedette.domain.messages import CameraReport, NodeReport
from vedette.node.standing import Standing


@dataclass(frozen=True, slots=True)
class Wanted:
    """A camera as it should be.

    Attributes:
        node: the worker that should run it.
        revision: the newest configuration of this camera.
    """

    id: str
    name: str
    enabled: bool = True
    recording_mode: str = "always"
    revision: int = 0
    node: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be now; whether it is worth an incident is `Watch`'s to say."""

    kind: str
    subject: str
    message: str
    camera: str = ""
    node: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes two findings the same."""
        return self.kind, self.subject


@dataclass(frozen=True, slots=True)
class Situation:
    """Desired and reported state side by side.

    Attributes:
        now_s: of a clock that only runs forward.
        started_s: when the server began, on that clock.
        changed_s: when the configuration changed last, likewise.
        workers: those that there should be.
        revision: the configuration that they should run.
        nodes: the newest reports of workers that live.
        reports: the newest report of each camera from the worker that should run it.
        alerts: what other parts of the server have to say, by kind.
        counters: of the server.
        supervisor: what it has started and how often again; None where there is none.
    """

    now_s: float
    started_s: float = 0.0
    changed_s: float = 0.0
    workers: tuple[str, ...] = ()
    revision: int = 0
    nodes: Mapping[str, NodeReport] = field(default_factory=dict)
    cameras: tuple[Wanted, ...] = ()
    reports: Mapping[str, CameraReport] = field(default_factory=dict)
    alerts: Mapping[str, str] = field(default_factory=dict)
    counters: Mapping[str, float] = field(default_factory=dict)
    supervisor: Standing | None = None

    def name_of(self, camera: str) -> str:
        """The camera's name, or its id when it has none."""
        return next((wanted.name for wanted in self.cameras if wanted.id == camera), camera)
