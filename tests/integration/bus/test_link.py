"""Both ends of the link over real sockets in one process."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import zmq
from structlog.testing import capture_logs

from tests.support.processes import wait_until
from tests.unit.bus.messages import event, report, segment
from vedette.bus.ipc import endpoint
from vedette.bus.link import OutboxMessage, ServerLink, WorkerLink
from vedette.bus.outbox import Outbox
from vedette.domain.camera import CameraSpec, Secret, StreamSpec
from vedette.domain.errors import ConfigurationError
from vedette.domain.messages import Assignment, NodeReport, SnapshotReply, SnapshotRequest, encode

CAMERA = CameraSpec(
    id="door", name="Door", main=StreamSpec(url="rtsp://camera/1", username="me", password=Secret("p@ss"))
)


class Server:
    """A server that remembers what it was told."""

    def __init__(self, folder: Path) -> None:
        self.counters: Counter[str] = Counter()
        self.reports: list[tuple[str, NodeReport]] = []
        self.stored: list[tuple[str, int, OutboxMessage]] = []
        self.link = ServerLink(
            folder,
            on_report=lambda node, report: self.reports.append((node, report)),
            on_batch=self._store,
            counters=self.counters,
        )
        self.link.start()

    def _store(self, node: str, messages: Sequence[tuple[int, OutboxMessage]]) -> int:
        self.stored += [(node, seq, message) for seq, message in messages]
        return messages[-1][0]

    def numbers(self, node: str = "worker-1") -> list[int]:
        return [seq for name, seq, _ in self.stored if name == node]


class Worker:
    """A worker that answers every request with a picture made of its name."""

    def __init__(self, folder: Path, node: str = "worker-1") -> None:
        self.counters: Counter[str] = Counter()
        self.assignments: list[Assignment] = []
        self.revision = 0
        self.photograph: Callable[[SnapshotRequest], SnapshotReply] = lambda request: SnapshotReply(
            request=request.request, camera=request.camera, jpeg=node.encode()
        )
        self.outbox = Outbox(folder / f"{node}.sqlite3", counters=self.counters)
        self.link = WorkerLink(
            folder,
            node,
            self.outbox,
            report=lambda: report(node, self.revision),
            on_assignment=self.assignments.append,
            on_snapshot=lambda request: self.photograph(request),  # noqa: PLW0108 - tests replace it
            counters=self.counters,
        )
        self.link.start()

    def close(self) -> None:
        self.link.close()
        self.outbox.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.link.close()


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    worker = Worker(tmp_path)
    yield worker
    worker.close()


@contextmanager
def stranger(folder: Path, name: bytes = b"stranger") -> Iterator[zmq.Socket[bytes]]:
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.set(zmq.IDENTITY, name)
        socket.set(zmq.LINGER, 1000)
        socket.connect(endpoint(folder, "link"))
        yield socket


def connected(server: Server, node: str = "worker-1") -> NodeReport:
    return wait_until(lambda: server.link.nodes.get(node))


def test_the_server_learns_of_a_node_by_its_report(server: Server, worker: Worker) -> None:
    """Nobody configures the workers: they report, and are known."""
    assert connected(server) == report()
    wait_until(lambda: server.reports)
    assert server.reports[0] == ("worker-1", report())
    wait_until(lambda: worker.link.connected)


def test_reports_go_on_and_may_be_hurried(server: Server, worker: Worker) -> None:
    """A new revision is confirmed at once, not with the next second's report (P5)."""
    connected(server)
    worker.revision = 5
    worker.link.report_now()
    wait_until(lambda: connected(server).revision == 5)


def test_an_assignment_arrives_whole(server: Server, worker: Worker) -> None:
    """Desired state reaches the worker with the camera's password, and equal."""
    connected(server)
    assignment = Assignment(revision=3, cameras=(CAMERA,))
    assert server.link.send("worker-1", assignment)
    wait_until(lambda: worker.assignments == [assignment])


def test_nothing_is_sent_to_a_node_that_is_not_there(server: Server) -> None:
    """The server is told at once."""
    assert not server.link.send("worker-9", Assignment(revision=1))
    reply = server.link.request_snapshot("worker-9", "door", 0, 5.0)
    assert "not there" in reply.error


def test_outbox_messages_are_delivered_and_leave(server: Server, worker: Worker) -> None:
    """Acknowledged messages are deleted from the outbox."""
    for number in range(600):
        worker.outbox.append_nowait(event(number) if number % 2 else segment(number))
    wait_until(lambda: server.numbers() == list(range(1, 601)))
    wait_until(lambda: worker.outbox.size == 0)


def test_a_message_does_not_wait_for_a_poll(server: Server, worker: Worker) -> None:
    """Each durable message wakes the link; a hundred one after another pass without a resend."""
    connected(server)
    for number in range(1, 101):
        worker.outbox.append(event(number))
        wait_until(lambda n=number: len(server.stored) == n)
    assert worker.counters["link_resends"] == 0


def test_snapshots_from_many_threads(server: Server, worker: Worker, tmp_path: Path) -> None:
    """Every caller gets the picture of the node it asked."""
    other = Worker(tmp_path, "worker-2")
    connected(server)
    connected(server, "worker-2")
    replies: dict[int, SnapshotReply] = {}

    def ask(number: int) -> None:
        replies[number] = server.link.request_snapshot(
            f"worker-{number % 2 + 1}", f"camera-{number}", 320, 10.0
        )

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert {n: (r.camera, r.jpeg) for n, r in replies.items()} == {
        n: (f"camera-{n}", f"worker-{n % 2 + 1}".encode()) for n in range(8)
    }


def test_a_worker_without_a_picture_says_why(server: Server, worker: Worker) -> None:
    """An exception in the worker reaches the caller as words, and the next request works."""
    connected(server)
    answer = worker.photograph

    def blind(_: SnapshotRequest) -> SnapshotReply:
        raise ValueError("no keyframe yet")

    worker.photograph = blind
    assert "no keyframe yet" in server.link.request_snapshot("worker-1", "door", 0, 5.0).error
    worker.photograph = answer
    assert server.link.request_snapshot("worker-1", "door", 0, 5.0).jpeg == b"worker-1"


def test_a_slow_picture_times_out_and_holds_up_nothing(server: Server, worker: Worker) -> None:
    """While one picture is being made, reports and events flow."""
    connected(server)
    held = threading.Event()
    answer = worker.photograph

    def slow(request: SnapshotRequest) -> SnapshotReply:
        held.wait(20)
        return answer(request)

    worker.photograph = slow
    assert "did not answer" in server.link.request_snapshot("worker-1", "door", 0, 0.05).error
    worker.outbox.append(event(1))
    wait_until(lambda: server.numbers() == [1])
    held.set()


def test_two_workers_do_not_mix(server: Server, worker: Worker, tmp_path: Path) -> None:
    """Each node's messages are stored under its own name and acknowledged to it."""
    other = Worker(tmp_path, "worker-2")
    for number in range(100):
        worker.outbox.append_nowait(event(number))
        other.outbox.append_nowait(segment(number))
    wait_until(lambda: server.numbers("worker-1") == server.numbers("worker-2") == list(range(1, 101)))
    wait_until(lambda: worker.outbox.size == other.outbox.size == 0)
    other.close()


@pytest.mark.parametrize(
    "parts",
    [
        (b"nonsense",),
        (b"message", b"\xc1"),
        (b"batch", b"\xc1"),
        (b"message", encode(Assignment(revision=1))),
        (b"what", b"is", b"this"),
        (b"", b""),
    ],
)
def test_garbage_from_a_node_is_counted(
    server: Server, worker: Worker, tmp_path: Path, parts: tuple[bytes, ...]
) -> None:
    """Malformed messages cost a counter each and nothing else (P7)."""
    with stranger(tmp_path) as socket:
        socket.send_multipart(parts)
        wait_until(lambda: server.counters["link_malformed"] == 1)
    worker.outbox.append(event(1))
    wait_until(lambda: server.numbers() == [1])


@pytest.mark.parametrize("parts", [(b"answer", b"\xc1"), (b"message", encode(report())), (b"?",)])
def test_garbage_from_the_server_is_counted(tmp_path: Path, worker: Worker, parts: tuple[bytes, ...]) -> None:
    """The worker survives a server that talks nonsense."""
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        socket.bind(endpoint(tmp_path, "link"))
        identity = socket.recv_multipart()[0]
        socket.send_multipart((identity, *parts))
        wait_until(lambda: worker.counters["link_malformed"] == 1)


def test_a_failing_report_is_traced_once(tmp_path: Path) -> None:
    """A report that fails each time costs a counter and a line each, but one traceback."""
    worker = Worker(tmp_path)
    with capture_logs() as logs:
        worker.link._report = lambda: int("no number")  # type: ignore[assignment,return-value]
        for count in range(1, 4):
            worker.link.report_now()
            wait_until(lambda n=count: worker.counters["link_callback_errors"] >= n)
        worker.close()
    failures = [line for line in logs if line["event"] == "link callback failed"]
    assert len(failures) >= 3
    assert sum(line["exc_info"] is not None for line in failures) == 1


def test_a_failing_callback_does_not_end_the_link(server: Server, worker: Worker) -> None:
    """A bug in the owner's callback is counted; the next assignment is taken."""
    connected(server)
    taken = worker.link._on_assignment
    worker.link._on_assignment = lambda _: 1 / 0  # type: ignore[assignment,return-value]
    server.link.send("worker-1", Assignment(revision=1))
    wait_until(lambda: worker.counters["link_callback_errors"] == 1)
    worker.link._on_assignment = taken
    server.link.send("worker-1", Assignment(revision=2))
    wait_until(lambda: [a.revision for a in worker.assignments] == [2])


def test_a_second_server_is_refused(server: Server, tmp_path: Path) -> None:
    """It cannot steal the workers of the first."""
    with pytest.raises(ConfigurationError, match="already served"):
        Server(tmp_path)


def test_a_new_server_takes_over(tmp_path: Path, worker: Worker) -> None:
    """After an orderly restart of the server the worker reconnects, reports, and delivers the rest once."""
    first = Server(tmp_path)
    worker.outbox.append(event(1))
    wait_until(lambda: first.numbers() == [1] and worker.outbox.size == 0)
    first.link.close()
    worker.outbox.append(event(2))
    second = Server(tmp_path)
    connected(second)
    wait_until(lambda: second.numbers() == [2])
    wait_until(lambda: worker.counters["link_connects"] == 2)
    second.link.close()


def test_close_delivers_what_is_left(server: Server, tmp_path: Path) -> None:
    """An orderly end of a worker takes its last events along."""
    worker = Worker(tmp_path)
    wait_until(lambda: worker.link.connected)
    for number in range(500):
        worker.outbox.append_nowait(event(number))
    worker.outbox.flush(10.0)
    worker.close()
    wait_until(lambda: server.numbers() == list(range(1, 501)))


def test_ends_that_never_started_can_be_closed(tmp_path: Path) -> None:
    """A process that fails while it starts still ends, and leaves the folder to the next."""
    for _ in range(2):
        ServerLink(tmp_path, on_report=lambda *_: None, on_batch=lambda *_: 0).close()
    outbox = Outbox(tmp_path / "outbox")
    WorkerLink(
        tmp_path,
        "worker-1",
        outbox,
        report=report,
        on_assignment=lambda _: None,
        on_snapshot=lambda r: SnapshotReply(request=r.request, camera=r.camera),
    ).close()
    outbox.close()


def test_close_without_a_server_does_not_hang(tmp_path: Path) -> None:
    """The outbox keeps what could not be delivered."""
    worker = Worker(tmp_path)
    worker.outbox.append(event(1))
    worker.link.close(drain_s=0.1)
    assert worker.outbox.size == 1
    worker.outbox.close()
