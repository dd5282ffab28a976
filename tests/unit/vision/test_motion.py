"""The motion step draws boxes around what moves, and around nothing else."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from tests.unit.vision.stage import Luma, Sensor, coded, every, lumas, room, times, with_person
from vedette.domain.geometry import Box
from vedette.vision.motion import Motion, MotionDetector

STEP_S = 0.2


def run(frames: Iterable[tuple[float, Luma]]) -> list[tuple[float, Motion]]:
    """What a fresh detector finds, with the time of each step."""
    detector = MotionDetector()
    return [(at_s, detector.step(luma, at_s)) for at_s, luma in frames]


def boxes(frames: Iterable[tuple[float, Luma]]) -> list[float]:
    """When there are boxes."""
    return [at_s for at_s, motion in run(frames) if motion.boxes]


def test_a_walking_person_has_a_box() -> None:
    """The largest box fits the person in nearly every step, and nothing is boxed without one."""
    sensor, place = Sensor(2.0), room()
    frames = (
        (t, sensor.take(with_person(place, 30 * (t - 4), 160, 26, 70) if 4.4 <= t < 12 else place))
        for t in times(STEP_S, 18)
    )
    found = run(frames)
    assert not [t for t, motion in found if motion.boxes and (t < 4.4 or t > 13)]
    present = [(t, motion) for t, motion in found if 5 <= t < 12]
    fits = [
        (t, motion)
        for t, motion in present
        if motion.boxes and motion.boxes[0].iou(Box(30 * (t - 4) - 13, 90, 26, 70)) > 0.45
    ]
    assert len(fits) >= 0.9 * len(present)


def test_two_people_far_apart_have_two_boxes() -> None:
    """Objects that do not touch are not joined; parts of one are."""
    sensor, place = Sensor(2.0), room(2)

    def light(t: float) -> np.ndarray:
        one = with_person(place, 30 + 10 * t, 150, 22, 60)
        return with_person(one, 280 - 10 * t, 160, 22, 60)

    frames = [(t, sensor.take(place)) for t in times(STEP_S, 2)]
    frames += [(2 + t, sensor.take(light(t))) for t in times(STEP_S, 6)]
    found = [motion for t, motion in run(frames) if t >= 2.4]
    assert sum(len(motion.boxes) == 2 for motion in found) >= 0.8 * len(found)


def test_boxes_lie_in_the_plane() -> None:
    """A person cut by the edge of a plane whose size is no multiple of the cells has a box inside it."""
    sensor, place = Sensor(1.0), room(3, 318, 178)
    frames = (
        (t, sensor.take(with_person(place, 318, 178, 40, 90) if t > 2 else place)) for t in times(0.2, 4)
    )
    found = [motion for _, motion in run(frames) if motion.boxes]
    assert found
    assert all(box.clipped(318, 178) == box for motion in found for box in motion.boxes)
    assert all(0 < motion.changed_share < 0.3 for motion in found)


def test_who_stops_stays_for_seconds() -> None:
    """A person who stops keeps a box for seconds and then becomes background."""
    sensor, place = Sensor(2.0), room(4)
    frames = (
        (t, sensor.take(with_person(place, min(40 * t, 160), 160, 26, 70) if t >= 1 else place))
        for t in times(STEP_S, 40)
    )
    found = boxes(frames)
    assert len([t for t in found if 4 <= t <= 8]) >= 15
    assert not [t for t in found if t > 25]


def test_who_leaves_leaves_no_ghost() -> None:
    """Where somebody stood long enough to become background, little is left when he goes."""
    sensor, place = Sensor(2.0), room(4)

    def light(t: float) -> np.ndarray:
        if t < 2:
            return place
        x = 160.0 if t < 40 else 160 + 40 * (t - 40)
        return with_person(place, x, 160, 26, 70)

    found = run((t, sensor.take(light(t))) for t in times(STEP_S, 60))
    at_the_old_place = [
        t
        for t, motion in found
        if t > 44.5 and any(box.intersection_area(Box(147, 90, 26, 70)) > 200 for box in motion.boxes)
    ]
    assert not at_the_old_place


@pytest.mark.parametrize("after", [0.3, 0.7, 1.5])
def test_a_light_switch_has_no_boxes(after: float) -> None:
    """A switch is a changed scene in the frame it happens, and no frame has boxes."""
    sensor, place = Sensor(2.0), room(5) * 0.9
    uneven = np.linspace(0.85, 1.15, place.shape[1], dtype=np.float32)[None]
    found = run((t, sensor.take(place * (1 if t < 4 else after * uneven))) for t in times(STEP_S, 8))
    assert not [t for t, motion in found if motion.boxes]
    assert [round(t, 1) for t, motion in found if motion.scene_changed] == [4.0]


def test_a_settling_exposure_has_no_boxes() -> None:
    """The first seconds of a camera, from dark to bright and a little back, have no boxes."""
    sensor, place = Sensor(2.0), room(6) * 0.8
    frames = (
        (t, sensor.take(place * (1 - 0.9 * np.exp(-2 * t) + 0.2 * np.exp(-((t - 1) ** 2) * 4))))
        for t in times(STEP_S, 6)
    )
    assert not boxes(frames)


@pytest.mark.parametrize("sigma", [0.0, 3.0, 12.0])
def test_sensor_noise_has_no_boxes(sigma: float) -> None:
    """Noise of any strength is learned at once."""
    sensor, place = Sensor(sigma), room(7)
    assert not boxes((t, sensor.take(place)) for t in times(STEP_S, 20))


def test_rain_has_no_boxes_once_it_is_known() -> None:
    """Streaks that are elsewhere in every frame are learned as noise; a person in the rain is still seen."""
    sensor, place, rng = Sensor(2.0), room(8), np.random.default_rng(3)

    def rained(light: np.ndarray) -> Luma:
        wet = light.copy()
        for x, y in zip(rng.integers(0, 320, 60), rng.integers(0, 180, 60), strict=True):
            wet[y : y + 5, x] += 60
        return sensor.take(wet)

    lights = (
        (t, with_person(place, 20 * (t - 20), 160, 40, 100) if t > 22 else place) for t in times(STEP_S, 30)
    )
    found = boxes((t, rained(light)) for t, light in lights)
    assert len([t for t in found if 10 <= t < 22]) <= 2
    assert len([t for t in found if t >= 23]) >= 30


def test_coding_has_no_boxes_and_hides_nobody(tmp_path: Path) -> None:
    """At 80 kbit/s, with groups of two seconds, only the person has boxes."""
    sensor, place = Sensor(3.0), room(9)
    lights = (with_person(place, 45 * (t - 8), 160, 26, 70) if 8 <= t < 14 else place for t in times(0.1, 20))
    frames = coded((sensor.take(light) for light in lights), tmp_path, fps=10, kbit_s=80, gop=20)
    found = boxes(every([(i / 10, frame) for i, frame in enumerate(frames)], STEP_S))
    assert len([t for t in found if 8.4 <= t < 14]) >= 24
    assert not [t for t in found if t < 8 or t > 16]


def test_irregular_times_and_sizes() -> None:
    """Gaps, repeated times, a step back and another size neither raise nor see what is not there."""
    detector, sensor, place = MotionDetector(), Sensor(2.0), room()
    for at_s in (0, 0.1, 0.1, 0.7, 5.0, 5.04, 60.0, 60.2, 10.0, 10.2):
        assert detector.step(sensor.take(place), at_s) == Motion()
    other = room(2, 320, 240)
    assert detector.step(sensor.take(other), 10.4) == Motion()
    assert detector.step(sensor.take(other), 10.6) == Motion()
    assert detector.step(np.zeros((2, 2), np.uint8), 11.0) == Motion()


def test_reset_forgets() -> None:
    """After a reset another scene is no motion."""
    detector, sensor = MotionDetector(), Sensor(2.0)
    for at_s in times(STEP_S, 3):
        detector.step(sensor.take(room(1)), at_s)
    detector.reset()
    assert detector.step(sensor.take(room(2)), 3.0) == Motion()


# -- real footage ---------------------------------------------------------------------------------

Clip = Callable[[str], Path]


@pytest.mark.parametrize(
    "name", ["bw_alternating-light.mp4", "bw_dark-light.mp4", "derived/static_room_10s.mp4"]
)
@pytest.mark.parametrize("pace_s", [0.1, 0.2, 0.5])
def test_real_lights_have_no_boxes(clip: Clip, name: str, pace_s: float) -> None:
    """Real switches, a settling exposure and an empty room have no boxes at any rate.

    But for one step at most: the first glimmer of a lamp in a black picture is a small bright spot.
    """
    assert len(boxes(every(lumas(clip(name)), pace_s))) <= 1


def test_real_people_have_fitting_boxes(clip: Clip, data_dir: Path) -> None:
    """While the first visitor walks in, one box fits him in most frames; nothing is boxed before."""
    truth = _mot(data_dir / "gt" / "mot" / "one-by-one-person-detection.txt", 320 / 768)
    found = run(every(((t, f) for t, f in lumas(clip("one-by-one-person-detection.mp4")) if t < 9), STEP_S))
    assert not [t for t, motion in found if motion.boxes and t < 5.8]
    walking = [(t, motion) for t, motion in found if round(t * 10) + 1 in truth and 6.4 <= t < 9]
    fits = [motion for t, motion in walking if _best_iou(motion, truth[round(t * 10) + 1]) > 0.5]
    assert len(fits) >= 0.8 * len(walking) > 5


def test_real_cars_have_fitting_boxes(clip: Clip, data_dir: Path) -> None:
    """Cars from straight above, which detectors miss, have boxes that fit."""
    truth = _mot(data_dir / "gt" / "mot" / "car-detection.txt", 320 / 768)
    found = run(every(lumas(clip("car-detection.mp4")), STEP_S))
    frames = [(round(t * 12.5) + 1, motion) for t, motion in found]
    present = [(truth[index], motion) for index, motion in frames if index in truth]
    assert sum(_best_iou(motion, box) > 0.4 for box, motion in present) >= 0.6 * len(present) > 10


def _mot(path: Path, factor: float) -> dict[int, Box]:
    """The first counted box of every frame."""
    if not path.exists():
        pytest.skip(f"no {path.name}")
    truth: dict[int, Box] = {}
    for line in path.read_text().splitlines():
        frame, _, x, y, w, h, counts, *_ = (float(part) for part in line.split(","))
        if counts:
            truth.setdefault(int(frame), Box(x, y, w, h).scaled(factor, factor))
    return truth


def _best_iou(motion: Motion, truth: Box) -> float:
    return max((box.iou(truth) for box in motion.boxes), default=0.0)
