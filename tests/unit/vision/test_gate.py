"""The gate opens for everybody who comes, and for nothing else."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from tests.unit.vision.stage import Luma, Sensor, coded, every, lumas, room, times, with_person
from vedette.vision.gate import Gate

Clip = Callable[[str], Path]
PACES = [0.4, 2.0]


def moved(looks: Iterable[tuple[float, Luma]]) -> list[float]:
    """When a fresh gate sees something move."""
    gate = Gate()
    return [at_s for at_s, luma in looks if gate.look(luma, at_s).moved]


def switched(looks: Iterable[tuple[float, Luma]]) -> list[float]:
    """When a fresh gate sees the light change."""
    gate = Gate()
    return [at_s for at_s, luma in looks if gate.look(luma, at_s).scene_changed]


def truth(data_dir: Path, name: str) -> dict[str, object]:
    return dict(json.loads((data_dir / "gt" / "events.json").read_text())[name])


# -- rendered scenes ------------------------------------------------------------------------------


@pytest.mark.parametrize("pace_s", PACES)
@pytest.mark.parametrize("sigma", [0.0, 2.0, 10.0])
def test_sensor_noise_is_no_motion(pace_s: float, sigma: float) -> None:
    """An empty room stays quiet, however noisy the sensor."""
    sensor, place = Sensor(sigma), room()
    assert not moved((at_s, sensor.take(place)) for at_s in times(pace_s, 80 * pace_s))


@pytest.mark.parametrize("pace_s", PACES)
def test_a_slow_change_of_light_is_no_motion(pace_s: float) -> None:
    """Dusk, and an exposure that settles, move nothing."""
    sensor, place = Sensor(2.0), room(2)
    looks = ((at_s, sensor.take(place * (1.3 - 0.02 * at_s / pace_s))) for at_s in times(pace_s, 40 * pace_s))
    assert not moved(looks)


@pytest.mark.parametrize("pace_s", PACES)
@pytest.mark.parametrize("gains", [(1.0, 1.6), (1.4, 0.5), (0.15, 1.0)])
def test_a_light_switch_is_a_changed_scene(pace_s: float, gains: tuple[float, float]) -> None:
    """A switch, falling unevenly across the room, is reported as such and moves nothing."""
    before, after = gains
    sensor, place = Sensor(2.0), room(2)
    uneven = np.linspace(0.8, 1.2, place.shape[1], dtype=np.float32)[None]
    looks = [
        (at_s, sensor.take(place * (before if at_s < 20 * pace_s else after * uneven)))
        for at_s in times(pace_s, 40 * pace_s)
    ]
    assert not moved(looks)
    assert switched(looks) == [20 * pace_s]


def test_flicker_is_no_motion() -> None:
    """Bands that roll through the picture under mains light move nothing."""
    sensor, place = Sensor(2.0), room(4)
    rows = np.arange(place.shape[0], dtype=np.float32)[:, None] / place.shape[0]
    looks = ((t, sensor.take(place * (1 + 0.05 * np.sin(12 * rows + 17 * t)))) for t in times(0.4, 24))
    assert not moved(looks)


@pytest.mark.parametrize(("kbit_s", "sigma"), [(60, 2.0), (120, 5.0), (800, 8.0)])
def test_coding_is_no_motion(tmp_path: Path, kbit_s: int, sigma: float) -> None:
    """Refreshed keyframes and starved blocks of a constant bit rate move nothing once the coder settled."""
    sensor, place = Sensor(sigma), room(5)
    frames = coded((sensor.take(place) for _ in range(150)), tmp_path, fps=10, kbit_s=kbit_s, gop=20)
    looks = [(i / 10, frame) for i, frame in enumerate(frames)]
    assert not [at_s for at_s in moved(every(looks, 0.4)) if at_s > 2.0]
    assert not moved(every(looks, 2.0))


@pytest.mark.parametrize("pace_s", PACES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_far_person_opens_the_gate(pace_s: float, seed: int) -> None:
    """A person of 8 x 20 pixels on a noisy sensor is seen within three looks."""
    sensor, place = Sensor(3.0), room(seed)

    def light(at_s: float) -> np.ndarray:
        looks = at_s / pace_s
        return place if looks < 20 else with_person(place, 20 + 6 * (looks - 20), 150, 8, 20, contrast=25)

    found = moved((at_s, sensor.take(light(at_s))) for at_s in times(pace_s, 40 * pace_s))
    assert found
    assert 20 * pace_s <= found[0] <= 22.01 * pace_s


def test_a_person_opens_the_gate_through_a_starved_coder(tmp_path: Path) -> None:
    """Somebody who walks by at 60 kbit/s is seen from the first second on, and not before or long after."""
    sensor, place = Sensor(2.0), room(6)
    lights = (with_person(place, 40 * (t - 6), 160, 24, 60) if 6 <= t < 14 else place for t in times(0.1, 20))
    frames = coded((sensor.take(light) for light in lights), tmp_path, fps=10, kbit_s=60, gop=20)
    found = moved(every([(i / 10, frame) for i, frame in enumerate(frames)], 0.4))
    assert found[0] >= 6.0
    assert found[0] <= 7.0
    assert found[-1] <= 16.0
    assert len([t for t in found if 7 <= t <= 13]) >= 14


def test_a_person_in_the_dark_opens_the_gate() -> None:
    """A few grey levels are enough where the sensor is quiet."""
    sensor, place = Sensor(1.0), room(2) * 0.12
    looks = (
        (t, sensor.take(with_person(place, 8 * t, 150, 30, 80, contrast=5) if t >= 20 else place))
        for t in times(2.0, 36)
    )
    assert moved(looks)[0] <= 22.0


def test_a_person_opens_the_gate_while_the_light_drifts() -> None:
    """The exposure that follows a person hides nobody."""
    sensor, place = Sensor(2.0), room(1)
    looks = (
        (t, sensor.take((with_person(place, 10 * t, 170, 60, 140) if t >= 10 else place) * (1 + 0.01 * t)))
        for t in times(2.0, 26)
    )
    assert moved(looks)[0] == 10.0


def test_what_stays_becomes_background() -> None:
    """Something put down holds the gate open for seconds, not for ever, and its removal opens it again."""
    sensor, place = Sensor(2.0), room(3)
    looks = (
        (t, sensor.take(with_person(place, 200, 150, 30, 50) if 10 <= t < 60 else place))
        for t in times(1, 100)
    )
    found = moved(looks)
    assert found[0] == 10.0
    assert not [t for t in found if 30 <= t < 60]
    assert 60.0 in found
    assert not [t for t in found if t > 75]


def test_another_size_starts_anew() -> None:
    """A stream that changes its size is a first look again."""
    gate, sensor = Gate(), Sensor(2.0)
    for at_s in times(2.0, 20):
        gate.look(sensor.take(room()), at_s)
    assert not gate.look(sensor.take(room(9, 320, 240)), 20.0).moved
    assert not gate.look(sensor.take(room(9, 320, 240)), 22.0).moved


def test_reset_forgets() -> None:
    """After a reset the next look founds a new memory."""
    gate, sensor = Gate(), Sensor(2.0)
    for at_s in times(2.0, 20):
        gate.look(sensor.take(room(1)), at_s)
    gate.reset()
    assert not gate.look(sensor.take(room(2)), 20.0).moved


def test_the_same_looks_give_the_same_answers() -> None:
    """Nothing is left to chance."""
    sensor = Sensor(3.0)
    frames = [(t, sensor.take(with_person(room(), 10 * t, 150, 20, 60))) for t in times(2.0, 30)]
    first, second = Gate(), Gate()
    assert [first.look(f, t) for t, f in frames] == [second.look(f, t) for t, f in frames]


def test_speckles_are_no_motion() -> None:
    """Single bright pixels all over, snow or a dying sensor, do not hold the gate open."""
    rng, place = np.random.default_rng(5), room(2)

    def speckled() -> Luma:
        luma = Sensor(2.0, seed=int(rng.integers(1 << 30))).take(place)
        luma[rng.integers(0, 180, 80), rng.integers(0, 320, 80)] = 230
        return luma

    assert len(moved((t, speckled()) for t in times(0.4, 40))) <= 3


# -- real footage ---------------------------------------------------------------------------------


@pytest.mark.parametrize("start_s", [0.0, 0.7, 1.4])
@pytest.mark.parametrize(
    "name", ["bw_alternating-light.mp4", "bw_dark-light.mp4", "derived/static_room_10s.mp4"]
)
def test_real_lights_and_empty_rooms(clip: Clip, name: str, start_s: float) -> None:
    """Real switches, a settling exposure and an empty room never open the gate.

    Inside a group one look may: the first glimmer of a lamp in a black picture is a small bright spot.
    """
    frames = [(t, luma) for t, luma in lumas(clip(name)) if t >= start_s]
    assert not moved(every(frames, 2.0, start_s))
    assert len(moved(every(frames, 0.4, start_s))) <= 1


@pytest.mark.parametrize("name", ["one-by-one-person-detection.mp4", "derived/obo_22s_dark.mp4"])
def test_real_visits(clip: Clip, data_dir: Path, name: str) -> None:
    """Every visit opens the gate within two looks of its start, in daylight and in the dark, none before."""
    facts = truth(data_dir, name)
    fps = float(str(facts["fps"]))
    found = moved(every(lumas(clip(name)), 2.0))
    visits = [(first / fps, last / fps) for first, last in facts["visits"]]  # type: ignore[attr-defined]
    assert found[0] >= visits[0][0] - 0.2
    for start_s, _ in visits:
        assert any(start_s - 0.2 <= t <= start_s + 4.0 for t in found)


@pytest.mark.parametrize("pace_s", PACES)
@pytest.mark.parametrize(
    "name", ["car-detection.mp4", "syn_night_ir.mp4", "syn_trail_dog_people.mp4", "syn_room_people.mp4"]
)
def test_real_tracks(clip: Clip, data_dir: Path, name: str, pace_s: float) -> None:
    """Cars from above, people and dogs, by day and in a grey night: each opens the gate."""
    facts = truth(data_dir, name)
    fps = float(str(facts["fps"]))
    for start_s in (0.0, 0.7, 1.4):
        frames = ((t, luma) for t, luma in lumas(clip(name)) if t >= start_s)
        found = moved(every(frames, pace_s, start_s))
        for track in facts["tracks"]:  # type: ignore[attr-defined]
            first_s, last_s = track["first"] / fps, track["last"] / fps
            assert any(first_s - 0.2 <= t <= last_s + 0.2 for t in found), (name, start_s, track)


def test_real_passers_by(clip: Clip, data_dir: Path) -> None:
    """Who passes in a second and a half is seen by looks inside the group; settling exposure is not."""
    found = moved(every(lumas(clip("bw_walking-by.mp4")), 0.4))
    assert found[0] > 4.0
    for visit in truth(data_dir, "bw_walking-by.mp4")["passes"]:  # type: ignore[attr-defined]
        assert any(visit["first"] / 25 - 0.2 <= t <= visit["last"] / 25 + 0.2 for t in found)


def test_real_person_and_switch(clip: Clip) -> None:
    """A person who comes and switches the light on is seen; the light that goes out later moves nothing."""
    found = moved(every(lumas(clip("bw_lightout-after-movement.mp4")), 0.4))
    assert 9.5 <= found[0] <= 11.0
    assert len([t for t in found if 10 <= t <= 19]) >= 12
    assert not [t for t in found if t > 22.5]
