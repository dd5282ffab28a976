"""What is remembered of objects between two looks."""

import pytest

from vedette.domain.geometry import Box
from vedette.domain.messages import Detection
from vedette.vision.remembered import ObjectMemory

EVERYWHERE = [Box(0, 0, 1920, 1080)]


def person(x: float, y: float = 400) -> Detection:
    return Detection("person", 0.8, Box(x, y, 60, 160))


def test_prediction_goes_straight_on() -> None:
    """An object that moved 20 pixels in 0.2 seconds is expected 40 pixels on after 0.4."""
    memory = ObjectMemory()
    for step in range(4):
        memory.update([person(100 + 20 * step)], EVERYWHERE, 0.2 * step)
    (known,) = memory.objects
    assert known.predicted(1.0).x == pytest.approx(200)
    assert known.predicted(100.0).x == pytest.approx(260)


def test_labels_are_kept_apart() -> None:
    """A dog at a person's place is another object."""
    memory = ObjectMemory()
    memory.update([person(100)], EVERYWHERE, 0.0)
    memory.update([Detection("dog", 0.9, Box(100, 400, 60, 160))], EVERYWHERE, 0.2)
    assert {known.label for known in memory.objects} == {"person", "dog"}


def test_a_moving_object_is_forgotten_soon() -> None:
    """Who was missed for more than two seconds is gone."""
    memory = ObjectMemory()
    for step in range(3):
        memory.update([person(100 + 40 * step)], EVERYWHERE, 0.2 * step)
    memory.update([], EVERYWHERE, 1.0)
    assert memory.objects
    memory.update([], EVERYWHERE, 3.0)
    assert not memory.objects


def test_who_leaves_through_the_edge_is_forgotten() -> None:
    """An object expected outside of every region is not remembered for ever."""
    memory = ObjectMemory()
    for step in range(3):
        memory.update([person(1700 + 70 * step)], EVERYWHERE, 0.2 * step)
    memory.update([], EVERYWHERE, 10.0)
    assert not memory.objects


def test_a_standing_object_is_remembered_long() -> None:
    """A parked car that nobody looks for stays; a moment behind a passer-by does not matter either."""
    memory = ObjectMemory()
    car = Detection("car", 0.8, Box(500, 500, 300, 150))
    for step in range(20):
        memory.update([car], EVERYWHERE, 0.2 * step)
    assert memory.objects[0].standing
    for step in range(20):
        memory.update([], EVERYWHERE, 4.0 + 0.2 * step)
    memory.update([car], EVERYWHERE, 9.0)
    memory.update([], [Box(0, 0, 100, 100)], 5000.0)
    assert memory.objects[0].standing
    assert memory.objects[0].predicted(5000.0) == car.box


def test_a_standing_object_that_left_is_dropped() -> None:
    """Looked for several times over a while and missed each time: gone."""
    memory = ObjectMemory()
    for step in range(20):
        memory.update([person(500)], EVERYWHERE, 0.2 * step)
    for at_s in (10.0, 20.0, 30.0):
        memory.update([], EVERYWHERE, at_s)
    assert memory.objects
    memory.update([], EVERYWHERE, 40.0)
    assert not memory.objects


def test_who_starts_again_is_no_longer_standing() -> None:
    """The memory of standing ends with the first real step."""
    memory = ObjectMemory()
    for step in range(20):
        memory.update([person(500)], EVERYWHERE, 0.2 * step)
    for step in range(20, 25):
        memory.update([person(500 + 12 * (step - 19))], EVERYWHERE, 0.2 * step)
    assert len(memory.objects) == 1
    assert not memory.objects[0].standing
