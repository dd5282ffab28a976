"""The worker's end of the link as a process: appends messages until there are enough, then delivers them all.

The number in each message's id is its sequence number in the outbox, over all restarts.
"""

import os
import sys
import time
from pathlib import Path

from tests.unit.bus.messages import event
from vedette.bus.link import WorkerLink
from vedette.bus.outbox import Outbox
from vedette.domain.messages import NodeReport, SnapshotReply


def main(folder: Path, count: int) -> None:
    outbox = Outbox(folder / "outbox.sqlite3")
    link = WorkerLink(
        folder,
        "worker-1",
        outbox,
        report=lambda: NodeReport(node="worker-1", utc_s=time.time(), pid=os.getpid(), revision=0),
        on_assignment=lambda _: None,
        on_snapshot=lambda r: SnapshotReply(request=r.request, camera=r.camera, error="blind"),
    )
    link.start()
    for number in range(outbox._last + 1, count + 1):
        assert outbox.append(event(number, f"camera-{number % 4}")) == number
        print(f"durable {number}", flush=True)
    while outbox.waiting_for():
        time.sleep(0.01)
    link.close()
    outbox.close()
    print("delivered", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
