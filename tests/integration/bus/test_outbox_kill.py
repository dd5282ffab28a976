"""The outbox of a process that is killed again and again, and on a disk that is full."""

import signal
import sys
from pathlib import Path

from tests.support.processes import Child, wait_until
from vedette.bus.outbox import Outbox
from vedette.domain.messages import EventMessage, decode

APPEND = """
import sys, threading
from pathlib import Path
from tests.unit.bus.messages import event
from vedette.bus.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]))
def run(camera):
    number = 0
    while True:
        number += 1
        seq = outbox.append(event(number, camera))
        sys.stdout.write(f"durable {seq} {camera}-{number} {sys.argv[2]}\\n")
        sys.stdout.flush()
for n in range(4):
    threading.Thread(target=run, args=(f"camera-{n}",)).start()
"""

FULL_DISK = """
import resource, sys
from pathlib import Path
from tests.unit.bus.messages import event
from vedette.bus.outbox import Outbox
from vedette.domain.errors import StorageError
outbox = Outbox(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
number = 0
try:
    while True:
        number += 1
        outbox.append(event(number))
except StorageError as error:
    print("refused", number, error, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    outbox.append(event(number + 1))
except StorageError as error:
    print("still refused", flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
while True:
    try:
        outbox.flush()
        break
    except StorageError:
        pass
print("last", outbox.append(event(number + 2)), flush=True)
outbox.close()
"""


def test_what_append_returned_for_survives_kill_9(tmp_path: Path) -> None:
    """Killed five times under four appending threads: every message reported durable is there, in order."""
    path = tmp_path / "outbox"
    promised: dict[int, str] = {}
    for life in range(5):
        with Child([sys.executable, "-c", APPEND, path, str(life)]) as child:
            wait_until(lambda c=child: c.output.count("durable") > 100)
            child.signal(signal.SIGKILL)
            child.wait()
            complete = [line.split() for line in child.lines if line.endswith(f" {life}\n")]
        promised |= {int(seq): identity for _, seq, identity, _ in complete}
    outbox = Outbox(path)
    messages = {seq: decode(payload) for seq, payload in outbox.pending(10**6, max_bytes=10**9)}
    outbox.close()
    assert len(promised) > 500
    assert {seq: _id(messages[seq]) for seq in promised} == promised
    assert sorted(messages) == list(range(1, len(messages) + 1))


def _id(message: object) -> str:
    assert isinstance(message, EventMessage)
    return message.id


def test_a_full_disk_is_told_and_overcome(tmp_path: Path) -> None:
    """The appender gets a StorageError; when there is room again everything is written, in order, once."""
    with Child([sys.executable, "-c", FULL_DISK, tmp_path / "outbox"]) as child:
        refused = int(child.wait_for_line("refused").split()[1])
        child.wait_for_line("still refused")
        last = int(child.wait_for_line("last").split()[1])
        assert child.wait() == 0
    assert last == refused + 2
    outbox = Outbox(tmp_path / "outbox")
    rows = outbox.pending(10**6, max_bytes=10**9)
    outbox.close()
    assert [(seq, _id(decode(payload))) for seq, payload in rows] == [
        (n, f"door-{n}") for n in range(1, last + 1)
    ]
