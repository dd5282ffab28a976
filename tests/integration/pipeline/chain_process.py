"""One stage of the chain: `python -m ... STAGE FOLDER VIDEO MODEL`; tracking prints its events."""

import sys
from collections import Counter
from pathlib import Path

import msgspec

from vedette.bus.local import LocalBus
from vedette.bus.topics import DETECTIONS, FRAMES
from vedette.domain.camera import CameraSpec, StreamSpec, Zone
from vedette.pipeline.capture import Capture
from vedette.pipeline.chain import run_capture, run_detection, run_tracking
from vedette.sources.base import open_source
from vedette.vision.detectors.base import Detector
from vedette.vision.detectors.people import people_detector
from vedette.vision.detectors.registry import load_detector

PATIENCE_S = 60.0


def spec_of(video: str) -> CameraSpec:
    """The camera of both ways: with a zone, so that visits are compared too."""
    left = Zone(name="left", polygon=((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
    return CameraSpec(id="door", name="Door", main=StreamSpec(url=video), zones=(left,))


def detector_of(model: str) -> Detector:
    """A network, or the detector without a file."""
    return load_detector(Path(model)) if model else people_detector()


def main(stage: str, folder: str, video: str, model: str = "") -> None:
    spec, bus = spec_of(video), LocalBus(Path(folder))
    if stage == "capture":
        counters: Counter[str] = Counter()
        source = open_source(spec.main, pace=False, counters=counters)
        source.open()
        capture = Capture(spec.id, spec.profile, counters)
        print("refused", run_capture(spec, source.packets(), capture, bus, patience_s=PATIENCE_S), flush=True)
        source.close()
    elif stage == "detection":
        frames = bus.subscribe(FRAMES)
        print("ready", flush=True)
        run_detection(spec, frames, detector_of(model), bus, idle_s=PATIENCE_S, patience_s=PATIENCE_S)
        frames.close()
    else:
        detections = bus.subscribe(DETECTIONS)
        print("ready", flush=True)
        for event in run_tracking(spec, detections, None, idle_s=PATIENCE_S):
            print("event", msgspec.json.encode(event).decode(), flush=True)
        print("end", flush=True)
        detections.close()
    sys.stdin.read()  # what is on its way leaves with the bus, so it stays until we are told to go
    bus.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
