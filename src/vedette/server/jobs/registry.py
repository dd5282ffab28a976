"""Which periodic work there is.

An app registers its work in a module `jobs.py`, which is found by itself:

    @job("retention", every_s=60, title="Remove recordings that exceed the limits")
    def retention() -> str:
        return "Nothing to do."
"""

from collections.abc import Callable
from dataclasses import dataclass

Work = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Task:
    """Periodic work.

    Attributes:
        name: a short word, the key of its row.
        title: what it does, for people.
        every_s: pause from one start to the next; may be asked for anew each time.
        work: does it, and says in a short sentence what was done. What it raises is its failure.
    """

    name: str
    title: str
    every_s: float | Callable[[], float]
    work: Work

    def pause_s(self) -> float:
        """From one start to the next, in seconds."""
        return self.every_s() if callable(self.every_s) else self.every_s


_tasks: dict[str, Task] = {}


def job(name: str, *, every_s: float | Callable[[], float], title: str = "") -> Callable[[Work], Work]:
    """Register a function as periodic work; it runs in a thread of its own, never beside itself."""

    def register(work: Work) -> Work:
        if name in _tasks and _tasks[name].work.__qualname__ != work.__qualname__:
            raise ValueError(f"there is a job {name} already")
        _tasks[name] = Task(name, title or name.replace("_", " ").capitalize(), every_s, work)
        return work

    return register


def tasks() -> dict[str, Task]:
    """All registered work by name."""
    return dict(sorted(_tasks.items()))
