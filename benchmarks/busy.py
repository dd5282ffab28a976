"""A busy camera at five analysed frames a second, detector excluded, against decoding alone."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import av

from benchmarks.footage import busy
from benchmarks.measure import in_turn, own_cpu_s
from benchmarks.quiet import packets
from benchmarks.result import Result
from vedette.domain.camera import CameraSpec, Profile, StreamSpec
from vedette.domain.geometry import Box
from vedette.domain.messages import Detection
from vedette.media.planes import Picture
from vedette.pipeline.capture import Capture
from vedette.pipeline.detection import DetectionStage
from vedette.pipeline.tracking import TrackingStage

SECONDS = 30
SPEC = CameraSpec(id="bench", name="bench", main=StreamSpec(url=""), profile=Profile())


class PreparingDetector:
    """Cuts and converts what a detector would see, and finds nothing: everything but the inference."""

    name, version = "none", ""
    input_size = (416, 416)
    labels: tuple[str, ...] = ("person",)

    def detect(self, picture: Picture, regions: Sequence[Box]) -> list[list[Detection]]:
        for region in regions:
            picture.crop(region, self.input_size)
        return [[] for _ in regions]


def analyse(path: Path) -> Counter[str]:
    """All stages of a session but the recorder, with every frame decoded."""
    counters: Counter[str] = Counter()
    capture = Capture("bench", SPEC.profile, counters, gate=False)
    detection, tracking = DetectionStage(SPEC), TrackingStage(SPEC)
    detector = PreparingDetector()
    for packet in packets(path):
        for frame in capture.feed(packet):
            tracking.process(detection.process(frame, detector))  # type: ignore[arg-type]
            counters["frames"] += 1
    return counters


def decode_alone(path: Path) -> None:
    """Decode every frame and do nothing with it."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        for _ in container.decode(stream):
            pass


def run() -> list[Result]:
    """Both on the same stream in one run."""
    path = busy(SECONDS)
    frames = analyse(path)["frames"]
    ours_s, decode_s = in_turn(
        lambda: own_cpu_s(lambda: (analyse(path), None)[1]),
        lambda: own_cpu_s(lambda: decode_alone(path)),
        rounds=3,
    )
    return [
        Result(
            work="busy 1080p25 at 5 analysed frames a second, detector excluded / decoding alone",
            measured=ours_s / decode_s,
            unit="times",
            goal=1.2,
            detail=f"{1000 * ours_s / SECONDS:.0f} against {1000 * decode_s / SECONDS:.0f} ms per second; "
            f"{frames} frames analysed",
        )
    ]
