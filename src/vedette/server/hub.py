"""The server's side of the workers: their messages into the database, the desired state out to them."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from django.db import DatabaseError, connection

from vedette.bus.link import OutboxMessage, ServerLink
from vedette.domain.messages import (
    Assignment,
    CameraReport,
    LiveRequest,
    LiveStop,
    NodeReport,
    SnapshotReply,
)
from vedette.server.cameras.desired import desired_state
from vedette.server.cameras.revision import current
from vedette.server.ingest import Stored, store_batch
from vedette.server.live import Live
from vedette.server.news import camera_news, event_news, segment_news
from vedette.server.nodes.store import write_status
from vedette.server.streams.relay import Relay

POLL_S = 0.5
_RESEND_S = 1.0
_STATUS_S = 10.0
_SNAPSHOT_S = 5.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Desired:
    revision: int = 0
    since_s: float = field(default_factory=time.monotonic)
    workers: dict[str, Assignment] = field(default_factory=dict)
    cameras: dict[str, str] = field(default_factory=dict)


class Hub:
    """Owns the link to the workers of this machine and a thread that follows the configuration.

    Args:
        folder: of the link's socket.
        workers: ids of the workers that cameras may be given to.
    """

    def __init__(self, folder: Path, workers: Sequence[str], live: Live, counters: Counter[str]) -> None:
        self._workers = tuple(workers)
        self._live = live
        self._counters = counters
        self._desired = _Desired()
        self._sent_s: dict[str, float] = {}
        self._shown: dict[str, tuple[object, ...]] = {}
        self._written_s: dict[str, float] = {}
        self._stop = threading.Event()
        self._database_was_well = True
        self._follower = threading.Thread(target=self._follow, name="hub", daemon=True)
        self.relay = Relay(folder, self._ask_live, self.cameras, counters)
        self._link = ServerLink(folder, on_report=self._on_report, on_batch=self._on_batch, counters=counters)

    def start(self) -> None:
        """Bind and serve."""
        self._link.start()
        self.relay.start()
        self._follower.start()

    def close(self) -> None:
        """Finish what runs and stop."""
        self._stop.set()
        self._follower.join()
        self.relay.close()
        self._link.close()

    @property
    def nodes(self) -> dict[str, NodeReport]:
        """The newest report of every worker that lives."""
        return self._link.nodes

    @property
    def workers(self) -> tuple[str, ...]:
        """The workers that there should be."""
        return self._workers

    @property
    def revision(self) -> int:
        """The configuration that the workers should run."""
        return self._desired.revision

    @property
    def changed_s(self) -> float:
        """When the configuration became known here, on the monotonic clock: commands run from then."""
        return self._desired.since_s

    def cameras(self) -> dict[str, CameraReport]:
        """The newest report of every camera, from the worker that should run it."""
        desired = self._desired.cameras
        found: dict[str, CameraReport] = {}
        for node, report in self.nodes.items():
            found |= {c.camera: c for c in report.cameras if desired.get(c.camera, node) == node}
        return found

    def request_snapshot(self, camera: str, max_width: int = 0) -> SnapshotReply:
        """The newest picture of a camera; blocks for up to 5 s; `error` says why there is none."""
        node = self._desired.cameras.get(camera, "")
        return self._link.request_snapshot(node, camera, max_width, _SNAPSHOT_S)

    def _ask_live(self, camera: str, asked: LiveRequest | LiveStop) -> bool:
        return self._link.send(self._desired.cameras.get(camera, ""), asked)

    # What comes in: on the link's handler thread.

    def _on_batch(self, _node: str, batch: Sequence[tuple[int, OutboxMessage]]) -> int:
        try:
            stored = store_batch((message for _, message in batch), self._counters)
        except DatabaseError as error:
            self._database_failed(error)
            connection.close()
            raise
        self._database_was_well = True
        self._counters["messages_stored"] += len(batch)
        self._announce(stored)
        return batch[-1][0]

    def _announce(self, stored: Stored) -> None:
        for event in stored.events:
            self._live.publish(event_news(event))
        for segment in stored.segments:
            self._live.publish(segment_news(segment))

    def _on_report(self, node: str, report: NodeReport) -> None:
        desired = self._desired
        if desired.revision and report.revision != desired.revision:
            # A worker that is not (any more) among the configured ones runs nothing.
            self._send(node, desired.workers.get(node) or Assignment(revision=desired.revision))
        for camera in report.cameras:
            shown = (camera.state, camera.message, camera.revision, camera.gate_open, camera.recording)
            if self._shown.get(camera.camera) != shown:
                self._shown[camera.camera] = shown
                self._live.publish(camera_news(node, camera))
        self._write_status(node, report)

    def _write_status(self, node: str, report: NodeReport) -> None:
        if time.monotonic() - self._written_s.get(node, -_STATUS_S) < _STATUS_S:
            return
        self._written_s[node] = time.monotonic()
        try:
            write_status(report)
        except DatabaseError as error:
            self._database_failed(error)

    # What goes out: on the follower's thread, and again when a report shows another revision.

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self._read_configuration()
                self._database_was_well = True
            except DatabaseError as error:
                self._database_failed(error)
                connection.close()
            self._stop.wait(POLL_S)
        connection.close()

    def _read_configuration(self) -> None:
        if current() == self._desired.revision:
            return
        revision, workers, cameras = desired_state(self._workers)
        self._desired = _Desired(revision, workers=workers, cameras=cameras)
        self._sent_s.clear()
        for node, assignment in workers.items():
            self._send(node, assignment)

    def _send(self, node: str, assignment: Assignment) -> None:
        now_s = time.monotonic()
        if now_s - self._sent_s.get(node, -_RESEND_S) >= _RESEND_S and self._link.send(node, assignment):
            self._sent_s[node] = now_s

    def _database_failed(self, error: Exception) -> None:
        self._counters["database_errors"] += 1
        if self._database_was_well:
            _log.error("The database does not answer; workers keep their messages", error=str(error))
        self._database_was_well = False
