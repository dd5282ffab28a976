"""A camera session with everything around it, over a real RTSP farm."""

import itertools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from tests.support.processes import wait_until
from vedette.domain.camera import CameraSpec, Profile, RecordingMode, RecordingSpec, StreamSpec
from vedette.domain.geometry import Box
from vedette.domain.messages import Detection, EventMessage, SegmentMessage
from vedette.pipeline.evidence import SnapshotFolder
from vedette.pipeline.session import CameraSession, Surroundings
from vedette.pipeline.turns import TurnPool
from vedette.recording.disk import Disk
from vedette.recording.fmp4 import parse_segment
from vedette.vision.detectors.base import Detector
from vedette.vision.detectors.people import people_detector
from vedette.vision.pool import DetectorPool


class Stub:
    """A detector that does what a test says instead of looking."""

    thread_safe = True
    name, version, input_size, labels = "stub", "1", (416, 416), ("person",)

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self.calls = 0

    def detect(self, picture: Any, regions: Sequence[Box]) -> list[list[Detection]]:
        """Nothing found, after the act."""
        self.calls += 1
        self._act()
        return [[] for _ in regions]


def spec_for(url: str, *, sub: str = "", mode: str = "always", **changes: Any) -> CameraSpec:
    """A camera at this address."""
    pre_roll_s = changes.pop("pre_roll_s", 2.0)
    recording = RecordingSpec(mode=RecordingMode(mode), pre_roll_s=pre_roll_s, post_roll_s=2.0)
    profile = changes.pop("profile", Profile(model="people"))
    return CameraSpec(
        id="door",
        name="Door",
        main=StreamSpec(url=url),
        sub=StreamSpec(url=sub) if sub else None,
        recording=recording,
        profile=profile,
        **changes,
    )


class Watch:
    """A session and what it has announced.

    with Watch(tmp_path, spec_for(url)) as watch:
        watch.wait(lambda: watch.events)
    """

    def __init__(self, root: Path, spec: CameraSpec, detector: object | None = None) -> None:
        self.root = root
        self.messages: list[EventMessage | SegmentMessage] = []
        self._lock = threading.Lock()
        self._disk = Disk(root / "recordings")
        self._turns = TurnPool(2)
        made: Detector | None = people_detector() if detector is None else detector  # type: ignore[assignment]
        self.detectors = DetectorPool(lambda _name: made, 1)
        around = Surroundings(
            disk=self._disk,
            snapshots=SnapshotFolder(root / "snapshots"),
            turns=self._turns,
            detectors=self.detectors,
            announce=self._announce,
        )
        self.session = CameraSession(spec, around)

    def _announce(self, message: EventMessage | SegmentMessage) -> None:
        with self._lock:
            self.messages.append(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, timeout_s: float = 4.0) -> None:
        """Stop, twice at no cost."""
        self.session.stop(timeout_s)
        self._turns.close()
        self.detectors.close()
        self._disk.close()

    def wait(self, condition: Callable[[], Any], *, what: str = "") -> Any:
        """Wait for a condition; says what the camera reports when it does not come."""
        try:
            return wait_until(condition, what=what)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; {self.session.report()}") from None

    def wait_streaming(self) -> None:
        """Wait for the first packets."""
        self.wait(lambda: self.session.report().width and self.session.report().state == "streaming")

    @property
    def counters(self) -> dict[str, float]:
        """As reported."""
        return self.session.report().counters

    @property
    def events(self) -> list[EventMessage]:
        """All event messages so far."""
        with self._lock:
            return [message for message in self.messages if isinstance(message, EventMessage)]

    def segments(self, state: str) -> list[SegmentMessage]:
        """Segment messages of this state so far."""
        with self._lock:
            return [m for m in self.messages if isinstance(m, SegmentMessage) and m.state == state]

    def stretches(self) -> list[tuple[float, float, int]]:
        """Start, end and number of pictures of every closed segment, oldest first."""
        return sorted((m.start_utc_s, m.end_utc_s, self._pictures(m)) for m in self.segments("closed"))

    def holes(self) -> list[float]:
        """Seconds between the end of each segment and the start of the next."""
        return [later[0] - sooner[1] for sooner, later in itertools.pairwise(self.stretches())]

    def _pictures(self, message: SegmentMessage) -> int:
        segment = parse_segment(self.root / "recordings" / message.path)
        track = segment.track("vide")
        return len(segment.samples[track.id]) if track else 0
