"""Child processes start, are waited for, and never outlive their test."""

import signal
import sys

import psutil
import pytest

from tests.support.processes import Child, wait_until


def test_a_child_ends_with_its_block_and_its_output_is_kept() -> None:
    """The process is gone after the block, and what it wrote can be read."""
    with Child([sys.executable, "-c", "print('ready', flush=True); input()"]) as child:
        child.wait()
    assert child.output.startswith("ready")
    with Child([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]) as child:
        assert child.wait_for_line("up") == "up\n"
        assert child.running
    assert not psutil.pid_exists(child.pid)


def test_grandchildren_end_too() -> None:
    """What the child started is ended with it."""
    code = (
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('pid', p.pid, flush=True); time.sleep(60)"
    )
    with Child([sys.executable, "-c", code]) as child:
        pid = int(child.wait_for_line("pid").split()[1])
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")


def test_a_child_that_ignores_sigterm_is_killed() -> None:
    """SIGKILL follows when SIGTERM is not enough."""
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    child = Child([sys.executable, "-c", code])
    child.wait_for_line("up")
    assert child.end(timeout_s=0.1) == -signal.SIGKILL


def test_a_line_that_never_comes_is_an_error_that_shows_the_output() -> None:
    """A process that ends without the line raises, and the message holds what it said instead."""
    with (
        Child([sys.executable, "-c", "print('oh dear')"]) as child,
        pytest.raises(ChildProcessError, match="oh dear"),
    ):
        child.wait_for_line("ready")


def test_waiting_gives_the_value_or_a_timeout() -> None:
    """The condition's true value is returned; a false one for too long raises."""
    numbers = iter([0, 0, 7])
    assert wait_until(lambda: next(numbers)) == 7
    with pytest.raises(TimeoutError, match="the moon"):
        wait_until(lambda: False, 0.02, what="the moon")
