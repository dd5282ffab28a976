import signal

import pytest

from vedette.node.child import HEALTHY_S, LONGEST_PAUSE_S, Backoff, ended_cleanly
from vedette.node.lifeline import WORKER_DONE


def test_the_first_restart_comes_at_once() -> None:
    """A single crash costs no waiting."""
    assert Backoff().pause_after(1.0) == 0.0


def test_pauses_double_up_to_the_longest() -> None:
    """A process that cannot start does not burn the machine."""
    backoff = Backoff()
    assert [backoff.pause_after(0.1) for _ in range(5)] == [0.0, 0.5, 1.0, 2.0, 4.0]
    assert [backoff.pause_after(0.1) for _ in range(10)][-1] == LONGEST_PAUSE_S


def test_health_forgets_the_past() -> None:
    """After a good while a crash is a first crash again."""
    backoff = Backoff()
    for _ in range(8):
        backoff.pause_after(0.1)
    assert backoff.pause_after(HEALTHY_S) == 0.0
    assert backoff.pause_after(0.1) == 0.5


@pytest.mark.parametrize(
    ("status", "clean"),
    [(0, True), (WORKER_DONE, True), (-signal.SIGTERM, True), (1, False), (-signal.SIGKILL, False)],
)
def test_clean_ends(status: int, clean: bool) -> None:
    """Crashes, errors and kills are told from orderly ends."""
    assert ended_cleanly(status) is clean
