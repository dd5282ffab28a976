"""The detection stage: a frame in, what was found in it out."""

import time

from vedette.domain.camera import CameraSpec
from vedette.domain.geometry import Box
from vedette.domain.messages import Detection, Detections
from vedette.pipeline.frames import Frame
from vedette.vision.detectors.base import Detector
from vedette.vision.merge import merge_regions
from vedette.vision.motion import MotionDetector
from vedette.vision.regions import RegionPlanner


class DetectionStage:
    """One camera's detection stage: motion, regions, detector, merge.

    It keeps its own memory of recent boxes, so nothing flows back to it from the tracker and the chain can
    be cut on either side of it.
    """

    def __init__(self, spec: CameraSpec) -> None:
        self.configure(spec)
        self._motion = MotionDetector()
        self._planner = RegionPlanner()

    def configure(self, spec: CameraSpec) -> None:
        """Take over another profile between two frames."""
        self._labels = frozenset(spec.profile.labels)

    def process(self, frame: Frame, detector: Detector | None) -> Detections:
        """Look at a frame; without a detector only motion is measured."""
        picture = frame.picture
        motion = self._motion.step(frame.luma, frame.utc_s)
        factor = picture.width / frame.luma.shape[1], picture.height / frame.luma.shape[0]
        moving = tuple(box.scaled(*factor) for box in motion.boxes)
        started_s = time.perf_counter()
        regions: list[Box] = []
        objects: tuple[Detection, ...] = ()
        if detector is not None:
            regions = self._planner.plan(
                picture.width, picture.height, frame.utc_s, moving, frame.reason, detector.input_size
            )
            objects = self._detect(frame, detector, regions)
            self._planner.observe(objects)
        return Detections(
            camera=frame.camera,
            utc_s=frame.utc_s,
            sequence=frame.sequence,
            width=picture.width,
            height=picture.height,
            objects=objects,
            looked_at=tuple(regions),
            motion=moving if frame.reason == "motion" else (),
            scene_changed=motion.scene_changed,
            model=detector.name if detector else "",
            model_version=detector.version if detector else "",
            detect_s=time.perf_counter() - started_s,
        )

    def _detect(self, frame: Frame, detector: Detector, regions: list[Box]) -> tuple[Detection, ...]:
        if not regions:
            return ()
        per_region = detector.detect(frame.picture, regions)
        found = merge_regions(per_region, regions, (frame.picture.width, frame.picture.height))
        return tuple(detection for detection in found if detection.label in self._labels)
