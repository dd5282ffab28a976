"""Processor time, as ratios between things done in turn."""

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.result import SkippedError

Work = Callable[[], None]


def own_cpu_s(work: Work) -> float:
    """Processor seconds of this process, all threads, that the work takes."""
    before_s = time.process_time()
    work()
    return time.process_time() - before_s


def child_cpu_s(command: Sequence[str]) -> float:
    """Processor seconds of a child process, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_turn(*measures: Callable[[], float], rounds: int = 5) -> list[float]:
    """Each measure's median over rounds in which all take turns, so that a busy neighbour meets all alike."""
    for measure in measures:
        measure()  # warms caches and allocators
    taken = [[measure() for measure in measures] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def best_s(work: Work, repeats: int) -> float:
    """The shortest wall time of one call: what it takes when nobody disturbs it."""
    times = []
    for _ in range(repeats):
        started_s = time.perf_counter()
        work()
        times.append(time.perf_counter() - started_s)
    return min(times)


def resident_bytes(pid: int) -> int:
    """Memory that a process holds alone (Pss of private pages is what another camera adds)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise SkippedError("the kernel gives no smaps_rollup")


def process_cpu_s(pid: int) -> float:
    """Processor seconds that a running process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
