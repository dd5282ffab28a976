import os
import sys
from pathlib import Path

from tests.support.processes import Child

WATCHED = """
import os, signal, threading
from vedette.node.lifeline import watch
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
watch()
print("in environment:", "VEDETTE_LIFELINE" in os.environ, flush=True)
print("inherited:", os.get_inheritable(9), flush=True)
stop.wait()
print("stopped", flush=True)
"""


def test_without_a_supervisor_nothing_is_watched() -> None:
    """A worker started by hand runs until it is stopped by hand."""
    with Child(
        [sys.executable, "-c", "from vedette.node.lifeline import watch; watch(); print('alone')"]
    ) as child:
        child.wait_for_line("alone")
        assert child.wait() == 0


def test_a_broken_lifeline_ends_the_process(tmp_path: Path) -> None:
    """When the last holder of the other end is gone, this process gets a SIGTERM."""
    os.mkfifo(tmp_path / "lifeline")
    holder = os.open(tmp_path / "lifeline", os.O_RDWR)
    shell = 'exec 9<"$0"; exec "$@"'
    command = ["/bin/sh", "-c", shell, tmp_path / "lifeline", sys.executable, "-c", WATCHED]
    with Child(command, env={"VEDETTE_LIFELINE": "9"}) as child:
        child.wait_for_line("in environment: False")
        child.wait_for_line("inherited: False")
        assert child.running
        os.close(holder)
        child.wait_for_line("stopped")
        assert child.wait() == 0
