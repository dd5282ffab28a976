"""The worker process: runs camera sessions as the server wants them, and reports what is really so."""

import argparse
import contextlib
import ctypes
import os
import queue
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import cv2
import structlog

from vedette.bus.link import WorkerLink
from vedette.bus.local import LocalBus
from vedette.bus.outbox import Outbox, OutboxFullError
from vedette.bus.topics import LIVE
from vedette.domain.camera import CameraSpec
from vedette.domain.errors import StorageError, VedetteError
from vedette.domain.messages import (
    Assignment,
    CameraReport,
    CameraState,
    EventMessage,
    LiveBoxes,
    LiveEnd,
    LiveFragment,
    LiveInit,
    LiveStream,
    NodeReport,
    SegmentMessage,
    SnapshotReply,
    SnapshotRequest,
)
from vedette.models.loader import DetectorLoader
from vedette.node.home import Home
from vedette.node.lifeline import WORKER_DONE
from vedette.node.logging import configure_logging
from vedette.node.process import cpu_seconds, resident_bytes
from vedette.pipeline.evidence import SnapshotFolder
from vedette.pipeline.live import LiveStreams
from vedette.pipeline.live_tap import LiveTap
from vedette.pipeline.open_events import OpenEvents
from vedette.pipeline.session import STOP_S, CameraSession, Surroundings
from vedette.pipeline.turns import TurnPool
from vedette.recording.disk import Disk
from vedette.recording.repair import recover
from vedette.settings import Settings, load_settings
from vedette.vision.pool import DetectorPool

log = structlog.get_logger(__name__)

TICK_S = 0.25
TRIM_S = 15.0
"""How often memory that a busy stretch has left behind goes back to the system."""
RETRY_APPEND_S = 1.0
LIVE_DEPTH = 256
"""Live messages that may wait for the server before they are dropped."""


class Worker:
    """Sessions for the cameras of the newest assignment.

    Only the main thread changes the set of sessions; the link's thread leaves assignments in a queue.
    """

    def __init__(self, node: str, home: Home, settings: Settings, *, until_end: bool = False) -> None:
        self._node = node
        self._until_end = until_end
        self._counters: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._assignments: queue.SimpleQueue[Assignment | None] = queue.SimpleQueue()
        self._sessions: dict[str, CameraSession] = {}
        self._failed: dict[str, CameraReport] = {}
        self._recovered: set[str] = set()
        self._revision = 0
        self._outbox = Outbox(home.outbox(node), counters=self._counters)
        self._open_events = OpenEvents(home.outbox(node).with_suffix(".open"), self._counters)
        cores = os.cpu_count() or 1
        self._loader = DetectorLoader(settings)
        self._detectors = DetectorPool(self._loader.load, settings.detector.threads or cores)
        self._around = Surroundings(
            disk=Disk(home.recordings, self._counters),
            snapshots=SnapshotFolder(home.snapshots),
            turns=TurnPool(cores, name="decode"),
            detectors=self._detectors,
            announce=self._announce,
            show=self._publish_live,
        )
        self._bus = LocalBus(home.runtime, depth=LIVE_DEPTH, counters=self._counters)
        self._live = LiveStreams(self._live_tap, self._publish_live, self._watch_boxes, self._counters)
        self._link = WorkerLink(
            home.runtime,
            node,
            self._outbox,
            report=self.report,
            on_assignment=self._assignments.put,
            on_snapshot=self._snapshot,
            on_live=self._live.ask,
            counters=self._counters,
        )

    def stop(self) -> None:
        """Ask `run` to end; from a signal handler or another thread."""
        self._stopping.set()
        self._assignments.put(None)

    def run(self) -> int:
        """Work until stopped; the exit status of the process."""
        self._link.start()
        log.info("worker runs", node=self._node, pid=os.getpid())
        for left in self._open_events.left():
            self._announce(left)
        done, trimmed_s = False, time.monotonic()
        while not self._stopping.is_set() and not done:
            self._take_assignment(TICK_S)
            if time.monotonic() - trimmed_s >= TRIM_S:
                trimmed_s = time.monotonic()
                trim_memory()
            done = self._until_end and self._all_ended()
        self._close()
        return WORKER_DONE if done else 0

    # -- desired state --------------------------------------------------------------------------------

    def _take_assignment(self, timeout_s: float) -> None:
        """Take over the newest assignment; waits for one, or for `stop`."""
        newest = None
        with contextlib.suppress(queue.Empty):
            newest = self._assignments.get(timeout=timeout_s)
            while not self._assignments.empty():
                newest = self._assignments.get() or newest
        if newest is None or newest.revision == self._revision:
            return
        self._apply(newest.cameras)
        self._revision = newest.revision
        self._link.report_now()

    def _apply(self, cameras: Iterable[CameraSpec]) -> None:
        wanted = {spec.id: spec for spec in cameras}
        gone = [camera for camera in self._sessions if camera not in wanted]
        self._stop_sessions(gone)
        for spec in wanted.values():
            self._apply_one(spec)

    def _apply_one(self, spec: CameraSpec) -> None:
        """Start or reconfigure one camera; its trouble is reported and holds up no other."""
        try:
            if (session := self._sessions.get(spec.id)) is not None:
                session.configure(spec)
            else:
                self._recover(spec.id)
                self._sessions[spec.id] = CameraSession(spec, self._around)
            self._failed.pop(spec.id, None)
        except (VedetteError, OSError) as error:
            log.warning("camera cannot run", camera=spec.id, error=str(error))
            self._counters["camera_errors"] += 1
            self._failed[spec.id] = CameraReport(
                camera=spec.id, state=CameraState.RETRYING, revision=spec.revision, message=str(error)
            )

    def _recover(self, camera: str) -> None:
        """Finish the segments that a killed worker left half-written, once per camera."""
        if camera in self._recovered:
            return
        self._recovered.add(camera)
        for message in recover(self._around.disk.root, camera):
            self._announce(message)

    def _all_ended(self) -> bool:
        ending = [session for session in self._sessions.values() if session.can_end]
        return self._revision > 0 and all(session.ended for session in ending)

    # -- durable, then announced ------------------------------------------------------------------------

    def _announce(self, message: EventMessage | SegmentMessage) -> None:
        """Append to the outbox. It keeps what the disk refuses now and writes it later."""
        if isinstance(message, EventMessage) and message.phase != "end":
            self._note(message)
        self._append(message)
        if isinstance(message, EventMessage) and message.phase == "end":
            self._note(message)

    def _note(self, message: EventMessage) -> None:
        try:
            self._open_events.note(message)
        except OSError as error:
            self._counters["open_events_not_noted"] += 1
            log.warning("open event not noted", event_id=message.id, error=str(error))

    def _append(self, message: EventMessage | SegmentMessage) -> None:
        try:
            self._outbox.append(message)
        except OutboxFullError as error:
            self._counters["messages_lost"] += 1
            log.error("message lost", error=str(error))  # noqa: TRY400 - the message says it all
        except StorageError as error:
            log.error("message not durable yet", error=str(error))  # noqa: TRY400 - likewise

    # -- reported state -------------------------------------------------------------------------------

    def report(self) -> NodeReport:
        """What is really happening; called on the link's thread each second."""
        sessions = list(self._sessions.values())
        return NodeReport(
            node=self._node,
            utc_s=time.time(),
            pid=os.getpid(),
            revision=self._revision,
            detector=self._loader.active,
            detector_message=self._loader.message,
            cameras=(*(session.report() for session in sessions), *self._failed.values()),
            counters={**(self._counters + self._detectors.counters), "process_cpu_seconds": cpu_seconds()},
            gauges=self._gauges(),
        )

    def _gauges(self) -> dict[str, float]:
        return {
            "outbox_messages": self._outbox.size,
            "outbox_bytes": self._outbox.size_bytes,
            **self._disk_gauges(),
            **self._detectors.gauges(),
            "process_resident_bytes": resident_bytes(),
            "threads": threading.active_count(),
        }

    def _disk_gauges(self) -> dict[str, float]:
        disk = self._around.disk
        gauges = {"disk_stopped": float(not disk.healthy)}
        with contextlib.suppress(StorageError):
            space = disk.space()
            gauges |= {"disk_total_bytes": space.total_bytes, "disk_free_bytes": space.free_bytes}
        return gauges

    def _snapshot(self, request: SnapshotRequest) -> SnapshotReply:
        session = self._sessions.get(request.camera)
        if session is None:
            return SnapshotReply(
                request=request.request, camera=request.camera, error="This camera does not run here."
            )
        try:
            utc_s, jpeg = session.snapshot(request.max_width)
        except VedetteError as error:
            return SnapshotReply(request=request.request, camera=request.camera, error=str(error))
        return SnapshotReply(request=request.request, camera=request.camera, utc_s=utc_s, jpeg=jpeg)

    # -- live view -------------------------------------------------------------------------------------

    def _live_tap(self, camera: str, stream: LiveStream) -> LiveTap | None:
        session = self._sessions.get(camera)
        return session.live_tap(stream) if session is not None else None

    def _watch_boxes(self, camera: str, wanted: bool) -> bool:
        session = self._sessions.get(camera)
        return session is not None and session.watch_boxes(wanted)

    def _publish_live(self, message: LiveInit | LiveFragment | LiveBoxes | LiveEnd) -> bool:
        return self._bus.publish(LIVE, message.camera, message)

    # -- the end --------------------------------------------------------------------------------------

    def _stop_sessions(self, cameras: Iterable[str]) -> None:
        """Stop several cameras at once: all readers are asked before the first is waited for."""
        stopping = [self._sessions.pop(camera) for camera in list(cameras)]
        for session in stopping:
            session.ask_to_stop()
        deadline_s = time.monotonic() + STOP_S
        for session in stopping:
            session.stop(max(deadline_s - time.monotonic(), 0.0))

    def _close(self) -> None:
        self._live.close()
        self._stop_sessions(list(self._sessions))
        self._around.turns.close()
        self._detectors.close()
        self._around.disk.close()
        self._link.close()
        self._bus.close()
        self._outbox.close()
        log.info("worker stopped", node=self._node)


def trim_memory() -> None:
    """Give free pages inside the allocator's heaps back; glibc does it by itself only at their ends."""
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


def main(arguments: list[str] | None = None) -> int:
    """Run a worker process until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="vedette.pipeline.worker")
    parser.add_argument("--node", required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--until-end", action="store_true")
    given = parser.parse_args(arguments)
    settings = load_settings(home=given.home)
    cv2.setNumThreads(1)  # cameras run side by side; a picture alone must not take all cores
    home = Home(given.home).prepare()
    json = settings.log_format == "json" or None
    configure_logging(json, settings.log_level, file=home.log(given.node))
    worker = Worker(given.node, home, settings, until_end=given.until_end)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    return worker.run()


if __name__ == "__main__":
    raise SystemExit(main())
