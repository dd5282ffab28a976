"""The supervisor over real processes."""

import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.support.processes import Child, wait_until


@dataclass(frozen=True)
class Line:
    """One line of the journal that the programs write."""

    word: str
    name: str
    pid: int
    session: int
    arenas: str


def journal(folder: Path) -> list[Line]:
    path = folder / "journal"
    lines = path.read_text().splitlines() if path.exists() else []
    return [Line(w, n, int(p), int(s), a) for w, n, p, s, a in map(str.split, lines)]


def started(folder: Path, name: str) -> list[int]:
    """The process ids of all starts of a program so far."""
    return [line.pid for line in journal(folder) if line.word == "start" and line.name == name]


class Node(Child):
    """A supervisor with its programs."""

    def __init__(self, folder: Path, *programs: str) -> None:
        self.folder = folder
        super().__init__([sys.executable, "-m", "tests.integration.node.supervise", folder, *programs])

    def journal(self) -> list[Line]:
        return journal(self.folder)

    def pids(self, name: str) -> list[int]:
        return started(self.folder, name)

    def started(self, name: str, times: int = 1) -> int:
        """Wait for the program's start, or its so manieth; the process id."""
        return wait_until(lambda: self.pids(name)[times - 1 : times], what=f"{name} started")[0]

    def words(self) -> list[str]:
        return [f"{line.word} {line.name}" for line in self.journal() if line.word != "start"]

    def logs(self, event: str) -> list[dict[str, object]]:
        lines = [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]


def test_everything_is_started_in_a_session_of_its_own(tmp_path: Path) -> None:
    """Ctrl-C in the terminal reaches the supervisor alone; memory and threads are kept small."""
    with Node(tmp_path, "server=calm", "worker-1=calm") as node:
        for name in ("server", "worker-1"):
            pid = node.started(name)
            assert [(line.session, line.arenas) for line in node.journal() if line.name == name] == [
                (pid, "2")
            ]
        started = {log["process"]: log["pid"] for log in node.logs("process started")}
        assert started == {"server": node.started("server"), "worker-1": node.started("worker-1")}


@pytest.mark.parametrize("victim", ["server", "worker-1"])
def test_a_killed_process_comes_back_and_the_others_never_stop(tmp_path: Path, victim: str) -> None:
    """kill -9 of one process leaves the others running and is followed by a restart."""
    with Node(tmp_path, "server=calm", "worker-1=calm", "worker-2=calm") as node:
        before = {name: node.started(name) for name in ("server", "worker-1", "worker-2")}
        os.kill(before[victim], signal.SIGKILL)
        assert node.started(victim, 2) != before[victim]
        for name in before.keys() - {victim}:
            assert node.pids(name) == [before[name]]
            assert psutil.pid_exists(before[name])
        node.signal(signal.SIGTERM)
        assert node.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_workers_before_the_server(tmp_path: Path, number: int) -> None:
    """An orderly stop ends with status 0 and the server last, so that it hears the workers' last words."""
    with Node(tmp_path, "server=calm", "worker-1=calm", "worker-2=calm") as node:
        for name in ("server", "worker-1", "worker-2"):
            node.started(name)
        node.signal(number)
        assert node.wait() == 0
        assert node.words()[-1] == "stop server"
        assert sorted(node.words()) == ["stop server", "stop worker-1", "stop worker-2"]


def test_a_signal_that_another_thread_takes_stops_it_too(tmp_path: Path) -> None:
    """Whenever it comes, also in the moment before the supervisor waits: its waiting ends."""
    script = (
        "import signal, sys, threading; from pathlib import Path\n"
        "from tests.integration.node.supervise import main\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])\n"
        "sys.exit(main(Path(sys.argv[1]), ['server=calm']))\n"
    )
    with Child([sys.executable, "-c", script, tmp_path]) as node:
        wait_until(lambda: started(tmp_path, "server"))
        node.signal(signal.SIGHUP)
        assert node.wait() == 0


def test_nohup_is_respected(tmp_path: Path) -> None:
    """With SIGHUP ignored from the start, a closed terminal stops nothing."""
    script = (
        "import signal, sys; from pathlib import Path; from tests.integration.node.supervise import main\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "sys.exit(main(Path(sys.argv[1]), ['server=calm']))\n"
    )
    with Child([sys.executable, "-c", script, tmp_path]) as node:
        server = wait_until(lambda: started(tmp_path, "server"))[0]
        node.signal(signal.SIGHUP)
        os.kill(server, signal.SIGKILL)
        wait_until(lambda: len(started(tmp_path, "server")) == 2)
        assert node.running


def test_a_process_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    """After its time a stubborn worker is killed, the server still stops in order, the status tells."""
    with Node(tmp_path, "server=calm", "worker-1=stubborn") as node:
        stubborn = node.started("worker-1")
        node.started("server")
        node.signal()
        assert node.wait() == 1
        assert not psutil.pid_exists(stubborn)
        assert node.words() == ["stop server"]
        assert [log["pid"] for log in node.logs("process killed")] == [stubborn]


def test_a_second_interrupt_kills(tmp_path: Path) -> None:
    """Whoever presses Ctrl-C twice does not wait."""
    with Node(tmp_path, "server=stubborn", "worker-1=stubborn") as node:
        pids = [node.started("server"), node.started("worker-1")]
        node.signal(signal.SIGINT)
        node.wait_for_line("stopping")
        node.signal(signal.SIGINT)
        assert node.wait() == 1
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert len(node.logs("process killed")) == 2


def test_workers_that_are_done_end_everything(tmp_path: Path) -> None:
    """A done worker is not started again; when all are, the server stops and the status is 0."""
    with Node(tmp_path, "server=calm", "worker-1=done", "worker-2=done") as node:
        for name in ("server", "worker-1", "worker-2"):
            node.started(name)
        (tmp_path / "finish").touch()
        assert node.wait() == 0
        assert sorted(node.words()[:2]) == ["done worker-1", "done worker-2"]
        assert node.words()[2:] == ["stop server"]
        assert len(node.pids("worker-1")) == len(node.pids("worker-2")) == 1


def test_one_worker_that_is_done_ends_nothing(tmp_path: Path) -> None:
    """The others go on until they are done too."""
    with Node(tmp_path, "server=calm", "worker-1=done", "worker-2=calm") as node:
        other = node.started("worker-2")
        (tmp_path / "finish").touch()
        node.wait_for_line("worker is done")
        os.kill(other, signal.SIGKILL)
        node.started("worker-2", 2)
        assert len(node.pids("worker-1")) == 1


def test_a_process_that_cannot_stay_up_is_tried_less_and_less(tmp_path: Path) -> None:
    """Pauses grow while the rest keeps running, and a stop does not wait for them."""
    with Node(tmp_path, "server=calm", "worker-1=crash") as node:
        node.started("worker-1", 4)
        wait_until(lambda: len(node.logs("process died, will start again")) == 4)
        died = node.logs("process died, will start again")
        assert [(log["pause_s"], log["status"]) for log in died] == [(0.0, 3), (0.5, 3), (1.0, 3), (2.0, 3)]
        node.signal()
        assert node.wait() == 0


def test_children_of_a_killed_supervisor_stop_in_order(tmp_path: Path) -> None:
    """kill -9 of the supervisor: the workers end by themselves, and after the last of them the server."""
    node = Node(tmp_path, "server=calm", "worker-1=calm", "worker-2=calm")
    pids = [node.started(name) for name in ("server", "worker-1", "worker-2")]
    with node:
        node.signal(signal.SIGKILL)
        wait_until(lambda: not any(psutil.pid_exists(pid) for pid in pids))
        assert sorted(node.words()[:2]) == ["stop worker-1", "stop worker-2"]
        assert node.words()[2:] == ["stop server"]


def test_the_next_supervisor_waits_for_the_orphans(tmp_path: Path) -> None:
    """After kill -9 of the supervisor a new one starts nothing before the last old process has ended."""
    with Node(tmp_path, "server=calm", "worker-1=calm") as first:
        old = [first.started("server"), first.started("worker-1")]
        first.signal(signal.SIGKILL)
        with Node(tmp_path, "server=calm", "worker-1=calm") as second:
            second.started("server", 2)
            lines = [(line.word, line.pid in old) for line in second.journal()]
            assert lines.index(("start", False)) > lines.index(("stop", True)) + 1


def test_a_second_supervisor_is_refused(tmp_path: Path) -> None:
    """It names the process that has the home, and leaves that one alone."""
    with Node(tmp_path, "server=calm") as first:
        first.started("server")
        with Node(tmp_path, "server=calm") as second:
            second.wait_for_line(f"already runs on {tmp_path} as process {first.pid}")
            assert second.wait() != 0
        assert len(first.pids("server")) == 1


def test_what_a_killed_process_started_ends_with_it(tmp_path: Path) -> None:
    """No grandchild survives, not even one that inherited everything."""
    with Node(tmp_path, "server=calm", "worker-1=parent") as node:
        parent = node.started("worker-1")
        grandchildren = psutil.Process(parent).children()
        assert len(grandchildren) == 1
        os.kill(parent, signal.SIGKILL)
        node.started("worker-1", 2)
        wait_until(lambda: not psutil.pid_exists(grandchildren[0].pid))
        node.signal()
        assert node.wait() == 0


def test_a_program_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    """A wrong module name costs log lines, not the supervisor."""
    script = (
        "from vedette.node.child import Command\n"
        "from vedette.node.supervisor import Supervisor\n"
        "raise SystemExit(Supervisor([Command('worker-1', 'worker', 'vedette.nowhere')]).run())\n"
    )
    with Child([sys.executable, "-c", script]) as node:
        wait_until(lambda: node.output.count("process started") >= 2)
        node.wait_for_line("No module named vedette.nowhere")
        assert node.running
