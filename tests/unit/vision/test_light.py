"""What a change of light can explain, and what it cannot."""

import cv2
import numpy as np
import pytest

from tests.unit.vision.stage import Sensor, room, with_person
from vedette.vision import light
from vedette.vision.clusters import labelled, members

PLACE = room(3)
MOVING = np.zeros((45, 80), np.uint8)


def cells(picture: np.ndarray) -> light.Plane:
    return light.cells_of(Sensor(1.0).take(np.asarray(picture, np.float32)), 4)


def view(picture: np.ndarray) -> light.View:
    return light.View.of(cells(picture))


PLAIN = view(PLACE).repeated(1)


def test_cells_are_means() -> None:
    """A cell is the mean of its square of pixels, plus the pedestal."""
    luma = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert light.cells_of(luma, 4)[0, 0] == pytest.approx(luma[:4, :4].mean() + light.PEDESTAL, abs=0.51)
    assert light.cells_of(luma, 4).shape == (2, 2)


@pytest.mark.parametrize(
    ("height", "width", "cell"), [(180, 320, 4), (178, 320, 4), (90, 240, 3), (47, 61, 2)]
)
def test_cells_of_any_size_are_what_shrinking_at_once_gives(height: int, width: int, cell: int) -> None:
    """Halving step by step is faster than INTER_AREA at once, and gives the same whole grey levels."""
    luma = np.random.default_rng(1).integers(0, 256, (height, width), np.uint8)
    at_once = cv2.resize(luma, (width // cell, height // cell), interpolation=cv2.INTER_AREA)
    assert np.array_equal(light.cells_of(luma, cell) - light.PEDESTAL, at_once)


def test_a_view_takes_the_place_of_one_of_several() -> None:
    """Replacing one picture of several replaces its mean as well, and leaves the others."""
    memories, other = view(PLACE).repeated(2), view(PLACE * 0.5)
    memories.replace(1, other)
    assert np.array_equal(memories.mean[1], light.local_mean(other.cells))
    assert np.array_equal(memories.cells[0], PLAIN.cells[0])


@pytest.mark.parametrize("gain", [0.6, 1.1, 1.3])
def test_one_gain_explains_even_light(gain: float) -> None:
    """Half the light or a third more leaves nothing to explain but noise."""
    against = light.Comparison(view(PLACE * gain * 0.7), view(PLACE * 0.7).repeated(1))
    assert against.overall[0] == pytest.approx(gain, rel=0.05)
    assert light.rank(against.unexplained, 0.99) < 9
    assert light.rank(against.by_picture, 0.95) < 9


def test_the_neighbourhood_explains_smooth_light() -> None:
    """Light that falls off across the room leaves little, though no single gain fits."""
    falloff = np.linspace(0.5, 1.2, PLACE.shape[1], dtype=np.float32)[None]
    against = light.Comparison(view(PLACE * falloff), PLAIN)
    assert light.rank(against.unexplained, 0.95) < 25 < light.rank(against.by_picture, 0.95)


def test_no_light_explains_a_person() -> None:
    """A person stays unexplained, also when the light changes at once."""
    there = view(with_person(PLACE, 160, 150, 30, 70) * 1.2)
    against = light.Comparison(there, PLAIN)
    assert np.median(against.unexplained[0, 22:36, 38:42]) > 100


def test_texture_is_the_same_in_any_light() -> None:
    """The correlation of texture is near 1 under another light, and low where an object came."""
    mask = np.pad(np.ones((20, 10), np.uint8), ((18, 7), (35, 35)))
    places = members(mask, labelled(mask))
    lit, visited = view(PLACE * 1.4), view(with_person(PLACE, 160, 150, 30, 70))
    assert light.Comparison(lit, PLAIN).similarities(0, *places)[1] > 0.95
    assert light.Comparison(visited, PLAIN).similarities(0, *places)[1] < 0.6


def test_a_jump_of_the_light_is_seen() -> None:
    """Most of the picture half as bright again is a switch; a tenth brighter is not."""
    assert light.has_switched(cells(PLACE * 1.5), cells(PLACE), MOVING)
    assert not light.has_switched(cells(PLACE * 1.1), cells(PLACE), MOVING)


def test_an_object_that_moves_the_exposure_is_no_switch() -> None:
    """A bright van makes the exposure close: the road darkens, the van does not: that is no lamp."""
    van = PLACE.copy()
    van[60:150, 100:220] = 215
    there, empty = cells(van * 0.75), cells(PLACE)
    moving = MOVING.copy()
    moving[15:37, 25:55] = 1
    assert not light.has_switched(there, empty, moving)


def test_a_lamp_moves_all_one_way() -> None:
    """Where all that seems to move became brighter with the rest, it was a lamp."""
    lamp = PLACE * 1.3
    lamp[20:80, 200:300] += 60
    moving = MOVING.copy()
    moving[5:20, 50:75] = 1
    assert light.has_switched(cells(lamp), cells(PLACE), moving)


def test_a_lamp_on_a_part_of_the_scene() -> None:
    """A lamp next door lights the door alone: all goes one way, the rest a little."""
    door = PLACE * 1.05
    door[:, :120] *= 1.6
    moving = MOVING.copy()
    moving[10:20, 28:32] = 1
    assert light.has_switched(cells(door), cells(PLACE), moving)


def test_a_person_before_a_drifting_exposure_is_no_lamp() -> None:
    """The same drift with a dark coat in front of it is a person."""
    there = with_person(PLACE * 1.05, 160, 170, 90, 160, contrast=60)
    moving = MOVING.copy()
    moving[5:40, 30:50] = 1
    assert not light.has_switched(cells(there), cells(PLACE), moving)
