"""What the supervisor tells the server of its processes."""

import os
import signal
from pathlib import Path

from tests.integration.node.test_supervisor import Node
from tests.support.processes import wait_until
from vedette.node.home import Home
from vedette.node.standing import ProcessStanding, Standing, read_standing, standing_file, write_standing


def test_starts_and_restarts_are_written_down(tmp_path: Path) -> None:
    """Process ids, how often each was started again and how it ended; nothing is told once it has gone."""
    file = standing_file(Home(tmp_path).runtime)
    with Node(tmp_path, "server=calm", "worker-1=calm") as node:
        first = node.started("worker-1")
        server = node.started("server")
        standing = read_standing(file)
        assert standing is not None
        assert (standing.pid, standing.counters.get("restarts", 0)) == (node.pid, 0)
        assert standing.processes["server"].pid == server
        os.kill(first, signal.SIGKILL)
        second = node.started("worker-1", 2)
        after = wait_until(lambda: (s := read_standing(file)) and s.processes["worker-1"].pid == second and s)
        worker = after.processes["worker-1"]
        assert (worker.restarts, worker.last_status) == (1, -signal.SIGKILL)
        assert (after.counters["restarts"], after.processes["server"].restarts) == (1, 0)
    assert read_standing(file) is None


def test_what_is_not_to_be_understood_is_nothing(tmp_path: Path) -> None:
    """A file that is not there, damaged, of another program or of one that has ended tells nothing (P7)."""
    file = tmp_path / "supervisor.json"
    assert read_standing(file) is None
    for content in (b"", b"{", b'{"pid": "one"}', b'{"pid": 99999999999999999999, "started_utc_s": 1}'):
        file.write_bytes(content)
        assert read_standing(file) is None
    write_standing(
        file, Standing(pid=os.getpid(), started_utc_s=1.0, processes={"a": ProcessStanding(pid=7)})
    )
    found = read_standing(file)
    assert found is not None
    assert found.processes["a"].pid == 7
    assert list(tmp_path.iterdir()) == [file]
